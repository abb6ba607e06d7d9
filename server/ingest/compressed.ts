/**
 * Compressed rotations: their first bytes for the fingerprint, their length without reading them where the format
 * tells it, and a spooled plain copy to read from. Positions of such a source are those of the plain content.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdDecompress, gunzipSync, zstdDecompressSync } from 'node:zlib';

export function isCompressed(path: string): boolean {
  return /\.(gz|zst)$/i.test(path);
}

/** Compressed bytes that hold the first kilobytes of content at any sensible ratio. */
const HEAD_BYTES = 256 * 1024;

/** SHA-256 of the first `bytes` of content; null when there are fewer or it is not that format. */
export function headHasher(path: string): (bytes: number) => string | null {
  let head: Buffer | null | undefined;
  return (bytes) => {
    if (head === undefined) head = readHead(path);
    return head === null || head.length < bytes
      ? null
      : createHash('sha256').update(head.subarray(0, bytes)).digest('hex');
  };
}

function readHead(path: string): Buffer | null {
  const fd = openSync(path, 'r');
  try {
    const raw = Buffer.alloc(HEAD_BYTES);
    const n = readSync(fd, raw, 0, raw.length, 0);
    const part = raw.subarray(0, n);
    return /\.gz$/i.test(path)
      ? gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH })
      : zstdDecompressSync(part, { finishFlush: constants.ZSTD_e_flush });
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** Length of the content: gzip says it at its end (modulo 4 GiB, for files of one member); NaN = unknown. */
export function contentLength(path: string): number {
  if (!/\.gz$/i.test(path)) return Number.NaN;
  const fd = openSync(path, 'r');
  try {
    const size = fstatSync(fd).size;
    if (size < 18 || size > 500 * 1024 * 1024) return Number.NaN;
    const tail = Buffer.alloc(4);
    readSync(fd, tail, 0, 4, size - 4);
    return tail.readUInt32LE(0);
  } finally {
    closeSync(fd);
  }
}

/** Writes the plain content beside the store; returns its path. A damaged end is kept as far as it could be read. */
export async function spool(
  path: string,
  directory: string,
  name: string,
): Promise<{ path: string; damaged: boolean }> {
  await mkdir(directory, { recursive: true });
  const to = join(directory, name);
  let damaged = false;
  try {
    await pipeline(
      createReadStream(path),
      /\.gz$/i.test(path) ? createGunzip() : createZstdDecompress(),
      createWriteStream(to),
    );
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (!/^(Z_|ERR_|ZSTD_)/.test(code)) throw error;
    damaged = true;
  }
  return { path: to, damaged };
}

export function dropSpool(path: string): void {
  rmSync(path, { force: true });
}
