/**
 * One followed file: knows how far it is stored, and reads on from there. The position is the end of the last
 * stored block; bytes that were read and not stored are read again. It stores nothing itself: `next` reads what was
 * appended, `pieces` gives work out for what lies there in bulk; the caller commits the digests that `ready` hands
 * over in the order of the file, and then calls `stored`.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { detect, detectGiven, saveDetection } from '../../parsers/detect.ts';
import { errnoOf } from '../errors.ts';
import {
  DETECT_BYTES,
  DETECT_LINES,
  FINGERPRINT_BYTES_MAX,
  PIECES_AHEAD,
  READ_BYTES,
  ROUTE_MINUTES_MS,
  TAIL_BYTES,
} from '../limits.ts';
import { furthest, type Source, unreadBytes } from '../model/line.ts';
import { recordReader } from '../store/reader.ts';
import type { Counters } from './counters.ts';
import { advance, type Digest, digest } from './digest.ts';
import type { LogSetting } from './given.ts';
import type { PieceTask } from './piece.ts';

export interface FollowOptions {
  refusedStatus: ReadonlySet<number>;
  /** The file will not grow while it is read (report): what stands at its end is complete. */
  final: boolean;
  /** The format was found; what depends on it (the layer) is settled before the first line is read. */
  detected: (source: Source) => void;
  /** What the user or a configuration says about it; null = it is found out. */
  given: LogSetting | null;
  /** Where the plain content of a compressed file was put; null = the file itself is read. */
  plainPath: string | null;
  /** Bytes of one piece, and from how many on pieces are worth it. */
  pieceBytes: number;
  bulkBytes: number;
  /** Of a larger file the end is read first. */
  tailFromBytes: number;
}

/** An unfinished record at the end of a quiet file is taken as complete after this. */
const QUIET_MS = 1000;
/** The last line of a piece ends behind it: that much is left in front of the end of the file. */
const MARGIN_BYTES = 64 * 1024;

/** A file that was written to since then may have something new to say: its end first. */
const TAIL_FRESH_MS = 3_600_000;

interface Piece {
  task: PieceTask;
  /** undefined = not yet answered, null = cannot be read by itself. */
  digest: Digest | null | undefined;
}

