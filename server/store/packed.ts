/**
 * HOT. Raw lines as they are stored: zstd, with the UUIDs beside it. An id that is different on every line is what a
 * log of requests cannot be compressed by: as text it takes 19 bytes there, beside it 16, and the table of letters of
 * all else is no longer that of random digits. A log with one id a line becomes an eighth smaller.
 *
 * Layout: a zstd frame, or the number of ids (u32, little endian), 16 bytes each, and then the frame.
 */
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** zlib's own bound. */
const CHUNK_MIN = 64;

/** Without the ids as fast as level 1, and an eightieth part smaller. */
const ZSTD = { params: { [zlib.ZSTD_c_compressionLevel]: 3 } };
const MAGIC = 0xfd2fb528;
/** Stands in the text where an id was taken out. */
const MARK = 1;
const DASH = 45;
const UUID_CHARS = 36;
const ID_BYTES = 16;
/** Lines of one log are much alike: without an id in the beginning there is none. */
const PROBE_BYTES = 32 * 1024;

const DIGITS = '0123456789abcdef';
/** Value of a lower-case hexadecimal digit, 255 = it is none. */
const VALUE = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) VALUE[DIGITS.charCodeAt(i)] = i;
/** Both digits of a byte. */
const HIGH = new Uint8Array(256);
const LOW = new Uint8Array(256);
for (let i = 0; i < 256; i++) {
  HIGH[i] = DIGITS.charCodeAt(i >> 4);
  LOW[i] = DIGITS.charCodeAt(i & 15);
}

let text = Buffer.alloc(0);
let ids = Buffer.alloc(0);

export function pack(raw: Buffer): Buffer {
  if (raw.length < UUID_CHARS || raw.indexOf(MARK) >= 0) return zstdCompressSync(raw, ZSTD);
  // Each by itself: unpacking makes room for text alone.
  if (text.length < raw.length) text = Buffer.alloc(raw.length);
  if (ids.length < raw.length) ids = Buffer.alloc(raw.length);
  let textEnd = 0;
  let idsEnd = 0;
  let taken = 0;
  for (let dash = raw.indexOf(DASH, 8); dash >= 0; ) {
    const start = dash - 8;
    if (dash > PROBE_BYTES && idsEnd === 0) return zstdCompressSync(raw, ZSTD);
    if (start >= taken && idAt(raw, start, idsEnd)) {
      raw.copy(text, textEnd, taken, start);
      textEnd += start - taken;
      text[textEnd++] = MARK;
      idsEnd += ID_BYTES;
      taken = start + UUID_CHARS;
      dash = raw.indexOf(DASH, taken + 8);
    } else dash = raw.indexOf(DASH, dash + 1);
  }
  if (idsEnd === 0) return zstdCompressSync(raw, ZSTD);
  raw.copy(text, textEnd, taken);
  textEnd += raw.length - taken;
  const frame = zstdCompressSync(text.subarray(0, textEnd), ZSTD);
  const out = Buffer.allocUnsafe(4 + idsEnd + frame.length);
  out.writeUInt32LE(idsEnd / ID_BYTES, 0);
  ids.copy(out, 4, 0, idsEnd);
  frame.copy(out, 4 + idsEnd);
  return out;
}

/** Is there an id at `start`? Its bytes are put into `ids`. */
function idAt(raw: Buffer, start: number, to: number): boolean {
  if (start + UUID_CHARS > raw.length) return false;
  if (raw[start + 8] !== DASH || raw[start + 13] !== DASH || raw[start + 18] !== DASH || raw[start + 23] !== DASH)
    return false;
  let at = start;
  for (let k = 0; k < ID_BYTES; k++) {
    if (k === 4 || k === 6 || k === 8 || k === 10) at++;
    const high = VALUE[raw[at]!]!;
    const low = VALUE[raw[at + 1]!]!;
    if ((high | low) > 15) return false;
    ids[to + k] = (high << 4) | low;
    at += 2;
  }
  return true;
}

/** `bytes`: how many come back; with them nothing is put together out of small pieces. */
export function unpack(packed: Buffer, bytes: number): Buffer {
  const ids = packed.readUInt32LE(0);
  if (ids === MAGIC) return unzip(packed, bytes);
  const frame = unzip(packed.subarray(4 + ids * ID_BYTES), bytes);
  const out = Buffer.allocUnsafeSlow(frame.length + ids * (UUID_CHARS - 1));
  putTogether(frame, packed, ids, out);
  return out;
}

/** The same, one character a byte, for whoever looks at many blocks: the bytes in between are not left behind. */
export function unpackLatin1(packed: Buffer, bytes: number): string {
  const ids = packed.readUInt32LE(0);
  if (ids === MAGIC) return unzip(packed, bytes).toString('latin1');
  const frame = unzip(packed.subarray(4 + ids * ID_BYTES), bytes);
  const size = frame.length + ids * (UUID_CHARS - 1);
  if (text.length < size) text = Buffer.alloc(size);
  putTogether(frame, packed, ids, text);
  return text.toString('latin1', 0, size);
}

// Room for one more: what fills its room exactly is asked for more.
const unzip = (frame: Buffer, bytes: number): Buffer =>
  zstdDecompressSync(frame, { chunkSize: Math.max(CHUNK_MIN, bytes + 1) });

function putTogether(frame: Buffer, packed: Buffer, ids: number, out: Buffer): void {
  let at = 0;
  let taken = 0;
  for (let i = 0; i < ids; i++) {
    const mark = frame.indexOf(MARK, taken);
    frame.copy(out, at, taken, mark);
    at += mark - taken;
    taken = mark + 1;
    for (let k = 0; k < ID_BYTES; k++) {
      if (k === 4 || k === 6 || k === 8 || k === 10) out[at++] = DASH;
      const byte = packed[4 + i * ID_BYTES + k]!;
      out[at++] = HIGH[byte]!;
      out[at++] = LOW[byte]!;
    }
  }
  frame.copy(out, at, taken);
}
