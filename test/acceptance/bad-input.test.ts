/** What goes wrong at the command line: one line that says what to do, the right exit code, no stack trace. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, combined, directory } from './run.ts';

function oneLine(err: string): void {
  expect(err.trimEnd().split('\n')).toHaveLength(1);
  expect(err).toMatch(/^why403: /);
  expect(err).not.toMatch(/\n\s+at /);
}

const cases: [name: string, args: (d: string) => string[], code: number, says: RegExp][] = [
  ['a missing path', (d) => ['report', join(d, 'nowhere')], 1, /there is no .*nowhere/],
  ['a pattern without matches', (d) => ['report', join(d, '*.xyz')], 1, /nothing matches/],
  ['an empty directory', (d) => ['report', join(d, 'empty')], 1, /there is no log file in/],
  ['an empty file', (d) => ['report', join(d, 'empty.log')], 1, /is empty/],
  ['a binary file', (d) => ['report', join(d, 'binary.log')], 1, /no text file|no known format/],
  ['nothing known in it', (d) => ['report', join(d, 'unknown')], 1, /can be read as a log|no known format/],
  ['an unknown option', () => ['report', '--fromat', 'json'], 2, /no option --fromat — did you mean --format/],
  ['an option without value', () => ['report', '--format'], 2, /--format needs a value/],
  ['a wrong value', (d) => ['report', '--format', 'xml', d], 2, /--format: "xml" is none of/],
  ['a wrong time', (d) => ['report', '--since', 'yesterdayish', d], 2, /--since: .* is no time/],
  ['a wrong status', (d) => ['report', '--refused-status', '4o3', d], 2, /--refused-status/],
  ['a wrong layer', (d) => ['report', '--layer', 'proxy=*', d], 2, /names no layer/],
  ['report without path', () => ['report'], 2, /report needs a path/],
  ['explain without anything', () => ['explain'], 2, /explain needs/],
  ['an unknown dataset', (d) => ['parse', '--dataset', 'nope', join(d, 'good.log')], 2, /there is no dataset nope/],
  ['an open address without token', (d) => ['serve', '--host', '0.0.0.0', d], 2, /--token/],
  [
    'an unwritable output',
    (d) => ['report', '--out', join(d, 'no/such/dir/x'), join(d, 'good.log')],
    1,
    /cannot write/,
  ],
  ['a missing configuration', (d) => ['report', '-c', join(d, 'no.yaml'), d], 2, /cannot read the configuration/],
  [
    'an unknown key in it',
    (d) => ['report', '-c', join(d, 'bad.yaml'), d],
    2,
    /bad\.yaml:2: colour: there is no such key/,
  ],
  ['broken YAML', (d) => ['report', '-c', join(d, 'broken.yaml'), d], 2, /broken\.yaml:\d+:/],
];

test.each(cases)('%s', async (_name, args, code, says) => {
  const d = directory({
    'good.log': combined({ status: 403 }),
    'empty.log': '',
    'binary.log': Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) % 32),
    'unknown/notes.txt': 'milk\neggs\nbread and butter\n',
    'bad.yaml': 'port: 4404\ncolour: red\n',
    'broken.yaml': 'port: [4404\n',
  });
  mkdirSync(join(d, 'empty'));
  const r = await cli(args(d));
  expect(r.err).toMatch(says);
  oneLine(r.err);
  expect(r.code).toBe(code);
  expect(r.out).toBe('');
});

test('an unreadable file alone is an error, beside a good one it is a warning', async () => {
  const d = directory({ 'secret.log': combined({ status: 403 }), 'good.log': combined({ status: 403 }) });
  chmodSync(join(d, 'secret.log'), 0);
  chmodSync(d, 0o755);
  // Root may read everything: as root the command runs as nobody.
  const as = process.getuid?.() === 0 ? { uid: 65534 } : {};
  const alone = await cli(['report', join(d, 'secret.log')], as);
  oneLine(alone.err);
  expect(alone.err).toMatch(/secret\.log: may not be read: .*usermod/);
  expect(alone.code).toBe(1);
  const both = await cli(['report', '--format', 'jsonl', d], as);
  expect(both.err).toMatch(/secret\.log: may not be read/);
  expect(both.code).toBe(0);
  expect(both.out.trimEnd().split('\n')).toHaveLength(1);
});

test('a good file beside junk is still read, and the junk is named', async () => {
  const d = directory({
    'good.log': combined({ status: 403 }),
    'binary.log': Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) % 32),
  });
  const r = await cli(['report', '--format', 'jsonl', d]);
  expect(r.code).toBe(0);
  expect(r.err).toMatch(/binary\.log: not read/);
  expect(r.out.trimEnd().split('\n')).toHaveLength(1);
});

test('help and version', async () => {
  const help = await cli(['--help']);
  expect(help.code).toBe(0);
  expect(help.out).toMatch(/Usage/);
  expect(Math.max(...help.out.split('\n').map((l) => l.length))).toBeLessThanOrEqual(120);
  const version = await cli(['version']);
  expect(version.out).toMatch(/^why403 \d+\.\d+\.\d+ \(Node/);
});