/** One buffer for all: a digest keeps nothing of it. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

const NO_BYTES = Buffer.alloc(0);

export class Follower {
  source: Source;
  readonly #options: FollowOptions;
  #fd: number | null = null;
  /** Its first bytes, as far as they are not kept in mind yet. */
  #head = NO_BYTES;
  /** Position and size at which reading stopped for want of a complete record. */
  #stuckAt = -1;
  #stuckSince = 0;
  /** Given out, in the order of the file. */
  #pieces: Piece[] = [];
  /** Since this program runs. */
  #lastDataMs: number | null = null;
  /** Answers that are still out; the descriptor stays open for them. */
  #out = 0;
  #closing: number | null = null;
  /** A piece could not be read by itself: on from here in this thread, until a line has ended. */
  #byHand = false;

  constructor(source: Source, options: FollowOptions) {
    this.source = source;
    this.#options = options;
    // Said otherwise since it was read last: on from here as it is said now. What is stored keeps its own reader.
    const { given } = options;
    const { reader } = source;
    if (given?.dataset != null && reader !== null)
      if (reader.dataset !== given.dataset || (given.format !== null && reader.pattern !== given.format))
        source.reader = null;
  }

  /** When its name was first missing; null = it is in place. */
  leftAtMs: number | null = null;

  get plain(): string | null {
    return this.#options.plainPath;
  }

  /** The name is gone: is everything stored that the open handle can give? Without a handle nothing more can come. */
  drain(): boolean {
    if (this.#fd === null) return true;
    this.source.sizeBytes = fstatSync(this.#fd).size;
    return unreadBytes(this.source) === 0;
  }

  /** Brings `sizeBytes` up to date. A file that was cut is left to the scan. */
  measure(): void {
    if (this.#fd === null) return;
    const { size } = fstatSync(this.#fd);
    if (size > this.source.sizeBytes) this.source.sizeBytes = size;
  }

  /** Bytes in the file that are not stored. */
  get behind(): number {
    return unreadBytes(this.source);
  }

  /** The newest part of a large file is not read yet. */
  get tailBehind(): boolean {
    const { tail } = this.source;
    return tail !== null && this.source.sizeBytes - tail.position > READ_BYTES;
  }

  /** Pieces of it are with the pool. */
  get inBulk(): boolean {
    return this.#pieces.length > 0;
  }

  close(): void {
    this.#pieces = [];
    if (this.#fd === null) return;
    // A thread may still read by this number; closed now, it could become another file's.
    if (this.#out > 0) this.#closing = this.#fd;
    else closeSync(this.#fd);
    this.#fd = null;
  }

  /** Opens, looks, detects. Returns size and time of modification; null = nothing can be read now. */
  #look(): { size: number; modifiedMs: number } | null {
    if (this.#fd === null) {
      if (this.leftAtMs !== null || this.#closing !== null) return null;
      this.#fd = openSync(this.plain ?? this.source.path, 'r');
      // Between the look and the opening the name may have got another file: the scan will tell.
      const opened = fstatSync(this.#fd);
      if (
        this.plain === null &&
        (String(opened.ino) !== this.source.inode || String(opened.dev) !== this.source.device)
      ) {
        this.close();
        return null;
      }
    }
    const info = fstatSync(this.#fd);
    // Cut while it was followed: the scan sees it, counts the gap and makes a new source of what comes.
    if (info.size < furthest(this.source)) return null;
    this.source.sizeBytes = info.size;
    if (!this.source.reader && !this.#detect(info.size, info.mtimeMs)) return null;
    if (unreadBytes(this.source) === 0) {
      if (this.source.state === 'reading') this.source.state = 'following';
      return null;
    }
    if (this.#head.length > 0 && furthest(this.source) === 0 && !this.#isSameFile()) {
      // Written anew before anything of it was stored: what is out was read of something else.
      this.#head = NO_BYTES;
      this.#pieces = [];
    }
    return this.#isSameFile() && this.#keepsHead(info.size) ? { size: info.size, modifiedMs: info.mtimeMs } : null;
  }

  /**
   * Its first bytes are taken before anything is read of it, until they are all kept in mind: when what was read is
   * stored, the file may have been cut, and only by them its copy is known. False = cut just now.
   */
  #keepsHead(size: number): boolean {
    if (this.source.fingerprintBytes >= FINGERPRINT_BYTES_MAX) {
      this.#head = NO_BYTES;
      return true;
    }
    const bytes = Math.min(FINGERPRINT_BYTES_MAX, size);
    if (this.#head.length >= bytes) return true;
    const head = Buffer.alloc(bytes);
    if (readSync(this.#fd!, head, 0, bytes, 0) < bytes) return false;
    this.#head = head;
    return true;
  }

  #failed(error: unknown): void {
    const errno = errnoOf(error);
    if (errno === '') throw error;
    this.close();
    this.source.state = errno === 'ENOENT' ? 'gone' : 'unreadable';
    this.source.advice = adviceFor(errno, this.source.path);
  }

  /**
   * Reads on in this thread; null = nothing new. `now` dates the reading. `tailOnly`: what lies before the tail is
   * with the pool.
   */
  next(counters: Counters, now: number, tailOnly = this.inBulk): Digest | null {
    if (tailOnly && this.source.tail === null) return null;
    try {
      const file = this.#look();
      if (file === null) return null;
      const { source } = this;
      if (source.position === 0 && source.tail === null) this.#openTail(file.size, file.modifiedMs, now);
      const { tail } = source;
      if (tail !== null && file.size > tail.position) {
        const d = this.#read(tail, file.size, file, counters, now);
        if (d !== null) return d;
      }
      if (tailOnly) return null;
      return this.#read(source, tail?.offset ?? file.size, file, counters, now);
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  /** Work for the pool, as far as it may be ahead; `accept` takes the answers. */
  pieces(now: number, room: number): { task: PieceTask; accept: (d: Digest | null) => void }[] {
    const given: { task: PieceTask; accept: (d: Digest | null) => void }[] = [];
    const { pieceBytes, bulkBytes } = this.#options;
    if (this.#byHand || this.source.skipping || this.behind < bulkBytes) return given;
    try {
      const file = this.#look();
      const source = this.source;
      const limit = source.tail?.offset ?? file?.size ?? 0;
      if (file === null || source.position + bulkBytes > limit) return given;
      // Its tail, if it is to have one, comes first.
      if (source.position === 0 && source.tail === null) {
        this.#openTail(file.size, file.modifiedMs, now);
        if (source.tail !== null) return given;
      }
      const spec = source.reader!;
      // Where a record of several lines begins is known when the one before has ended.
      const inOrder = recordReader(spec).starts !== undefined;
      while (given.length < room && this.#pieces.length < (inOrder ? 1 : PIECES_AHEAD)) {
        const last = this.#pieces[this.#pieces.length - 1]?.task;
        const offset = last ? last.offset + last.bytes : source.position;
        if (limit - offset < pieceBytes + Math.min(MARGIN_BYTES, pieceBytes)) break;
        const task: PieceTask = {
          sourceId: source.id,
          offset,
          skipping: false,
          reader: spec,
          referenceMs: file.modifiedMs,
          clockOffsetMs: source.clockOffsetMs,
          final: false,
          fd: this.#fd!,
          bytes: pieceBytes,
          begins: last === undefined,
          whole: !inOrder,
          latelyFromMs: now - ROUTE_MINUTES_MS,
        };
        const piece: Piece = { task, digest: undefined };
        this.#pieces.push(piece);
        this.#out++;
        given.push({
          task,
          accept: (d) => {
            piece.digest = d;
            this.#out--;
            if (this.#out === 0 && this.#closing !== null) {
              closeSync(this.#closing);
              this.#closing = null;
            }
          },
        });
      }
    } catch (error) {
      this.#failed(error);
    }
    return given;
  }

  /** How many bytes in a row the pool has read behind what is stored. */
  get readyBytes(): number {
    let n = 0;
    for (const p of this.#pieces) {
      if (p.digest === undefined) break;
      n += p.task.bytes;
    }
    return n;
  }

  /** Every piece that was given out is answered. */
  get allAnswered(): boolean {
    return this.#pieces.every((p) => p.digest !== undefined);
  }

  /** The digest behind `source`, which is this one's as it is stored or will be, when it is there. */
  ready(source: Source = this.source): Digest | null {
    const first = this.#pieces[0];
    if (first === undefined || first.digest === undefined) return null;
    const d = first.digest;
    const fits = d !== null && d.offset === source.position && d.consumed > 0 && this.#isSameFile();
    if (!fits) {
      // Read again from there, without company: the answers that are out are of no use.
      this.#pieces = [];
      this.#byHand = true;
      return null;
    }
    this.#pieces.shift();
    // The pieces ahead were read by the pattern that held before this one.
    if (d.reader.pattern !== source.reader?.pattern) this.#pieces = [];
    return d;
  }

  /** After the commit: the source as it was stored. */
  stored(source: Source): void {
    if (!source.skipping && source.lines > this.source.lines) this.#byHand = false;
    this.source = source;
  }

  /** May have something new: grown by what the scan saw, told so by the watcher, in work, or waiting for its end. */
  due = true;

  /** Nothing came: not looked at again until it is due. An unfinished line at the end becomes a record by waiting. */
  rest(): void {
    this.due = this.inBulk || this.#stuckAt >= 0 || unreadBytes(this.source) > 0 || this.leftAtMs !== null;
  }

  #detect(size: number, modifiedMs: number): boolean {
    if (size === 0) {
      this.source.state = 'empty';
      this.source.advice = 'nothing has been written to it yet';
      return false;
    }
    const head = Buffer.allocUnsafe(Math.min(size, DETECT_BYTES));
    const n = readSync(this.#fd!, head, 0, head.length, 0);
    // The hole that copytruncate leaves in a file that was written on says nothing about what it is.
    const text = head.toString('utf8', 0, n).replace(/\0{16,}/g, '');
    const lines = text.split('\n');
    // The last line may be torn, unless it is all there is.
    if (lines.length > 1 && n === DETECT_BYTES) lines.pop();
    const first = lines.slice(0, DETECT_LINES * 20);
    const hint = { fileName: this.source.path, referenceMs: modifiedMs };
    const { given } = this.#options;
    const found = given?.dataset != null ? detectGiven(first, hint, given.dataset, given.format) : detect(first, hint);
    if (!found) {
      this.source.state = 'unrecognised';
      this.source.advice = /\0/.test(text.slice(0, 4096))
        ? 'this is no text file'
        : 'no known format fits; try `why403 parse --dataset NAME` on it';
      return false;
    }
    this.source.reader = { ...saveDetection(found), pattern: found.pattern };
    this.source.state = 'reading';
    this.source.advice = null;
    this.#options.detected(this.source);
    return true;
  }

  /** Written anew since (cut and grown past the position again)? One small read per turn tells. */
  #isSameFile(): boolean {
    const n = Math.max(this.source.fingerprintBytes, this.#head.length);
    if (n === 0) return true;
    if (this.#fd === null) return false;
    const head = Buffer.allocUnsafe(n);
    if (readSync(this.#fd, head, 0, n, 0) < n) return false;
    if (this.#head.length > 0) return head.equals(this.#head);
    return createHash('sha256').update(head).digest('hex') === this.source.fingerprint;
  }

  /**
   * The end of a large file that is still written comes first: the newest minutes are seen at once, however much lies
   * before them. It begins where a record does.
   */
  #openTail(size: number, modifiedMs: number, now: number): void {
    const source = this.source;
    const { tailFromBytes } = this.#options;
    if (this.#options.final || this.plain !== null || size < tailFromBytes || now - modifiedMs > TAIL_FRESH_MS) return;
    // Which layout holds there is said somewhere before it.
    if (source.reader!.pattern !== null) return;
    const from = size - Math.min(TAIL_BYTES, Math.floor(tailFromBytes / 2));
    const n = readSync(this.#fd!, buffer, 0, READ_BYTES, from);
    const chunk = buffer.subarray(0, n);
    const { starts } = recordReader(source.reader!);
    let at = chunk.indexOf(10) + 1;
    while (starts !== undefined && at > 0) {
      const end = chunk.indexOf(10, at);
      if (end < 0) return;
      if (starts(chunk.toString('utf8', at, end))) break;
      at = end + 1;
    }
    if (at === 0 || at >= n) return;
    source.tail = { offset: from + at, position: from + at, skipping: false, lines: 0 };
    this.#fingerprint(source, size);
  }

  /** Reads on behind `place` (the source itself or its tail), not beyond `limit`. */
  #read(
    place: { position: number; skipping: boolean },
    limit: number,
    file: { size: number; modifiedMs: number },
    counters: Counters,
    now: number,
  ): Digest | null {
    const source = this.source;
    const wanted = Math.min(READ_BYTES, limit - place.position);
    const n = readSync(this.#fd!, buffer, 0, wanted, place.position);
    const chunk = buffer.subarray(0, n);
    // Written anew between the look and the reading?
    const known = this.#head.subarray(place.position, place.position + n);
    if (known.length > 0 && !chunk.subarray(0, known.length).equals(known)) return null;
    const end = place.position + n;
    const atEnd = end >= file.size;
    const quiet = this.#stuckAt === file.size && now - this.#stuckSince >= QUIET_MS;
    const endsLine = chunk[n - 1] === 10;
    counters.latelyFromMs = now - ROUTE_MINUTES_MS;
    const d = digest(
      chunk,
      {
        sourceId: source.id,
        offset: place.position,
        skipping: place.skipping,
        reader: source.reader!,
        referenceMs: file.modifiedMs,
        clockOffsetMs: source.clockOffsetMs,
        // A file whose name is gone ends where it ends; a record ends where the tail begins.
        final: atEnd
          ? this.#options.final || (quiet && (endsLine || this.leftAtMs !== null))
          : end === source.tail?.offset,
      },
      this.#options.refusedStatus,
      counters,
    );
    if (d.consumed === 0) {
      if (this.#stuckAt !== file.size) {
        this.#stuckAt = file.size;
        this.#stuckSince = now;
      }
      return null;
    }
    this.#stuckAt = -1;
    return d;
  }

  /** The source as it will be when `d` is stored behind `source`. */
  after(source: Source, d: Digest, now: number): Source {
    const after = advance(source, d);
    if (source.state === 'following' && this.#lastDataMs !== null) {
      const gap = now - this.#lastDataMs;
      after.usualGapMs = source.usualGapMs === null ? gap : Math.round(source.usualGapMs * 0.9 + gap * 0.1);
    }
    this.#lastDataMs = now;
    after.lastReadMs = now;
    after.state = unreadBytes(after) === 0 ? 'following' : 'reading';
    after.advice =
      after.parsed === 0 && after.unparsed > 20 ? 'none of its lines can be read in the format that was found' : null;
    if (after.fingerprintBytes < FINGERPRINT_BYTES_MAX && after.position > after.fingerprintBytes)
      this.#fingerprint(after, after.position);
    return after;
  }

  #fingerprint(source: Source, readBytes: number): void {
    const bytes = Math.min(readBytes, this.#head.length);
    if (bytes <= source.fingerprintBytes) return;
    source.fingerprint = createHash('sha256').update(this.#head.subarray(0, bytes)).digest('hex');
    source.fingerprintBytes = bytes;
  }
}

export function adviceFor(errno: string, path: string): string {
  if (errno === 'EACCES' || errno === 'EPERM') {
    return `may not be read: add this user to the group that may (often \`usermod -aG adm USER\`), or \`setfacl -m u:USER:r ${path}\``;
  }
  if (errno === 'ENOENT') return 'is no longer there';
  return `cannot be read (${errno})`;
}
