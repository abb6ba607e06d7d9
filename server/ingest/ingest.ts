/**
 * All followed files: finds them, tells which source each is, gives each its turn, and commits what they read,
 * many blocks a transaction. The scan decides what is there; whoever watches the file system only wakes it.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { furthest, type Source, storedBytes, unreadBytes } from '../model/line.ts';
import type { Layer } from '../model/taxonomy.ts';
import type { Append, Archive, PackedBlock } from '../store/archive.ts';
import { contentLength, dropSpool, headHasher, isCompressed, spool } from './compressed.ts';
import { Counters, merged } from './counters.ts';
import { advance, type Digest, placed } from './digest.ts';
import { discover, type Found, streamOf } from './discover.ts';
import { adviceFor, Follower } from './follow.ts';
import { givenFor, type LogSetting } from './given.ts';
import { type Decision, identify, type Known } from './identity.ts';
import { guessLayer } from './layer.ts';
import type { PieceTask } from './piece.ts';

export interface IngestOptions {
  paths: readonly string[];
  refusedStatus: ReadonlySet<number>;
  layers: readonly { layer: Layer; matches: (path: string) => boolean }[];
  /** Offset to add to records that name no zone, until it is learned; from the user's --timezone or the machine. */
  zoneOffsetMs: (atMs: number) => number;
  zoneName: string;
  zoneGiven: boolean;
  /** What the user or a configuration says about single logs. */
  logs: readonly LogSetting[];
  /** Files and globs that are followed besides `paths`, once they exist. */
  follows: readonly string[];
  zoneOf: (zone: string, atMs: number) => number;
  /** Files do not grow while they are read. */
  final: boolean;
  /** Where plain copies of compressed rotations are put while they are read. */
  spoolDirectory: string;
  /** Bytes of one piece, and from how many bytes behind on a file is read in pieces. */
  pieceBytes: number;
  bulkBytes: number;
  /** Of a larger file the end is read first. */
  tailFromBytes: number;
  /** Not more than this is read; null = as fast as it can. */
  bytesPerSecondMax: number | null;
}

/** Who digests pieces: the pool, or a stand-in that does it at once. */
export interface Digester {
  readonly hasRoom: boolean;
  piece(task: PieceTask): Promise<Digest | null>;
}

/** Raw bytes committed at once: large enough to fold counters, small enough to be on the page at once. */
const TRANSACTION_BYTES = 16 * 1024 * 1024;
/** What the pool has read is stored together when it is a transaction's worth, or after this. */
const GATHER_MS = 400;
/** A log of so many lines, still for so long and for so many of its usual pauses, is silent. */
const SILENT_LINES_MIN = 200;
const SILENT_MS_MIN = 10 * 60_000;
const SILENT_GAPS = 30;
/** A file whose name is gone is read on through its open handle until nothing came for this long. */
const DRAIN_MS = 30_000;

interface Batch {
  follower: Follower;
  /** One behind the other. */
  digests: Digest[];
}

const DAMAGED = 'its compressed data is damaged; what could be unpacked was read';

export class Ingest {
  readonly #archive: Archive;
  readonly #options: IngestOptions;
  /** By source id. */
  readonly #followers = new Map<number, Follower>();
  /** By source id: name, size and time of modification at the last look. */
  readonly #looked = new Map<number, string>();
  /** Files that need no second look while they stay as they are: copies, compressed files that were read. */
  readonly #settled = new Set<string>();
  /** Compressed files to be spooled and read. */
  readonly #compressed: { file: Found; source: Source; key: string }[] = [];
  readonly #counters = new Counters();
  #known: Source[] | null = null;
  #turn = 0;
  #committedMs = 0;
  /** Left of what may be read, and as of when. */
  #allowance = { bytes: 0, atMs: 0 };
  problems: { path: string; advice: string }[] = [];
  /** Sources whose compressed file could not be unpacked to its end. */
  readonly #damaged = new Set<number>();
  linesRead = 0;
  bytesRead = 0;

  constructor(archive: Archive, options: IngestOptions) {
    this.#archive = archive;
    this.#options = options;
  }

  /** Followed now, or read to their end. */
  sources(): Source[] {
    this.#known ??= this.#archive.sources();
    return this.#known.map((s) => this.#followers.get(s.id)?.source ?? s);
  }

