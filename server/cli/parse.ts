/** `why403 parse`: logs to JSON, one object a record, null where a record cannot be read. Streams; memory does not grow with the input. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { detect, makeReader, type Reader, restoreDetection } from '../../parsers/detect.ts';
import { entryToJson, isFailure } from '../../parsers/entry.ts';
import { FORMATS } from '../../parsers/formats.ts';
import { START, split } from '../../parsers/split.ts';
import type { Config } from '../config.ts';
import { errnoOf, Why403Error } from '../errors.ts';
import { discover } from '../ingest/discover.ts';
import { DETECT_LINES, READ_BYTES } from '../limits.ts';
import { SPLIT_LIMITS } from '../store/reader.ts';

export async function parse(config: Config): Promise<void> {
  if (config.dataset !== null && !FORMATS.has(config.dataset)) {
    throw new Why403Error(
      'USAGE',
      `there is no dataset ${config.dataset}`,
      `known: ${[...FORMATS.keys()].sort().join(', ')}`,
    );
  }
  const paths = config.paths.length === 0 ? ['-'] : config.paths;
  for (const path of paths) {
    if (path === '-') {
      parseFile(0, '', config.dataset);
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
        parseFile(fd, file.path, config.dataset);
      } finally {
        closeSync(fd);
      }
    }
  }
}

function parseFile(fd: number, name: string, dataset: string | null): void {
  let pending: Buffer = Buffer.alloc(0);
  let position = START;
  let reader: Reader | null = null;
  let modifiedMs = Date.now();
  if (fd !== 0) modifiedMs = fstatSync(fd).mtimeMs;
  let end = false;
  while (!end) {
    const fresh = readChunk(fd);
    end = fresh === null;
    if (fresh) pending = pending.length === 0 ? fresh : Buffer.concat([pending, fresh]);
    if (reader === null) {
      if (!end && pending.length < 64 * 1024 && fd === 0) continue;
      reader = choose(pending, name, dataset, modifiedMs);
    }
    const result = split(pending, position, reader, SPLIT_LIMITS, end);
    const out: string[] = [];
    for (const record of result.records) {
      const entry = reader.read(record.text, modifiedMs);
      if (isFailure(entry)) {
        if (entry.failure !== 'empty') out.push('null\n');
      } else out.push(`${JSON.stringify(entryToJson(entry))}\n`);
    }
    process.stdout.write(out.join(''));
    position = result.next;
    pending = pending.subarray(result.consumed);
  }
}

function choose(head: Buffer, name: string, dataset: string | null, referenceMs: number): Reader {
  const lines = head.toString('utf8').split('\n');
  const found = detect(lines.slice(0, DETECT_LINES * 20), { fileName: name, referenceMs });
  if (dataset !== null) {
    const forced = restoreDetection({ dataset, envelope: found?.envelope?.name ?? null, alternates: [], tags: [] });
    return makeReader(forced!);
  }
  if (found === null) {
    throw new Why403Error(
      'NOTHING_KNOWN',
      `${name === '' ? 'standard input' : name} has no format that is known`,
      'name one with --dataset',
    );
  }
  return makeReader(found);
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
