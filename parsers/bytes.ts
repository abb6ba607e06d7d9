/**
 * HOT. Short looks at bytes. A call of the engine's own search costs as much as thirty bytes looked at one by one, so
 * that what is mostly near or short is compared here.
 */

/**
 * The characters of the record that is being read: looked at one by one in a text each costs three times as much as in
 * a list of numbers, and one `startsWith` of a dozen as much as all of them.
 */
export const chars = Buffer.allocUnsafeSlow(16_384);

/** Puts the record there, until the next one is; false = it is not ASCII, or very long. */
export function inChars(record: string): boolean {
  const { length } = record;
  if (length >= chars.length || chars.write(record, 0, 'utf8') !== length) return false;
  // Nothing that is looked for goes on in what is left of an earlier record.
  chars[length] = 0;
  return true;
}

/** The characters of any record, one number for each, 128 for those that are not ASCII, 0 behind them; until the next record. */
export function charsOf(record: string): Uint8Array {
  if (inChars(record)) return chars;
  const { length } = record;
  const codes = length < chars.length ? chars : Buffer.allocUnsafe(length + 1);
  for (let i = 0; i < length; i++) codes[i] = Math.min(record.charCodeAt(i), 128);
  codes[length] = 0;
  return codes;
}

/** `known` stands at `at`. */
export function same(bytes: Uint8Array, at: number, known: Uint8Array): boolean {
  for (let i = 0; i < known.length; i++) if (bytes[at + i] !== known[i]) return false;
  return true;
}

/** Position of `byte` in `from`…`to`; -1 = it is not there. */
export function find(bytes: Uint8Array, byte: number, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return i;
  return -1;
}

/** `/1.1` and the like end what begins so: `HTTP/` stands at `at`. */
export function isHttp(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 72 && bytes[at + 1] === 84 && bytes[at + 2] === 84 && bytes[at + 3] === 80 && bytes[at + 4] === 47
  );
}

/** `GET ` stands at `at`. */
export function isGet(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 71 && bytes[at + 1] === 69 && bytes[at + 2] === 84 && bytes[at + 3] === 32;
}

/** `POST ` stands at `at`. */
export function isPost(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 80 && bytes[at + 1] === 79 && bytes[at + 2] === 83 && bytes[at + 3] === 84 && bytes[at + 4] === 32
  );
}

/** Slots; a power of two. */
const SLOTS = 512;

/** What was made of short texts that come again and again (a site has few hosts), found by their bytes. */
export class Recalled<T> {
  readonly #texts: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #values: (T | undefined)[] = new Array(SLOTS).fill(undefined);

  /** undefined = it is not known. */
  of(bytes: Uint8Array, from: number, to: number): T | undefined {
    const slot = slotOf(bytes, from, to);
    const text = this.#texts[slot];
    return text !== undefined && text.length === to - from && same(bytes, from, text) ? this.#values[slot] : undefined;
  }

  keep(bytes: Uint8Array, from: number, to: number, value: T): void {
    const slot = slotOf(bytes, from, to);
    this.#texts[slot] = Buffer.from(bytes.subarray(from, to));
    this.#values[slot] = value;
  }
}

function slotOf(bytes: Uint8Array, from: number, to: number): number {
  let h = to - from;
  for (let i = from; i < to; i++) h = Math.imul(h, 31) + bytes[i]!;
  return (h ^ (h >>> 9)) & (SLOTS - 1);
}