  /** Looks for files and tells what each is; new ones become sources. */
  scan(strict: boolean, now = Date.now()): void {
    const found = discover(this.#options.paths, strict, this.#options.follows);
    this.problems = found.problems.map((p) => ({ path: p.path, advice: adviceFor(p.errno, p.path) }));
    this.#known ??= this.#archive.sources();
    const seen = new Set<number>();
    const others: Found[] = [];
    const inPlace = new Map<string, Known>();
    for (const source of this.sources()) if (!source.ended) inPlace.set(inodeOf(source), { source, alive: true });
    // First what sits where it is known to sit: a cut or replaced file frees its source for a copy found below.
    for (const file of found.files) {
      const known = inPlace.get(inodeOf(file));
      if (
        known === undefined ||
        isCompressed(file.path) ||
        (known.source.fingerprintBytes === 0 && file.size > 0 && !this.#followers.has(known.source.id))
      ) {
        others.push(file);
        continue;
      }
      // Nothing was written since the last look: the same file, without reading its first bytes again.
      const state = `${file.path} ${file.size} ${file.modifiedMs}`;
      if (this.#looked.get(known.source.id) === state && this.#followers.has(known.source.id)) {
        seen.add(known.source.id);
        this.#followers.get(known.source.id)!.leftAtMs = null;
        continue;
      }
      this.#looked.set(known.source.id, state);
      let decision: Decision;
      try {
        decision = identify(file, [known], hasher(file.path));
      } catch (error) {
        if (errnoOf(error) === '') throw error;
        // Moved on between the listing and the look: it is found again under its new name.
        seen.add(known.source.id);
        continue;
      }
      if (decision.kind === 'same' || decision.kind === 'renamed') {
        seen.add(decision.source.id);
        this.#follow(decision.source, file);
        continue;
      }
      if (decision.kind === 'replaced') this.#orphan(decision.source);
      others.push(file);
    }
    // What an open handle still gives is read before anything is taken for new: it may lie in a compressed copy too.
    if (others.length > 0) this.#drainLeft(seen, now);
    for (const file of others) {
      const key = `${inodeOf(file)}:${file.size}:${file.modifiedMs}`;
      if (this.#settled.has(key)) continue;
      const source = this.#place(file, seen, key);
      if (source !== null) seen.add(source.id);
    }
    this.#leave(seen, now);
  }

  /** Alive is what was found in place by this scan; an inode alone may be another file's by now. */
  #list(seen: ReadonlySet<number>): Known[] {
    return this.sources().map((source) => ({ source, alive: seen.has(source.id) }));
  }

  /** A file that is none of those in place: a copy, the rest of one that was cut, or new. */
  #place(file: Found, seen: ReadonlySet<number>, key: string): Source | null {
    const packed = isCompressed(file.path);
    let size = file.size;
    try {
      if (packed) size = contentLength(file.path);
      const look = packed ? headHasher(file.path) : hasher(file.path);
      let decision = identify({ ...file, size }, this.#list(seen), look);
      if (decision.kind === 'replaced') {
        // Its inode was that of a source whose file is gone; what the file itself is, is asked without that source.
        this.#orphan(decision.source);
        decision = identify({ ...file, size }, this.#list(seen), look);
      }
      if (decision.kind === 'copy') {
        this.#settled.add(key);
        return null;
      }
      if (packed) {
        this.#settled.add(key);
        const source = 'source' in decision ? decision.source : this.#add(file);
        // Known from an earlier run that ended before it was unpacked or read to its end: again, from where it stands.
        source.ended = false;
        this.#compressed.push({ file, source, key });
        return source;
      }
      if (decision.kind === 'same' || decision.kind === 'renamed') {
        this.#follow(decision.source, file);
        return decision.source;
      }
      if (decision.kind === 'continues') {
        // The copy holds what its original was cut before we could read: no gap after all.
        const { source } = decision;
        source.ended = false;
        source.gapBytes = 0;
        this.#followers.get(source.id)?.close();
        this.#followers.delete(source.id);
        this.#follow(source, file);
        return source;
      }
      const source = this.#add(file);
      this.#follow(source, file);
      return source;
    } catch (error) {
      if (errnoOf(error) === '') throw error;
      this.problems.push({ path: file.path, advice: adviceFor(errnoOf(error), file.path) });
      return null;
    }
  }

  #follow(source: Source, file: Found): void {
    const follower = this.#followers.get(source.id);
    const current = follower?.source ?? source;
    const moved = current.path !== file.path;
    current.path = file.path;
    current.device = file.device;
    current.inode = file.inode;
    current.sizeBytes = file.size;
    if (current.state === 'gone') current.state = 'reading';
    if (!follower) this.#followers.set(source.id, this.#follower(current));
    else {
      follower.leftAtMs = null;
      if (file.size !== furthest(current)) follower.due = true;
    }
    if (moved) this.#archive.saveSource(current);
  }

  #follower(source: Source, plainPath?: string): Follower {
    return new Follower(source, {
      refusedStatus: this.#options.refusedStatus,
      final: this.#options.final || plainPath !== undefined,
      detected: (s) => this.#settle(s),
      plainPath: plainPath ?? null,
      given: givenFor(this.#options.logs, source.path),
      pieceBytes: this.#options.pieceBytes,
      bulkBytes: this.#options.bulkBytes,
      tailFromBytes: this.#options.tailFromBytes,
    });
  }

  /** Its inode holds something else now. What had not been read may still turn up in a copy. */
  #orphan(source: Source): void {
    const follower = this.#followers.get(source.id);
    follower?.close();
    this.#followers.delete(source.id);
    const current = follower?.source ?? source;
    current.ended = true;
    // The inode is another file's from now on; it must not make this source look alive.
    current.device = '';
    current.inode = '';
    const lost = unreadBytes(current);
    if (lost > 0) current.gaps++;
    current.gapBytes += lost;
    current.state = 'gone';
    current.advice =
      lost > 0
        ? `was cut or replaced when at least ${lost} bytes had not been read; if a copy of them turns up, it is read`
        : null;
    this.#archive.saveSource(current);
    this.#known = null;
  }

  /** Followed files whose name was not found: read on through the handle, then ended. */
  #leave(seen: ReadonlySet<number>, now: number): void {
    for (const [id, follower] of this.#followers) {
      if (seen.has(id) || follower.plain) continue;
      follower.leftAtMs ??= now;
      const drained = follower.drain();
      if (!drained || now - Math.max(follower.leftAtMs, follower.source.lastReadMs ?? 0) < DRAIN_MS) continue;
      this.#end(follower);
    }
    // Sources of an earlier run whose file is not there any more.
    for (const source of this.sources()) {
      if (source.ended || seen.has(source.id) || this.#followers.has(source.id)) continue;
      if (this.#compressed.some((c) => c.source.id === source.id)) continue;
      // Not asked for this time, but where it was: nothing is lost.
      if (isThere(source)) continue;
      source.ended = true;
      source.state = 'gone';
      const lost = unreadBytes(source);
      source.gapBytes += lost;
      if (lost > 0) source.gaps++;
      this.#archive.saveSource(source);
    }
  }

  #end(follower: Follower): void {
    follower.close();
    const { source } = follower;
    source.ended = true;
    source.state = 'gone';
    source.advice = this.#damaged.has(source.id) ? DAMAGED : null;
    this.#archive.saveSource(source);
    this.#followers.delete(source.id);
    this.#known = null;
  }

  #add(file: Found): Source {
    const layer = guessLayer(file.path, null, this.#options.layers);
    const source = this.#archive.addSource({
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
      tail: null,
      skipping: false,
      lines: 0,
      parsed: 0,
      unparsed: 0,
      requests: 0,
      samples: [],
      newestEventMs: null,
      lastReadMs: null,
      usualGapMs: null,
      sizeBytes: file.size,
      ended: false,
      gapBytes: 0,
      gaps: 0,
      state: 'reading',
      advice: null,
    });
    this.#known?.push(source);
    return source;
  }

  /** Unpacks the next compressed rotation so that `step` can read it; false = there is none. */
  async unpack(): Promise<boolean> {
    const next = this.#compressed.shift();
    if (!next) return false;
    const { file, source, key } = next;
    // The name may have been given to another file since, by the next rotation: the next scan looks again.
    if (!isThere(file)) {
      this.#settled.delete(key);
      return true;
    }
    try {
      const { path, damaged } = await spool(file.path, this.#options.spoolDirectory, `${source.id}.log`);
      if (damaged) this.#damaged.add(source.id);
      source.path = file.path;
      source.device = file.device;
      source.inode = file.inode;
      this.#followers.set(source.id, this.#follower(source, path));
    } catch (error) {
      if (errnoOf(error) === '') throw error;
      // It may only have been moved on by the next rotation: the next scan looks again.
      this.#settled.delete(key);
      source.state = 'unreadable';
      source.advice = adviceFor(errnoOf(error), file.path);
      this.#archive.saveSource(source);
    }
    return true;
  }

  /** Asks the open files how large they are by now, so that it is known what of them is not read. */
  measure(): void {
    for (const f of this.#followers.values()) f.measure();
  }

  get compressedLeft(): number {
    return this.#compressed.length;
  }

  get bytesTotal(): number {
    let n = 0;
    for (const f of this.#followers.values()) n += f.source.sizeBytes;
    return n;
  }
  get bytesStored(): number {
    let n = 0;
    for (const f of this.#followers.values()) n += Math.min(storedBytes(f.source), f.source.sizeBytes);
    return n;
  }

  /** Reads followers whose name was not found to the end of what their handles give. */
  #drainLeft(seen: ReadonlySet<number>, now: number): void {
    for (const [id, follower] of this.#followers) {
      if (seen.has(id) || follower.plain) continue;
      follower.leftAtMs ??= now;
      for (let d = this.#nextOf(follower, now); d !== null; d = this.#nextOf(follower, now))
        this.#commit([{ follower, digests: [d] }], now);
    }
  }

  /** In the order of the file: what the pool has read, else what this thread reads. */
  #nextOf(follower: Follower, now: number): Digest | null {
    return follower.ready() ?? follower.next(this.#counters, now);
  }

  /** All that the pool has read, up to one transaction. A little waiting folds more counters into one row. */
  #bulkOf(follower: Follower, now: number): Digest[] {
    const enough = follower.readyBytes >= TRANSACTION_BYTES || follower.allAnswered;
    if (!enough && now - this.#committedMs < GATHER_MS) return [];
    const digests: Digest[] = [];
    let source = follower.source;
    let bytes = 0;
    while (bytes < TRANSACTION_BYTES) {
      const d = follower.ready(source);
      if (d === null) break;
      digests.push(d);
      bytes += d.consumed;
      source = advance(source, d);
    }
    return digests;
  }

  /** Something was written to this file, or to a file of this name. */
  wake(path: string): void {
    for (const f of this.#followers.values()) if (f.source.path === path) f.due = true;
  }

  /** What may be read now by `bytesPerSecondMax`: saved up for one second at most. */
  #allowed(now: number): number {
    const rate = this.#options.bytesPerSecondMax;
    if (rate === null) return Number.POSITIVE_INFINITY;
    const elapsed = Math.max(0, now - this.#allowance.atMs);
    this.#allowance = { bytes: Math.min(rate, this.#allowance.bytes + (elapsed / 1000) * rate), atMs: now };
    return this.#allowance.bytes;
  }

  /** Something waits only because of `bytesPerSecondMax`. */
  isThrottled(now: number): boolean {
    return this.#allowed(now) <= 0 && [...this.#followers.values()].some((f) => f.due && f.behind > 0);
  }

  /**
   * Logs that are usually written every few moments and have been still for long: rotated without being reopened,
   * written elsewhere since a change, or nobody comes through that layer any more.
   */
  findSilent(now: number): void {
    for (const { source } of this.#followers.values()) {
      if (source.state !== 'following' || source.usualGapMs === null || source.lastReadMs === null) continue;
      const still = now - source.lastReadMs;
      if (source.lines < SILENT_LINES_MIN || still < Math.max(SILENT_MS_MIN, source.usualGapMs * SILENT_GAPS)) continue;
      source.state = 'silent';
      source.advice = `nothing was written to it for ${Math.round(still / 60_000)} minutes, usually something is every ${Math.max(1, Math.round(source.usualGapMs / 1000))} s: is this still the file that the server writes?`;
      this.#archive.saveSource(source);
    }
  }

  /** Gives work out while there is room; returns whether anything is with the pool. */
  dispatch(pool: Digester, now: number): boolean {
    let out = false;
    const followers = [...this.#followers.values()].filter((f) => f.due);
    // The newest of every file first.
    const isPast = !followers.some((f) => f.tailBehind);
    // One piece of each in turn, so that all logs of a site come on together.
    for (let given = isPast; given && pool.hasRoom; ) {
      given = false;
      for (const follower of followers) {
        if (!pool.hasRoom || this.#allowed(now) <= 0) break;
        for (const { task, accept } of follower.pieces(now, 1)) {
          given = true;
          this.#allowance.bytes -= task.bytes;
          pool.piece(task).then(accept, () => accept(null));
        }
      }
    }
    for (const follower of followers) if (follower.inBulk) out = true;
    return out;
  }

  /** One transaction's worth; returns lines stored, at least 1 when anything was; 0 = nothing is new. */
  step(now: number): number {
    const followers = [...this.#followers.values()].filter((f) => f.due);
    if (followers.length === 0) return 0;
    const batches: Batch[] = [];
    let bytes = 0;
    // A follower's next block begins where its last one ends: one turn of each per transaction.
    for (let i = 0; i < followers.length && bytes < TRANSACTION_BYTES; i++) {
      const isAllowed = this.#allowed(now) > 0;
      const follower = followers[this.#turn++ % followers.length]!;
      const { inBulk } = follower;
      const digests = inBulk ? this.#bulkOf(follower, now) : [];
      // Beside what the pool reads of its past, what is appended to a file is read here.
      const d = isAllowed ? follower.next(this.#counters, now, inBulk) : null;
      if (d !== null) {
        digests.push(d);
        this.#allowance.bytes -= d.consumed;
      }
      if (digests.length > 0) {
        batches.push({ follower, digests });
        for (const d of digests) bytes += d.consumed;
        continue;
      }
      if (follower.inBulk || !isAllowed) continue;
      if (follower.plain && unreadBytes(follower.source) === 0) {
        dropSpool(follower.plain);
        this.#end(follower);
      } else follower.rest();
    }
    // The middle of a line of megabytes ends no line and is progress all the same.
    return batches.length === 0 ? 0 : Math.max(1, this.#commit(batches, now));
  }

  /** Blocks, counters, marks and the sources' new positions in one transaction. Returns the lines in it. */
  #commit(batches: Batch[], now: number): number {
    this.#committedMs = now;
    const dirty = new Set<number>();
    const blocks: PackedBlock[] = [];
    const sources: Source[] = [];
    const reached: Append['reached'] = [];
    let lines = 0;
    let bytes = 0;
    for (const { follower, digests } of batches) {
      let { source } = follower;
      for (const d of digests) {
        blocks.push(...placed(source, d));
        for (const bucket of d.dirtyBuckets) dirty.add(bucket);
        const { tail } = source;
        source = follower.after(source, d, now);
        if (tail !== null && source.tail === null)
          reached.push({ sourceId: source.id, offset: tail.offset, linesBefore: source.lines - tail.lines });
        lines += d.lines;
        bytes += d.consumed;
      }
      sources.push(source);
    }
    // Counters that belong to bytes that could not be stored are dropped with them: the bytes are read again.
    this.#archive.append({
      blocks,
      counters: merged(batches.flatMap(({ digests }) => digests.map((d) => d.counters))),
      dirtyBuckets: [...dirty],
      sources,
      reached,
    });
    batches.forEach(({ follower }, i) => {
      follower.stored(sources[i]!);
    });
    this.bytesRead += bytes;
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
    const atMs = source.newestEventMs ?? Date.now();
    const given = givenFor(this.#options.logs, source.path)?.timezone ?? null;
    source.clockOffsetMs = -(given === null ? this.#options.zoneOffsetMs(atMs) : this.#options.zoneOf(given, atMs));
    source.clockFrom =
      given !== null
        ? `zone ${given} (given)`
        : this.#options.zoneGiven
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

const inodeOf = (x: { device: string; inode: string }): string => `${x.device}:${x.inode}`;

function isThere(file: { path: string; device: string; inode: string }): boolean {
  try {
    const info = statSync(file.path);
    return String(info.ino) === file.inode && String(info.dev) === file.device;
  } catch {
    return false;
  }
}

/** SHA-256 of a file's first bytes, read when first asked for. */
function hasher(path: string): (bytes: number) => string | null {
  let head: Buffer | undefined;
  return (bytes) => {
    if (head === undefined || head.length < bytes) {
      const fd = openSync(path, 'r');
      const buffer = Buffer.alloc(Math.max(bytes, 1024));
      const n = readSync(fd, buffer, 0, buffer.length, 0);
      closeSync(fd);
      head = buffer.subarray(0, n);
    }
    return head.length < bytes ? null : createHash('sha256').update(head.subarray(0, bytes)).digest('hex');
  };
}
