/** `why403 parse`: logs to JSON, one object a record, null where a record cannot be read. Streams; memory does not grow with the input. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { entryToJson, isFailure } from '../../parsers/entry.ts';
import { FORMATS } from '../../parsers/formats.ts';
import type { Config } from '../config.ts';
import { errnoOf, Why403Error } from '../errors.ts';
import { discover } from '../ingest/discover.ts';
import { READ_BYTES } from '../limits.ts';
import { Records } from './records.ts';

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
  const records = new Records(name, dataset, fd === 0 ? Date.now() : fstatSync(fd).mtimeMs);
  for (let end = false; !end; ) {
    const chunk = readChunk(fd);
    end = chunk === null;
    const read = records.push(chunk ?? Buffer.alloc(0), end);
    if (read === null) {
      throw new Why403Error(
        'NOTHING_KNOWN',
        `${name === '' ? 'standard input' : name} has no format that is known`,
        'name one with --dataset',
      );
    }
    const out: string[] = [];
    for (const { result } of read) {
      if (isFailure(result)) {
        if (result.failure !== 'empty') out.push('null\n');
      } else out.push(`${JSON.stringify(entryToJson(result))}\n`);
    }
    process.stdout.write(out.join(''));
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
