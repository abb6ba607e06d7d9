/**
 * Azure's logs as they lie in a Log Analytics workspace and are exported from it (table AzureDiagnostics): every member
 * of `properties` is a column of its own, its type behind the name (`httpStatus_d`, `clientIP_s`). Put back into the
 * shape in which Azure Monitor hands them on, they are read like those.
 */
import { type Entry, emptyEntry, type Failure, isFailure, leavesAttributes } from './entry.ts';
import { dig, isObject, type JsonObject, parseObject } from './json.ts';
import { type Names, renamed, type Take } from './members.ts';
import type { Context, Format } from './parser.ts';
import { finished, type JsonProduct, readerOf, readObject } from './record.ts';
import { type Need, Shape } from './shape.ts';

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

/** Of one table there are a hundred or two. */
const COLUMNS_MAX = 500;

/** Where a column stands in the record: `httpStatus_d` is properties.httpStatus. */
interface Place {
  name: string;
  /** In `properties`, and in which object there; null = it is no column of `properties`. */
  inside: string | null;
}

const PLACES = new Map<string, Place>();

function placeOf(column: string): Place {
  let place = PLACES.get(column);
  if (place === undefined) {
    place = placed(column);
    if (PLACES.size < COLUMNS_MAX) PLACES.set(column, place);
  }
  return place;
}

function placed(column: string): Place {
  const name = TYPED.exec(column)?.[1];
  if (name === undefined) return { name: COMMON[column] ?? column, inside: null };
  const deeper = INSIDE.exec(name);
  return deeper === null ? { name, inside: '' } : { name: deeper[2]!, inside: deeper[1]! };
}

function unfold(row: JsonObject): JsonObject {
  const json: JsonObject = {};
  const properties: JsonObject = {};
  for (const key of Object.keys(row)) {
    const value = row[key];
    // Every column of the table may be in every row. The empty text says that there was nothing: no server was asked.
    if (value === null) continue;
    const { name, inside } = placeOf(key);
    if (inside === null) json[name] = value;
    else if (inside === '') properties[name] = value;
    else {
      if (!isObject(properties[inside])) properties[inside] = {};
      (properties[inside] as JsonObject)[name] = value;
    }
  }
  json.properties = properties;
  return json;
}

/** What a column's place says, in a table like the product's. */
class Columns extends Map<string, Take | Names> {
  readonly #names: Names;

  constructor(names: Names) {
    super();
    this.#names = names;
  }

  override get(column: string): Take | Names | undefined {
    const { name, inside } = placeOf(column);
    let table: Take | Names | undefined = this.#names;
    if (inside !== null) table = table.get('properties');
    if (inside !== null && inside !== '') table = table instanceof Map ? table.get(inside) : undefined;
    const how = table instanceof Map ? table.get(name) : undefined;
    return typeof how === 'function' ? renamed(how, name) : undefined;
  }
}

/** The same for what `finish` looks at, which are texts and numbers. */
class ColumnNeeds extends Map<string, Need> {
  readonly #needs: unknown;

  constructor(needs: unknown) {
    super();
    this.#needs = needs;
  }

  override get(column: string): Need | undefined {
    const { name, inside } = placeOf(column);
    const path = inside === null ? [name] : inside === '' ? ['properties', name] : ['properties', inside, name];
    return dig(this.#needs, ...path) === true ? true : undefined;
  }
}

/**
 * HOT. Rows of one table are laid out alike, and while attributes are left for later they are read by that: unfolding
 * every row cost three times as much. Fields are taken in the order of the unfolded record, what is common first.
 */
class Rows {
  readonly #product: JsonProduct;
  readonly #shape: Shape;
  /** Place → the one column that was seen for it: of two, only unfolding knows which counts. */
  readonly #columns = new Map<string, string>();

  constructor(product: JsonProduct) {
    this.#product = product;
    this.#shape = new Shape(
      new Columns(product.names),
      new ColumnNeeds(product.needs),
      [product.marks[0]!, ['"Category"'], ['_s"', '_d"', '_g"']],
      (column) => (placeOf(column).inside === null ? 0 : 1),
    );
  }

  /** null = it is no row, or not laid out like one before. */
  quick(line: string, context: Context): Entry | Failure | null {
    if (!leavesAttributes || !this.#shape.learned) return null;
    const product = this.#product;
    const entry = emptyEntry(product.dataset, product.kind, product.timePoint);
    const needed = this.#shape.read(entry, line);
    // Somewhere in a text it might be the mark of what is no row.
    if (needed === null || !this.#shape.marked || line.indexOf('"properties"') >= 0) return null;
    return finished(product, entry, unfold(needed), context);
  }

  read(line: string, context: Context): Entry | Failure {
    const row = parseObject(line);
    if (row === null) return { failure: 'json' };
    if (leavesAttributes && this.#isPlain(row)) this.#shape.learn(line, row);
    return readObject(this.#product, unfold(row), context);
  }

  /** Texts, numbers and the like, each at a place of its own. */
  #isPlain(row: JsonObject): boolean {
    const keys = Object.keys(row);
    if (keys.length > COLUMNS_MAX) return false;
    for (const key of keys) {
      if (typeof row[key] === 'object' && row[key] !== null) return false;
      const { name, inside } = placeOf(key);
      const place = `${inside ?? 'record'} ${name}`;
      if (place === 'record properties' || place === ' details' || place === ' lastError') return false;
      const known = this.#columns.get(place);
      if (known !== undefined && known !== key) return false;
      if (known === undefined && this.#columns.size >= COLUMNS_MAX) return false;
      this.#columns.set(place, key);
    }
    return true;
  }
}

/** Of a product whose first marks are the names of its categories. */
export function azureFormat(product: JsonProduct): Format {
  const nested = readerOf(product);
  const rows = new Rows(product);
  const parse = (record: string, context: Context): Entry | Failure => {
    const quick = rows.quick(record, context);
    if (quick !== null) return quick;
    const entry = nested(record, context);
    if (!isFailure(entry) || entry.failure !== 'format') return entry;
    if (record.indexOf('"Category"') < 0 || !/_[sdg]":/.test(record)) return entry;
    if (!product.marks[0]!.some((mark) => record.includes(mark))) return entry;
    return rows.read(record.trim(), context);
  };
  return { dataset: product.dataset, title: product.title, usualLayer: product.usualLayer, late: true, parse };
}
