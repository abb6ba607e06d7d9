/** The raw record behind a hop, read back from its block; what is no longer kept is said to be so. */
import { RAW_CHARS_MAX } from '../limits.ts';
import type { Line } from '../model/line.ts';
import type { Archive } from '../store/archive.ts';

export function rawOf(archive: Archive, line: Line): string {
  const block = archive.blockAt(line.sourceId, line.offset);
  if (!block) return '(this line is no longer kept)';
  const from = line.offset - block.offset;
  return Buffer.from(block.raw)
    .toString('utf8', from, from + Math.min(line.bytes, RAW_CHARS_MAX * 4))
    .trimEnd()
    .slice(0, RAW_CHARS_MAX);
}
