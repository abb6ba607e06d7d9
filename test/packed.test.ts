/** What is stored of raw lines comes back byte for byte, whatever the bytes are. */
import { randomUUID } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { pack, unpack, unpackLatin1 } from '../server/store/packed.ts';

test('any bytes, with ids whole, cut, in capitals, side by side', () => {
  const uuid = fc.uuid();
  const part = fc.oneof(
    uuid,
    uuid.map((id) => id.toUpperCase()),
    uuid.chain((id) => fc.nat(36).map((n) => id.slice(0, n))),
    uuid.chain((id) => fc.nat(36).map((n) => id.slice(n))),
    fc.constantFrom('-', '\x01', '\n', '--------', ' "GET /a-b HTTP/1.1" ', '00000000-0000-0000-0000-000000000000'),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(part), fc.uint8Array({ maxLength: 40 }), (parts, tail) => {
      const raw = Buffer.concat([Buffer.from(parts.join('')), tail]);
      expect(unpack(pack(raw), raw.length)).toEqual(raw);
      expect(unpack(pack(raw), 0)).toEqual(raw);
      expect(unpackLatin1(pack(raw), raw.length)).toBe(raw.toString('latin1'));
    }),
    { numRuns: 1000 },
  );
});

test('a log with an id on every line takes less than zstd alone', () => {
  const lines = Array.from(
    { length: 2000 },
    (_, i) => `10.0.0.${i % 99} GET /orders/${i} 200 rid=${randomUUID()} rt=0.0${i % 10}\n`,
  );
  const raw = Buffer.from(lines.join(''));
  const packed = pack(raw);
  expect(unpack(packed, raw.length)).toEqual(raw);
  expect(packed.length).toBeLessThan(zstdCompressSync(raw).length * 0.95);
});

test('a large block that was read leaves room for the ids of the next that is written', async () => {
  // The module anew: what other tests packed before made room.
  vi.resetModules();
  const own = await import('../server/store/packed.ts');
  const lines = (n: number): Buffer => Buffer.from(Array.from({ length: n }, () => `${randomUUID()}\n`).join(''));
  own.pack(lines(10));
  own.unpackLatin1(pack(lines(1000)), 1000 * 37);
  const raw = lines(500);
  expect(own.unpack(own.pack(raw), raw.length).equals(raw)).toBe(true);
});
