/**
 * `why403 parse`: logs to JSON, one object a record, null where a record cannot be read; with `--explain`, how each was
 * read. Streams: memory does not grow with the input.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Detected } from '../../parsers/detect.ts';
import { entryToJson, isFailure } from '../../parsers/entry.ts';
import { emptyContext } from '../../parsers/envelope.ts';
import { attempts, isNear, mappedKeys } from '../../parsers/explain.ts';
import { FORMATS } from '../../parsers/formats.ts';
import { splitPatterns } from '../../parsers/layout.ts';
import type { Format } from '../../parsers/parser.ts';
import type { Config } from '../config.ts';
import { errnoOf, Why403Error } from '../errors.ts';
import { discover } from '../ingest/discover.ts';
import { READ_BYTES } from '../limits.ts';
import { type ReadRecord, Records } from './records.ts';

export async function parse(config: Config): Promise<void> {
  if (config.dataset !== null && !FORMATS.has(config.dataset)) {
    throw new Why403Error(
      'USAGE',
      `there is no dataset ${config.dataset}`,
      `known: ${[...FORMATS.keys()].sort().join(', ')}`,
    );
  }
  // Whoever reads the output may have seen enough (`| head`).
  process.stdout.on('error', (error) => {
    if (errnoOf(error) === 'EPIPE') process.exit(0);
    throw error;
  });
  const paths = config.paths.length === 0 ? ['-'] : config.paths;
  for (const path of paths) {
    if (path === '-') {
      parseFile(0, '', config);
      continue;
    }
    const found = discover([path], true);
    for (const problem of found.problems)
      throw new Why403Error('UNREADABLE', `${problem.path} cannot be read (${problem.errno})`, '');
    if (found.files.length === 0) throw new Why403Error('NOTHING_TO_READ', `there is no log file in ${path}`, '');
    for (const file of found.files) {
      let fd: number;
      try {
        fd = openSync(file.path, 'r');
      } catch (error) {
        throw new Why403Error('UNREADABLE', `${file.path} cannot be read (${errnoOf(error)})`, 'check its permissions');
      }
      try {
        parseFile(fd, file.path, config);
      } finally {
        closeSync(fd);
      }
    }
  }
}

function parseFile(fd: number, name: string, config: Config): void {
  const referenceMs = fd === 0 ? Date.now() : fstatSync(fd).mtimeMs;
  const records = new Records(name, config.dataset, referenceMs, config.pattern);
  const explain = config.explain ? new Explanation(name, referenceMs) : null;
  for (let end = false; !end; ) {
    const chunk = readChunk(fd);
    end = chunk === null;
    const read = records.push(chunk ?? Buffer.alloc(0), end);
    if (read === null) {
      if (explain !== null) process.stdout.write(explain.unknown(records.head(UNKNOWN_LINES)));
      throw new Why403Error(
        'NOTHING_KNOWN',
        `${name === '' ? 'standard input' : name} has no format that is known`,
        config.explain
          ? 'name one with --dataset'
          : 'name one with --dataset, or see how near each came with --explain',
      );
    }
    const out: string[] = [];
    for (const record of read) {
      const { result } = record;
      if (isFailure(result) && result.failure === 'empty') continue;
      if (explain !== null) out.push(explain.of(record, records.detected!));
      else out.push(isFailure(result) ? 'null\n' : `${JSON.stringify(entryToJson(result))}\n`);
    }
    process.stdout.write(out.join(''));
  }
}

/** Shapes of JSON records whose mapping is shown; more of them are named by their format only. */
const SHAPES_MAX = 50;
const TEXT_MAX = 300;
/** So many lines of a source without a format are explained. */
const UNKNOWN_LINES = 20;

/** How each record of one source was read, in words. */
class Explanation {
  private readonly name: string;
  private readonly context;
  private readonly shapes = new Set<string>();
  private begun = false;

  constructor(name: string, referenceMs: number) {
    this.name = name === '' ? 'standard input' : name;
    this.context = emptyContext(referenceMs);
  }

  of(record: ReadRecord, detected: Detected): string {
    const lines: string[] = [];
    if (!this.begun) lines.push(this.head(detected));
    this.begun = true;
    const { result, text, lineNumber } = record;
    const inner = detected.envelope?.peel(text, this.context) ?? text;
    if (!isFailure(result)) {
      lines.push(`${lineNumber}: ${result.dataset}`);
      lines.push(...this.mapping(inner, FORMATS.get(result.dataset) ?? detected.format));
    } else {
      const field = result.field === undefined ? '' : `, field ${result.field}`;
      lines.push(`${lineNumber}: not read by ${detected.dataset}: ${result.failure}${field}`);
      lines.push(...this.near(text, inner, detected.format));
    }
    return `${lines.join('\n')}\n`;
  }

  unknown(head: string[]): string {
    const lines = head.flatMap((line, i) => [`${i + 1}: read by no format`, ...this.near(line, line, null)]);
    return `${lines.join('\n')}\n`;
  }

  /** The formats that came furthest with a record that was not read. */
  private near(text: string, inner: string, main: Format | null): string[] {
    const all = attempts(inner, this.context, main);
    const near = all.filter(isNear);
    return [
      `    ${text.slice(0, TEXT_MAX).replaceAll('\n', '\\n')}`,
      ...near.map(
        ({ dataset, failure, field }) =>
          `    ${dataset.padEnd(28)} ${failure ?? 'would read it'}${field === null ? '' : `, field ${field}`}`,
      ),
      `    ${all.length - near.length} other formats: not their shape`,
    ];
  }

  private head(detected: Detected): string {
    const share = `${Math.round(detected.confidence * 1000) / 10} %`;
    const parts = [`${this.name}: ${detected.dataset} (${share} sure)`];
    if (detected.envelope !== null) parts.push(`wrapped by ${detected.envelope.name}`);
    if (detected.pattern !== null) parts.push(`laid out as ${splitPatterns(detected.pattern).join(' or as ')}`);
    if (detected.alternates.length > 0) parts.push(`also ${detected.alternates.map((x) => x.dataset).join(', ')}`);
    const others = detected.tried.filter((x) => x.parsed > 0 && x.dataset !== detected.dataset);
    if (others.length > 0)
      parts.push(
        `of the first lines would also be read: ${others.map((x) => `${x.dataset} ${x.parsed}/${x.of}`).join(', ')}`,
      );
    return parts.join('; ');
  }

  /** Which key became which field, once for every set of keys. */
  private mapping(text: string, format: Format): string[] {
    if (text.charCodeAt(0) !== 123 || this.shapes.size >= SHAPES_MAX) return [];
    const mapped = mappedKeys(text, this.context, format);
    if (mapped === null) return [];
    const shape = mapped.map((x) => x.key).join(' ');
    if (this.shapes.has(shape)) return [];
    this.shapes.add(shape);
    return mapped.map(
      ({ key, fields }) => `    ${key.padEnd(40)} ${fields.length === 0 ? '(not kept)' : fields.join(', ')}`,
    );
  }
}

function readChunk(fd: number): Buffer | null {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (;;) {
    try {
      const n = readSync(fd, buffer, 0, buffer.length, null);
      return n === 0 ? null : buffer.subarray(0, n);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EOF') return null;
      if (errno === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        continue;
      }
      throw error;
    }
  }
}
