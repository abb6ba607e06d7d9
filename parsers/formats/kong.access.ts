/** Kong's access log: nginx's combined with the id of the request, by which it links to the error and the JSON log. */
import { type Entry, type Failure, isFailure } from '../entry.ts';
import { addAttribute, addId, isBlank } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { compileNginx } from '../pattern.nginx.ts';

const LINE = compileNginx(
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" kong_request_id: "$kong_request_id"',
);

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (record.indexOf(' kong_request_id: "') < 0) return { failure: 'format' };
  const entry = LINE.parse(record, context);
  if (isFailure(entry)) return entry;
  entry.dataset = 'kong.access';
  return moveId(entry, 'kong_request_id');
}

/** The id is this product's own, however it looks. */
export function moveId(entry: Entry, name: string): Entry {
  const { attributes } = entry;
  const id = attributes?.[name];
  if (attributes === null || id === undefined) return entry;
  addId(entry, id);
  // Made anew: taking a name out of an object makes a dictionary of it.
  entry.attributes = null;
  for (const key in attributes) if (key !== name) addAttribute(entry, key, attributes[key]!);
  return entry;
}

export const format: Format = {
  dataset: 'kong.access',
  title: 'Kong access log',
  usualLayer: 'gateway',
  parse,
};
