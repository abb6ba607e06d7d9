/**
 * HOT (append). The archive in SQLite. A block arrives compressed and costs one insert; counters arrive folded, a
 * few hundred rows for twenty thousand lines.
 */
import { OPERATIONS_KEPT } from '../../limits.ts';
import type { Block, Source } from '../../model/line.ts';
import type { Append, Archive, BlockRange, RouteRow } from '../archive.ts';
import { unpack, unpackLatin1 } from '../packed.ts';
import type { Db } from './database.ts';

/** A refusal is dated by its outermost line, whose clock may be behind that of the renumbered one. */
const REACHED_MS = 15 * 3_600_000;

interface BlockRow {
  source_id: number;
  offset: number;
  bytes: number;
  first_line: number;
  lines: number;
  time_min: number | null;
  time_max: number | null;
  reference: number;
  reader: string;
}

/** All but the bytes, which are fetched when they are asked for. */
const BLOCK_COLUMNS = 'source_id, offset, bytes, first_line, lines, time_min, time_max, reference, reader';

const NO_BYTES = Buffer.alloc(0);

export class SqliteArchive implements Archive {
  readonly #db: Db;
  readonly #statements;
  readonly #operations = new Map<string, number>();
  #fresh: string[] = [];

  constructor(db: Db) {
    this.#db = db;
    this.#statements = {
      sources: db.prepare('SELECT id, state FROM source ORDER BY id'),
      source: db.prepare('SELECT id, state FROM source WHERE id = ?'),
      addSource: db.prepare('INSERT INTO source (path, device, inode, state) VALUES (?, ?, ?, ?)'),
      saveSource: db.prepare('UPDATE source SET path = ?, device = ?, inode = ?, state = ? WHERE id = ?'),
      insertBlock: db.prepare(
        'INSERT INTO block (source_id, offset, bytes, first_line, lines, time_min, time_max, reference, reader, packed, raw) VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING',
      ),
      countTotal: db.prepare(
        'INSERT INTO counter_total (step, time, source_id, host, requests) VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET requests = requests + excluded.requests',
      ),
      countRoute: db.prepare(
        'INSERT INTO counter_route (step, time, source_id, operation_id, requests) VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET requests = requests + excluded.requests',
      ),
      operation: db.prepare('SELECT id FROM operation WHERE route = ? AND host = ? AND method = ?'),
      addOperation: db.prepare('INSERT INTO operation (route, host, method) VALUES (?, ?, ?)'),
      dirty: db.prepare('INSERT INTO dirty (bucket, mark) VALUES (?, 1) ON CONFLICT DO UPDATE SET mark = mark + 1'),
      renumber: db.prepare('UPDATE block SET first_line = first_line + ? WHERE source_id = ? AND offset >= ?'),
      renumbered: db.prepare('SELECT min(time_min) FROM block WHERE source_id = ? AND offset >= ?').pluck(),
      markFrom: db.prepare(
        'INSERT INTO dirty (bucket, mark) SELECT DISTINCT time / 10000 * 10000, 1 FROM refusal WHERE time >= ? ON CONFLICT DO UPDATE SET mark = mark + 1',
      ),
      // A block never crosses a day: what ends later than a day behind the range begins behind it.
      range: db.prepare(
        `SELECT ${BLOCK_COLUMNS} FROM block WHERE source_id = ? AND time_max BETWEEN ? AND ? + 86400000 AND time_min <= ? ORDER BY offset`,
      ),
      raw: db.prepare('SELECT raw FROM block WHERE source_id = ? AND offset = ?').pluck(),
      has: db
        .prepare(
          'SELECT 1 FROM block WHERE source_id = ? AND time_max BETWEEN ? AND ? + 86400000 AND time_min <= ? LIMIT 1',
        )
        .pluck(),
      extents: db.prepare(
        'SELECT lines, time_min timeMinMs, time_max timeMaxMs FROM block WHERE source_id = ? AND time_max BETWEEN ? AND ? + 86400000 AND time_min <= ? ORDER BY time_max',
      ),
      newest: db.prepare('SELECT max(rowid) FROM block').pluck(),
      extentsSince: db.prepare(
        'SELECT source_id sourceId, time_min timeMinMs, time_max timeMaxMs FROM block WHERE rowid > ? AND time_min IS NOT NULL',
      ),
      at: db.prepare(
        `SELECT ${BLOCK_COLUMNS} FROM block WHERE source_id = ? AND offset <= ? ORDER BY offset DESC LIMIT 1`,
      ),
      atLine: db.prepare(
        `SELECT ${BLOCK_COLUMNS} FROM block WHERE source_id = ? AND first_line <= ? ORDER BY offset DESC LIMIT 1`,
      ),
      last: db.prepare(`SELECT ${BLOCK_COLUMNS} FROM block WHERE source_id = ? ORDER BY offset DESC`),
      stored: db.prepare('SELECT min(time_min) a, max(time_max) b FROM block'),
    };
  }

  sources(): Source[] {
    return (this.#statements.sources.all() as { id: number; state: string }[]).map(readSource);
  }

  source(id: number): Source | null {
    const row = this.#statements.source.get(id) as { id: number; state: string } | undefined;
    return row ? readSource(row) : null;
  }

  addSource(source: Omit<Source, 'id'>): Source {
    const id = Number(
      this.#statements.addSource.run(source.path, source.device, source.inode, JSON.stringify(source)).lastInsertRowid,
    );
    return { id, ...source };
  }

  saveSource(source: Source): void {
    this.#statements.saveSource.run(source.path, source.device, source.inode, JSON.stringify(source), source.id);
  }

  append(batch: Append): number {
    this.#fresh = [];
    try {
      return this.#append(batch);
    } catch (error) {
      for (const key of this.#fresh) this.#operations.delete(key);
      throw error;
    }
  }

  #append(batch: Append): number {
    return this.#db.transaction(() => {
      let added = 0;
      for (let i = 0; i < batch.blocks.length; i++) {
        const b = batch.blocks[i]!;
        added += this.#statements.insertBlock.run(
          b.sourceId,
          b.offset,
          b.bytes,
          b.firstLine,
          b.lines,
          Number.isNaN(b.timeMinMs) ? null : b.timeMinMs,
          Number.isNaN(b.timeMaxMs) ? null : b.timeMaxMs,
          b.referenceMs,
          JSON.stringify(b.reader),
          b.packed.length,
          b.packed,
        ).changes;
      }
      // A block that was there already brought its counters and marks along the first time.
      if (added === batch.blocks.length) {
        const { countTotal, countRoute } = this.#statements;
        for (const c of batch.counters.totals) countTotal.run(c.stepMs, c.timeMs, c.sourceId, c.host, c.requests);
        for (const c of batch.counters.routes)
          countRoute.run(c.stepMs, c.timeMs, c.sourceId, this.#operation(c), c.requests);
        for (const bucket of batch.dirtyBuckets) this.#statements.dirty.run(bucket);
      } else if (added > 0) throw new Error('a batch holds blocks that are partly stored already');
      for (const r of batch.reached) {
        const s = this.#statements;
        const from = s.renumbered.get(r.sourceId, r.offset) as number | null;
        s.renumber.run(r.linesBefore, r.sourceId, r.offset);
        if (from !== null) s.markFrom.run(from - REACHED_MS);
      }
      for (const source of batch.sources) this.saveSource(source);
      return added;
    })();
  }

  #operation(c: RouteRow): number {
    const key = `${c.method} ${c.host} ${c.route}`;
    let id = this.#operations.get(key);
    if (id === undefined) {
      const { operation, addOperation } = this.#statements;
      const known = operation.get(c.route, c.host, c.method) as { id: number } | undefined;
      id = known?.id ?? Number(addOperation.run(c.route, c.host, c.method).lastInsertRowid);
      if (this.#operations.size >= OPERATIONS_KEPT) this.#operations.clear();
      this.#operations.set(key, id);
      // Named in a transaction that is taken back, it would not exist.
      this.#fresh.push(key);
    }
    return id;
  }

  blocks(range: BlockRange): Block[] {
    return (this.#statements.range.all(range.sourceId, range.fromMs, range.toMs, range.toMs) as BlockRow[]).map((row) =>
      this.#block(row),
    );
  }

  hasBlocks(range: BlockRange): boolean {
    return this.#statements.has.get(range.sourceId, range.fromMs, range.toMs, range.toMs) !== undefined;
  }

  extents(range: BlockRange): { lines: number; timeMinMs: number; timeMaxMs: number }[] {
    return this.#statements.extents.all(range.sourceId, range.fromMs, range.toMs, range.toMs) as {
      lines: number;
      timeMinMs: number;
      timeMaxMs: number;
    }[];
  }

  newest(): number {
    return (this.#statements.newest.get() as number | null) ?? 0;
  }

  extentsSince(block: number): { sourceId: number; timeMinMs: number; timeMaxMs: number }[] {
    return this.#statements.extentsSince.all(block) as { sourceId: number; timeMinMs: number; timeMaxMs: number }[];
  }

  blockAt(sourceId: number, offset: number): Block | null {
    const row = this.#statements.at.get(sourceId, offset) as BlockRow | undefined;
    return row && offset < row.offset + row.bytes ? this.#block(row) : null;
  }

  blockAtLine(sourceId: number, line: number): Block | null {
    const row = this.#statements.atLine.get(sourceId, line) as BlockRow | undefined;
    return row && line < row.first_line + row.lines ? this.#block(row) : null;
  }

  lastBlocks(sourceId: number, bytes: number): Block[] {
    const out: Block[] = [];
    let sum = 0;
    for (const row of this.#statements.last.iterate(sourceId) as IterableIterator<BlockRow>) {
      out.push(this.#block(row));
      sum += row.bytes;
      if (sum >= bytes) break;
    }
    return out;
  }

  #block(row: BlockRow): Block {
    let raw: Buffer | null = null;
    // Undefined: dropped by retention in the meantime.
    const packed = (): Buffer | undefined => this.#statements.raw.get(row.source_id, row.offset) as Buffer | undefined;
    const unpacked = (): Buffer => {
      const bytes = packed();
      return bytes === undefined ? NO_BYTES : unpack(bytes, row.bytes);
    };
    return {
      sourceId: row.source_id,
      offset: row.offset,
      bytes: row.bytes,
      firstLine: row.first_line,
      lines: row.lines,
      timeMinMs: row.time_min ?? Number.NaN,
      timeMaxMs: row.time_max ?? Number.NaN,
      reader: JSON.parse(row.reader),
      referenceMs: row.reference,
      // Fetched when it is asked for: whoever has looked at the block already does not ask.
      get raw() {
        raw ??= unpacked();
        return raw;
      },
      latin1() {
        const bytes = packed();
        return bytes === undefined ? '' : unpackLatin1(bytes, row.bytes);
      },
    };
  }

  storedRange(): { fromMs: number; toMs: number } | null {
    const row = this.#statements.stored.get() as { a: number | null; b: number | null };
    return row.a === null || row.b === null ? null : { fromMs: row.a, toMs: row.b };
  }
}

function readSource(row: { id: number; state: string }): Source {
  return { ...(JSON.parse(row.state) as Omit<Source, 'id'>), id: row.id };
}
