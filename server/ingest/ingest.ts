/**
 * All followed files: finds them, gives each its turn, and commits what they read, many blocks a transaction.
 * The scan decides what is there; whoever watches the file system only wakes it.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import type { Source } from '../model/line.ts';
import type { Layer } from '../model/taxonomy.ts';
import type { Archive } from '../store/archive.ts';
import { Counters } from './counters.ts';
import { discover, type Found, streamOf } from './discover.ts';
import { adviceFor, type Batch, Follower } from './follow.ts';
import { guessLayer } from './layer.ts';

export interface IngestOptions {
  paths: readonly string[];
  refusedStatus: ReadonlySet<number>;
  layers: readonly { layer: Layer; matches: (path: string) => boolean }[];
  /** Offset to add to records that name no zone, until it is learned; from the user's --timezone or the machine. */
  zoneOffsetMs: (atMs: number) => number;
  zoneName: string;
  zoneGiven: boolean;
  /** Files do not grow while they are read. */
  final: boolean;
}

/** Raw bytes committed at once: large enough to fold counters, small enough to be on the page at once. */
const TRANSACTION_BYTES = 8 * 1024 * 1024;

export class Ingest {
  readonly #archive: Archive;
  readonly #options: IngestOptions;
  readonly #followers = new Map<string, Follower>();
  readonly #counters = new Counters();
  #turn = 0;
  problems: { path: string; advice: string }[] = [];
  linesRead = 0;
  bytesRead = 0;

  constructor(archive: Archive, options: IngestOptions) {
    this.#archive = archive;
    this.#options = options;
  }

  sources(): Source[] {
    return [...this.#followers.values()].map((f) => f.source);
  }

  source(id: number): Source | undefined {
    for (const f of this.#followers.values()) if (f.source.id === id) return f.source;
    return undefined;
  }

  /** Looks for files; new ones become sources. */
  scan(strict: boolean): void {
    const found = discover(this.#options.paths, strict);
    this.problems = found.problems.map((p) => ({ path: p.path, advice: adviceFor(p.errno, p.path) }));
    const known = new Map(this.#archive.sources().map((s) => [s.path, s]));
    for (const file of found.files) {
      const follower = this.#followers.get(file.path);
      if (follower) {
        follower.source.sizeBytes = file.size;
        continue;
      }
      const source = known.get(file.path) ?? this.#add(file);
      source.sizeBytes = file.size;
      this.#followers.set(
        file.path,
        new Follower(source, {
          refusedStatus: this.#options.refusedStatus,
          final: this.#options.final,
          detected: (s) => this.#settle(s),
        }),
      );
    }
  }

  #add(file: Found): Source {
    const layer = guessLayer(file.path, null, this.#options.layers);
    return this.#archive.addSource({
      path: file.path,
      stream: streamOf(file.path),
      device: file.device,
      inode: file.inode,
      fingerprint: '',
      fingerprintBytes: 0,
      reader: null,
      layer: layer.layer,
      layerFrom: layer.from,
      clockOffsetMs: 0,
      clockFrom: 'as logged',
      timeZoneless: false,
      position: 0,
      lines: 0,
      parsed: 0,
      unparsed: 0,
      samples: [],
      newestEventMs: null,
      lastReadMs: null,
      sizeBytes: file.size,
      state: 'reading',
      advice: null,
    });
  }

  get bytesTotal(): number {
    let n = 0;
    for (const f of this.#followers.values()) n += f.source.sizeBytes;
    return n;
  }
  get bytesStored(): number {
    let n = 0;
    for (const f of this.#followers.values()) n += Math.min(f.source.position, f.source.sizeBytes);
    return n;
  }

  /** One transaction's worth; returns lines stored, 0 = nothing is new. */
  step(now: number): number {
    const followers = [...this.#followers.values()];
    if (followers.length === 0) return 0;
    const batches: { follower: Follower; batch: Batch }[] = [];
    let bytes = 0;
    let quiet = 0;
    while (bytes < TRANSACTION_BYTES && quiet < followers.length) {
      const follower = followers[this.#turn++ % followers.length]!;
      // A follower's next block begins where its last one ends: one block of each per transaction.
      if (batches.some((b) => b.follower === follower)) break;
      const batch = follower.next(this.#counters, now);
      if (batch === null) {
        quiet++;
        continue;
      }
      quiet = 0;
      if (batch.source.reader === null) continue;
      batches.push({ follower, batch });
      bytes += batch.bytes;
    }
    if (batches.length === 0) return 0;
    const dirty = new Set<number>();
    for (const { batch } of batches) for (const d of batch.dirtyBuckets) dirty.add(d);
    this.#archive.append({
      blocks: batches.flatMap(({ batch }) => batch.blocks),
      counters: this.#counters.take(),
      dirtyBuckets: [...dirty],
      sources: batches.map(({ batch }) => batch.source),
    });
    let lines = 0;
    for (const { follower, batch } of batches) {
      follower.stored(batch);
      lines += batch.lines;
      this.bytesRead += batch.bytes;
    }
    this.linesRead += lines;
    return lines;
  }

  /** The product may say the layer. */
  #settle(source: Source): void {
    const guess = guessLayer(source.path, source.reader!.dataset, this.#options.layers);
    source.layer = guess.layer;
    source.layerFrom = guess.from;
    this.#archive.saveSource(source);
  }

  /** Zone of records that name none, applied to a source once it is known to be such. */
  applyZone(source: Source): boolean {
    if (!source.timeZoneless || source.clockFrom !== 'as logged') return false;
    source.clockOffsetMs = -this.#options.zoneOffsetMs(source.newestEventMs ?? Date.now());
    source.clockFrom = this.#options.zoneGiven
      ? `zone ${this.#options.zoneName} (given)`
      : `zone ${this.#options.zoneName} (this machine's)`;
    this.#archive.saveSource(source);
    return source.clockOffsetMs !== 0;
  }

  save(source: Source): void {
    this.#archive.saveSource(source);
  }

  close(): void {
    for (const f of this.#followers.values()) f.close();
  }
}

/** Are the first bytes of a file those that were stored? For whoever checks a replaced file. */
export function fingerprintOf(path: string, bytes: number): string | null {
  try {
    const fd = openSync(path, 'r');
    const head = Buffer.alloc(bytes);
    const n = readSync(fd, head, 0, bytes, 0);
    closeSync(fd);
    return n < bytes ? null : createHash('sha256').update(head).digest('hex');
  } catch (error) {
    if (errnoOf(error) === '') throw error;
    return null;
  }
}
