/**
 * HOT. Cuts bytes into lines and lines into records, by position. Offsets are bytes in the file, line numbers
 * begin at 1. Pure: the caller gives the bytes and where they stand, and gets the records and how many bytes they
 * took; it offers the bytes that were not taken again, in front of what it reads next. So an unfinished record is
 * carried by not consuming it, and the file stays the buffer.
 */
import { isAscii } from 'node:buffer';

export interface RawRecord {
  /** Byte offset in the file of the first byte. */
  offset: number;
  /** Bytes, with the line break at the end. */
  length: number;
  /** Of its first line, from 1. */
  lineNumber: number;
  lineCount: number;
  /** Lines joined by \n, without the last line break, without CR, BOM and NUL. */
  text: string;
  /** The text is not all there was: the limit was reached. */
  cut: boolean;
  /** NUL bytes were taken out (holes of copytruncate, torn blocks). */
  nul: boolean;
}

/** Where the next bytes stand. */
export interface Position {
  offset: number;
  lineNumber: number;
  /** The line that goes on here was cut at the limit and handed out already: skip to its end. */
  skipping: boolean;
}

export interface Rules {
  starts?: (line: string) => boolean;
  ends?: (line: string, firstLine: string) => boolean;
}

export interface SplitLimits {
  /** A line that is longer is cut and flagged. */
  lineBytesMax: number;
  /** A record of several lines that is longer is closed. */
  recordBytesMax: number;
}

export interface SplitResult {
  records: RawRecord[];
  /** Bytes of the chunk that are done with. */
  consumed: number;
  /** Where the first byte that was not consumed stands. */
  next: Position;
}

export const START: Position = { offset: 0, lineNumber: 1, skipping: false };

interface Line {
  /** Positions in the chunk; `end` is before the line break, `next` behind it. */
  start: number;
  end: number;
  next: number;
  cut: boolean;
}

/**
 * The records of `chunk`, which begins at `position`. With `final`, what is left at the end is a record too
 * (the file will not grow, or has been quiet long enough).
 */
export function split(
  chunk: Buffer,
  position: Position,
  rules: Rules,
  limits: SplitLimits,
  final: boolean,
): SplitResult {
  // latin1 makes character positions equal to byte positions; only lines with bytes ≥ 0x80 are decoded again.
  const text = chunk.toString('latin1');
  const block: Block = {
    chunk,
    text,
    ascii: isAscii(chunk),
    nul: text.indexOf('\0') >= 0,
    limits,
    highSince: 0,
    high: -1,
  };
  let at = 0;
  let skipping = position.skipping;
  let lineNumber = position.lineNumber;
  if (skipping) {
    const end = text.indexOf('\n');
    if (end < 0) return result([], text.length, { ...position, offset: position.offset + text.length });
    at = end + 1;
    lineNumber++;
    skipping = false;
  }
  if (position.offset === 0 && at === 0 && text.startsWith('\u00ef\u00bb\u00bf')) at = 3;

  const records: RawRecord[] = [];
  const { starts, ends } = rules;
  if (starts === undefined) {
    const plain = block.ascii && !block.nul;
    for (;;) {
      // The common line in one step: complete, plain ASCII, not blank, within the limit.
      const lf = text.indexOf('\n', at);
      if (plain && lf - at <= limits.lineBytesMax && text.charCodeAt(at) > 32 && lf >= 0) {
        const end = text.charCodeAt(lf - 1) === 13 ? lf - 1 : lf;
        records.push({
          offset: position.offset + at,
          length: lf + 1 - at,
          lineNumber,
          lineCount: 1,
          // A string of its own: a slice of the block costs every look at a character three times as much.
          text: chunk.toString('latin1', at, end),
          cut: false,
          nul: false,
        });
        at = lf + 1;
        lineNumber++;
        continue;
      }
      const line = nextLine(block, at, final);
      if (line === null) break;
      if (!isBlank(text, line.start, line.end))
        records.push(makeRecord(block, position.offset, [line], 0, 1, lineNumber));
      at = line.next;
      if (line.cut && text.charCodeAt(at - 1) !== 10) skipping = true;
      else lineNumber++;
    }
  } else {
    const open =
      ends === undefined && block.ascii && !block.nul
        ? groupStarts(block, at, lineNumber, position.offset, starts, records)
        : { at, lineNumber };
    const state = groupLines(block, open.at, open.lineNumber, position.offset, starts, ends, final, records);
    at = state.at;
    lineNumber = state.lineNumber;
    skipping = state.skipping;
  }
  return result(records, at, { offset: position.offset + at, lineNumber, skipping });
}

