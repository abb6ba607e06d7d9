/**
 * Azure's logs as they lie in a Log Analytics workspace and are exported from it (table AzureDiagnostics): every member
 * of `properties` is a column of its own, its type behind the name (`httpStatus_d`, `clientIP_s`). Put back into the
 * shape in which Azure Monitor hands them on, they are read like those.
 */
import { type Entry, type Failure, isFailure } from './entry.ts';
import { type JsonObject, parseObject } from './json.ts';
import type { Context, Format } from './parser.ts';
import { type JsonProduct, readerOf, readObject } from './record.ts';

/** Text, number, GUID, truth, time. */
const TYPED = /^(\w+?)_[sdgbt]$/;
/** Objects inside of `properties`, whose members are columns as well: `details_message_s`. */
const INSIDE = /^(details|lastError)_(\w+)$/;

const COMMON: Record<string, string> = {
  TimeGenerated: 'time',
  Category: 'category',
  ResourceId: 'resourceId',
  OperationName: 'operationName',
  CorrelationId: 'correlationId',
  CallerIPAddress: 'callerIpAddress',
  DurationMs: 'durationMs',
};

function unfold(row: JsonObject): JsonObject {
  const json: JsonObject = {};
  const properties: JsonObject = {};
  for (const key of Object.keys(row)) {
    const value = row[key];
    // Every column of the table may be in every row. The empty text says that there was nothing: no server was asked.
    if (value === null) continue;
    const name = TYPED.exec(key)?.[1];
    if (name === undefined) {
      json[COMMON[key] ?? key] = value;
      continue;
    }
    const inside = INSIDE.exec(name);
    if (inside === null) properties[name] = value;
    else {
      properties[inside[1]!] ??= {};
      (properties[inside[1]!] as JsonObject)[inside[2]!] = value;
    }
  }
  json.properties = properties;
  return json;
}

/** Of a product whose first marks are the names of its categories. */
export function azureFormat(product: JsonProduct): Format {
  const nested = readerOf(product);
  const parse = (record: string, context: Context): Entry | Failure => {
    const entry = nested(record, context);
    if (!isFailure(entry) || entry.failure !== 'format') return entry;
    if (record.indexOf('"Category"') < 0 || !/_[sdg]":/.test(record)) return entry;
    if (!product.marks[0]!.some((mark) => record.includes(mark))) return entry;
    const row = parseObject(record.trim());
    return row === null ? { failure: 'json' } : readObject(product, unfold(row), context);
  };
  return { dataset: product.dataset, title: product.title, usualLayer: product.usualLayer, late: true, parse };
}
