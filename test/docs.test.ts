/** What the documents say is what there is: formats, options, keys. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FORMATS } from '../parsers/formats.ts';
import { compileNginx } from '../parsers/pattern.nginx.ts';
import { OPTIONS, readArguments, readConfig } from '../server/config.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const contributing = readFileSync(new URL('../CONTRIBUTING.md', import.meta.url), 'utf8');
const table = readme.slice(readme.indexOf('| | datasets |'), readme.indexOf('All of them also inside'));

test('README lists every format, and no other', () => {
  const listed = [...table.matchAll(/`([a-z][\w.-]*)`/g)].map((m) => m[1]!);
  expect(listed.toSorted()).toEqual([...FORMATS.keys()].toSorted());
});

test('every format that has format strings is named with them', () => {
  const text = readme.slice(readme.indexOf('## Custom formats'), readme.indexOf('## Alerts'));
  const named = ['nginx', 'Apache', 'HAProxy', 'Envoy', 'Caddy', 'W3C'];
  for (const name of named) expect(text).toContain(name);
  const byName = new Set(
    'nginx.access apache.access haproxy.http envoy.access caddy.access iis.w3c iis.httperr aws.cloudfront'.split(' '),
  );
  for (const format of FORMATS.values())
    if (format.compile !== undefined && !byName.has(format.dataset)) expect(text).toContain(`\`${format.dataset}\``);
});

test('the example configuration is one', async () => {
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  for (const m of readme.matchAll(/```yaml\n([\s\S]*?)```/g)) {
    const directory = mkdtempSync(join(tmpdir(), 'why403-docs-'));
    try {
      const file = join(directory, 'why403.yaml');
      writeFileSync(file, m[1]!);
      expect(() => readConfig(readArguments(['report', '-c', file]), {}, Date.now())).not.toThrow();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
});

test('options that the documents name exist', () => {
  const flags = new Set(['config', 'help', 'version', ...Object.values(OPTIONS).map((o) => o.flag)]);
  for (const m of `${readme}\n${contributing}`.matchAll(/(?<=[\s`(])--([a-z][a-z-]+)/g))
    if (!['always', 'error-on-warnings', 'write'].includes(m[1]!)) expect(flags, m[0]).toContain(m[1]);
});

test('the string on the command line in README reads a line', () => {
  const m = /--log '[^']*format=([^']+)'/.exec(readme);
  const line = '203.0.113.9 [2025-11-22T09:57:01+01:00] 403';
  expect(compileNginx(m![1]!).parse(line, undefined as never)).toMatchObject({ httpResponseStatusCode: 403 });
});