interface Block {
  chunk: Buffer;
  text: string;
  ascii: boolean;
  nul: boolean;
  limits: SplitLimits;
  /** Of bytes ≥ 0x80 there is none from `highSince` until `high`. */
  highSince: number;
  high: number;
}

function result(records: RawRecord[], consumed: number, next: Position): SplitResult {
  return { records, consumed, next };
}

/** The line at `at`, null when it is not complete yet. */
function nextLine(block: Block, at: number, final: boolean): Line | null {
  const { text, limits } = block;
  if (at >= text.length) return null;
  const lf = text.indexOf('\n', at);
  if (lf < 0) {
    if (text.length - at > limits.lineBytesMax)
      return { start: at, end: at + limits.lineBytesMax, next: text.length, cut: true };
    return final ? { start: at, end: withoutCr(text, at, text.length), next: text.length, cut: false } : null;
  }
  if (lf - at > limits.lineBytesMax) return { start: at, end: at + limits.lineBytesMax, next: lf + 1, cut: true };
  return { start: at, end: withoutCr(text, at, lf), next: lf + 1, cut: false };
}

function withoutCr(text: string, start: number, end: number): number {
  return end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c !== 32 && c !== 9 && c !== 13 && c !== 0) return false;
  }
  return true;
}

function makeRecord(
  block: Block,
  base: number,
  lines: Line[],
  from: number,
  to: number,
  lineNumber: number,
  /** Its first line, where it has been decoded already. */
  firstText?: string,
): RawRecord {
  const first = lines[from]!;
  let cut = false;
  let text = '';
  // Blank lines at the end separate records; they belong to the bytes of the record, not to its text.
  let last = to;
  while (last > from + 1 && isBlank(block.text, lines[last - 1]!.start, lines[last - 1]!.end)) last--;
  for (let i = from; i < last; i++) {
    const line = lines[i]!;
    if (line.cut) cut = true;
    if (i === from) text = firstText ?? decode(block, line.start, line.end);
    else text = `${text}\n${decode(block, line.start, line.end)}`;
  }
  let nul = false;
  if (block.nul && text.indexOf('\0') >= 0) {
    text = text.replaceAll('\0', '');
    nul = true;
  }
  const end = lines[to - 1]!.next;
  return {
    offset: base + first.start,
    length: end - first.start,
    lineNumber,
    lineCount: to - from,
    text,
    cut,
    nul,
  };
}

function decode(block: Block, start: number, end: number): string {
  if (block.ascii || highFrom(block, start) >= end) return block.chunk.toString('latin1', start, end);
  return block.chunk.toString('utf8', start, end);
}

const HIGH = /[\x80-\xff]/g;

/** The next byte ≥ 0x80 at or behind `at`: looked for once, not line by line. */
function highFrom(block: Block, at: number): number {
  if (at >= block.highSince && at <= block.high) return block.high;
  HIGH.lastIndex = at;
  const found = HIGH.exec(block.text);
  block.highSince = at;
  block.high = found === null ? block.text.length : found.index;
  return block.high;
}

interface Open {
  /** Index in `lines` of the record's first line; -1 = none is open. */
  first: number;
  text: string;
  /** A later line that could begin a record, if this one turns out to be torn; -1 = none. */
  candidate: number;
}

/**
 * The usual case of `groupLines`, without a list of lines: complete ones of plain ASCII within the limit, and no end
 * marks. Stops before the last record, which may go on, and before whatever is not usual.
 */
