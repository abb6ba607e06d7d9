/**
 * Why a record was read as it was, for people: which formats were tried and where each gave up, and which member of a
 * JSON record became which field. Slow and exact: it asks the formats themselves instead of knowing about them.
 */
import { type Entry, FIELDS, isFailure } from './entry.ts';
import { FORMATS } from './formats.ts';
import { flatten, parseObject } from './json.ts';
import { type Context, type Format, RANK } from './parser.ts';

export interface Attempt {
  dataset: string;
  /** null = it reads the record. */
  failure: string | null;
  /** The field at which it gave up, where it says so. */
  field: string | null;
}

/** How near a format came: it reads it, it knew the shape, it got as far as a field, or not even that. */
function distance({ failure, field }: Attempt): number {
  if (failure === null) return 0;
  if (failure === 'format') return field === null ? 3 : 2;
  return 1;
}

/** What every format makes of the record (wrapper taken off), the nearest first. `main`: the source's own format, null = not known. */
export function attempts(record: string, context: Context, main: Format | null): Attempt[] {
  const others = [...FORMATS.values()].filter((x) => x.dataset !== main?.dataset && x.family === undefined);
  const formats = main === null ? others : [main, ...others];
  const rank = (dataset: string) => FORMATS.get(dataset)?.rank ?? RANK.own;
  return formats
    .map((format): Attempt => {
      const entry = format.parse(record, { ...context });
      if (!isFailure(entry)) return { dataset: format.dataset, failure: null, field: null };
      return { dataset: format.dataset, failure: entry.failure, field: entry.field ?? null };
    })
    .sort((a, b) => distance(a) - distance(b) || rank(a.dataset) - rank(b.dataset));
}

/** Nearer than "not their shape". */
export const isNear = (attempt: Attempt): boolean => distance(attempt) < 3;

export interface Mapped {
  /** Dotted name of the member. "req.headers.user-agent" */
  key: string;
  /** JSON names of the fields that it fills, `attributes.…` for what has no field. Empty: it says nothing that is kept. */
  fields: string[];
}

const MEMBERS_MAX = 200;

/**
 * Which member of a JSON record filled which field: the record is read once more without each, and what changes came
 * from it. null = no JSON, or not read.
 */
export function mappedKeys(record: string, context: Context, format: Format): Mapped[] | null {
  const object = parseObject(record.trim());
  const whole = object === null ? null : format.parse(record, { ...context });
  if (object === null || whole === null || isFailure(whole)) return null;
  const out: Mapped[] = [];
  for (const [key] of flatten(object).slice(0, MEMBERS_MAX)) {
    const copy = structuredClone(object);
    remove(copy, key);
    const without = format.parse(JSON.stringify(copy), { ...context });
    out.push({ key, fields: isFailure(without) ? ['(nothing can be read without it)'] : differences(whole, without) });
  }
  return out;
}

/** Takes the member of this dotted name out; its own name may hold dots. */
function remove(object: Record<string, unknown>, key: string): void {
  if (Object.hasOwn(object, key)) {
    delete object[key];
    return;
  }
  for (let dot = key.indexOf('.'); dot > 0; dot = key.indexOf('.', dot + 1)) {
    const inner = object[key.slice(0, dot)];
    if (typeof inner === 'object' && inner !== null) remove(inner as Record<string, unknown>, key.slice(dot + 1));
  }
}

function differences(whole: Entry, without: Entry): string[] {
  const fields: string[] = [];
  if (!Object.is(whole.timeMs, without.timeMs)) fields.push('@timestamp');
  for (const [name, json] of Object.entries(FIELDS) as [keyof typeof FIELDS, string][]) {
    if (name === 'attributes' || JSON.stringify(whole[name]) === JSON.stringify(without[name])) continue;
    if (name !== 'timeZoneless' && name !== 'timePoint' && name !== 'kind') fields.push(json);
  }
  for (const [name, value] of Object.entries(whole.attributes ?? {}))
    if (without.attributes?.[name] !== value) fields.push(`attributes.${name}`);
  return fields;
}
