/**
 * Which source is this file? Names lie (rotation), inodes are reused, copies have other inodes: device and inode
 * together with a fingerprint of the first bytes tell. Pure: what is known and what was found in, a named
 * decision out. Whoever acts on it reads first what a renamed or copied file still holds.
 */
import { furthest, type Source } from '../model/line.ts';

export interface Candidate {
  path: string;
  device: string;
  inode: string;
  /** Bytes of content; of compressed files the uncompressed length, NaN = not known without reading it. */
  size: number;
}

export type Decision =
  /** The file that was followed, at the same place. */
  | { kind: 'same'; source: Source }
  /** The file that was followed, under another name. */
  | { kind: 'renamed'; source: Source }
  /** Same inode, other content or less than was read: cut (copytruncate), written anew, or the inode was reused. */
  | { kind: 'replaced'; source: Source }
  /** Begins like a file that was read to here: a copy or compressed rotation that holds nothing new. */
  | { kind: 'copy'; of: Source }
  /** Begins like a file that is gone or was cut, and goes on where reading stopped: the rest of it. */
  | { kind: 'continues'; source: Source }
  | { kind: 'new' };

/** A fingerprint of fewer bytes than this can be that of another file (a banner line). */
const FINGERPRINT_BYTES_MIN = 48;

export interface Known {
  source: Source;
  /** Its own file is still in place: whatever begins alike is a copy. */
  alive: boolean;
}

/** `fingerprint(n)`: SHA-256 of the first n bytes of content, null when there are fewer. */
export function identify(
  found: Candidate,
  known: readonly Known[],
  fingerprint: (bytes: number) => string | null,
): Decision {
  let untouched: Source | null = null;
  for (const { source } of known) {
    if (source.ended || source.device !== found.device || source.inode !== found.inode) continue;
    if (found.size < furthest(source)) return { kind: 'replaced', source };
    if (source.fingerprintBytes === 0) {
      // Nothing was read of it, so nothing but the inode speaks for it, and that may have been given to a copy since.
      untouched = source;
      continue;
    }
    if (fingerprint(source.fingerprintBytes) !== source.fingerprint) return { kind: 'replaced', source };
    return inPlace(source, found);
  }
  for (const { source, alive } of known) {
    if (source.fingerprintBytes < FINGERPRINT_BYTES_MIN) continue;
    if (!Number.isNaN(found.size) && found.size < source.fingerprintBytes) continue;
    if (fingerprint(source.fingerprintBytes) !== source.fingerprint) continue;
    if (found.size <= source.position) return { kind: 'copy', of: source };
    return alive ? { kind: 'copy', of: source } : { kind: 'continues', source };
  }
  return untouched === null ? { kind: 'new' } : inPlace(untouched, found);
}

function inPlace(source: Source, found: Candidate): Decision {
  return source.path === found.path ? { kind: 'same', source } : { kind: 'renamed', source };
}