function groupStarts(
  block: Block,
  from: number,
  firstLineNumber: number,
  base: number,
  starts: (line: string) => boolean,
  records: RawRecord[],
): { at: number; lineNumber: number } {
  const { chunk, text, limits } = block;
  let at = from;
  let lineNumber = firstLineNumber;
  /** The open record; -1 = none is. */
  let start = -1;
  let startNumber = lineNumber;
  let record = '';
  /** Blank lines that count when something follows. */
  let blanks = '';
  const close = (): void => {
    records.push({
      offset: base + start,
      length: at - start,
      lineNumber: startNumber,
      lineCount: lineNumber - startNumber,
      text: record,
      cut: false,
      nul: false,
    });
    start = -1;
  };
  for (;;) {
    const lf = text.indexOf('\n', at);
    if (lf < 0 || lf - at > limits.lineBytesMax) break;
    const line = chunk.toString('latin1', at, text.charCodeAt(lf - 1) === 13 && lf > at ? lf - 1 : lf);
    const isEmpty = text.charCodeAt(at) <= 32 && isBlank(text, at, lf);
    if (start < 0) {
      if (!isEmpty) {
        start = at;
        startNumber = lineNumber;
        record = line;
        blanks = '';
      }
    } else if (starts(line)) {
      close();
      start = at;
      startNumber = lineNumber;
      record = line;
      blanks = '';
    } else {
      if (isEmpty) blanks += `\n${line}`;
      else {
        record += `${blanks}\n${line}`;
        blanks = '';
      }
      if (lf + 1 - start > limits.recordBytesMax) {
        at = lf + 1;
        lineNumber++;
        close();
        continue;
      }
    }
    at = lf + 1;
    lineNumber++;
  }
  return start < 0 ? { at, lineNumber } : { at: start, lineNumber: startNumber };
}

/**
 * Groups lines by `starts` and `ends`. A format with an end mark may carry anything inside (request bodies), also
 * a line that looks like a start: the record goes on to its own end mark, and only when that never comes is it
 * closed before the first line that looked like a start.
 */
function groupLines(
  block: Block,
  from: number,
  firstLineNumber: number,
  base: number,
  starts: (line: string) => boolean,
  ends: ((line: string, firstLine: string) => boolean) | undefined,
  final: boolean,
  records: RawRecord[],
): { at: number; lineNumber: number; skipping: boolean } {
  const lines: Line[] = [];
  let at = from;
  let skipping = false;
  for (;;) {
    const line = nextLine(block, at, final);
    if (line === null) break;
    lines.push(line);
    at = line.next;
    if (line.cut && block.text.charCodeAt(at - 1) !== 10) skipping = true;
  }
  const numberOf = (index: number) => firstLineNumber + index;
  const emit = (a: number, b: number) =>
    records.push(makeRecord(block, base, lines, a, b, numberOf(a), a === open.first ? open.text : undefined));
  const open: Open = { first: -1, text: '', candidate: -1 };
  let i = 0;
  while (i < lines.length) {
    const line = lines[i]!;
    const text = decode(block, line.start, line.end);
    const blank = isBlank(block.text, line.start, line.end);
    if (open.first < 0) {
      if (blank) {
        i++;
        continue;
      }
      open.first = i;
      open.text = text;
      open.candidate = -1;
      // A line that begins no record, where one should begin, stands alone when records have an end mark.
      if (ends !== undefined && !starts(text)) {
        emit(i, i + 1);
        open.first = -1;
      }
      i++;
      continue;
    }
    if (ends?.(text, open.text)) {
      emit(open.first, i + 1);
      open.first = -1;
      i++;
      continue;
    }
    if (starts(text)) {
      if (ends === undefined) {
        emit(open.first, i);
        open.first = i;
        open.text = text;
        i++;
        continue;
      }
      if (open.candidate < 0) open.candidate = i;
    }
    if (line.next - lines[open.first]!.start > block.limits.recordBytesMax) {
      i = open.candidate >= 0 ? open.candidate : i + 1;
      emit(open.first, i);
      open.first = -1;
      continue;
    }
    i++;
    if (i === lines.length && final && open.candidate >= 0) {
      i = open.candidate;
      emit(open.first, i);
      open.first = -1;
    }
  }
  if (open.first >= 0 && (final || skipping)) {
    emit(open.first, lines.length);
    open.first = -1;
  }
  if (open.first >= 0) return { at: lines[open.first]!.start, lineNumber: numberOf(open.first), skipping: false };
  return { at, lineNumber: numberOf(lines.length) - (skipping ? 1 : 0), skipping };
}
