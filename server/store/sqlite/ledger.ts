/**
 * The ledger in SQLite. A revision deletes the refusals of its time range and writes the new ones, with the
 * marks of its buckets cleared in the same transaction: a kill in between leaves the old answer and the mark.
 */
import { bundle } from '../bundle.ts';
import type { AlertRow, DeliveryRow, Ledger, Revision } from '../ledger.ts';
import type { Db } from './database.ts';
import { RefusalWriter } from './refusals.ts';
import { RAW_HORIZON } from './retention.ts';

export class SqliteLedger implements Ledger {
  readonly #db: Db;
  readonly #statements;
  readonly #refusals: RefusalWriter;

  constructor(db: Db) {
    this.#db = db;
    this.#refusals = new RefusalWriter(db);
    this.#statements = {
      dirty: db.prepare(
        'SELECT bucket, mark FROM (SELECT bucket, mark FROM dirty ORDER BY bucket DESC LIMIT ?) ORDER BY bucket',
      ),
      mark: db.prepare('INSERT INTO dirty (bucket, mark) VALUES (?, 1) ON CONFLICT DO UPDATE SET mark = mark + 1'),
      clean: db.prepare('DELETE FROM dirty WHERE bucket = ? AND mark = ?'),
      share: db.prepare('UPDATE source SET entry_share = ? WHERE id = ?'),
      meta: db.prepare('SELECT value FROM meta WHERE key = ?'),
      setMeta: db.prepare(
        'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      ),
      openAlert: db.prepare(
        "INSERT INTO alert (rule, state, fired_at, value, peak, summary, causes) VALUES (?, 'firing', ?, ?, ?, ?, ?)",
      ),
      updateAlert: db.prepare('UPDATE alert SET value = ?, peak = ? WHERE id = ?'),
      resolveAlert: db.prepare("UPDATE alert SET state = 'resolved', resolved_at = ?, value = ? WHERE id = ?"),
      alertsFiring: db.prepare("SELECT * FROM alert WHERE state = 'firing' ORDER BY fired_at"),
      alerts: db.prepare('SELECT * FROM alert ORDER BY id DESC LIMIT ?'),
      alert: db.prepare('SELECT * FROM alert WHERE id = ?'),
      deliveries: db.prepare('SELECT * FROM delivery WHERE alert_id = ? ORDER BY id'),
      addDelivery: db.prepare(
        "INSERT OR IGNORE INTO delivery (alert_id, event, channel, state, attempts, next_at) VALUES (?, ?, ?, 'pending', 0, ?)",
      ),
      due: db.prepare("SELECT * FROM delivery WHERE state = 'pending' AND next_at <= ? ORDER BY id LIMIT 50"),
      saveDelivery: db.prepare(
        'UPDATE delivery SET state = ?, attempts = ?, next_at = ?, at = ?, error = ? WHERE id = ?',
      ),
    };
  }

  dirty(limit: number): { bucket: number; mark: number }[] {
    return this.#statements.dirty.all(limit) as { bucket: number; mark: number }[];
  }

  markDirty(buckets: number[]): void {
    this.#db.transaction(() => {
      for (const b of buckets) this.#statements.mark.run(b);
    })();
  }

  /** After a change that touches every verdict (a clock was learned): all buckets that hold refusals. */
  markAllDirty(movedMs: number[]): void {
    this.#db.transaction(() => {
      this.#db
        .prepare(
          'INSERT INTO dirty (bucket, mark) SELECT DISTINCT time / 10000 * 10000, 1 FROM refusal WHERE true ON CONFLICT DO UPDATE SET mark = mark + 1',
        )
        .run();
      // All at once, from what was marked before any of them was moved.
      this.#db
        .prepare(
          `INSERT INTO dirty (bucket, mark)
           SELECT DISTINCT (d.bucket + CAST(m.value AS INTEGER) + 5000) / 10000 * 10000, 1 FROM dirty d, json_each(?) m WHERE true
           ON CONFLICT DO UPDATE SET mark = mark + 1`,
        )
        .run(JSON.stringify(movedMs));
    })();
  }

  revise(revision: Revision): void {
    const s = this.#statements;
    const refusals = 'parts' in revision.refusals ? revision.refusals : bundle(revision.refusals);
    this.#db.transaction(() => {
      this.#refusals.replace(revision.fromMs, revision.toMs, refusals);
      for (const d of revision.done) s.clean.run(d.bucket, d.mark);
      s.setMeta.run('revision', String(this.revision() + 1));
    })();
  }

  forget(done: { bucket: number; mark: number }[]): void {
    this.#db.transaction(() => {
      for (const d of done) this.#statements.clean.run(d.bucket, d.mark);
    })();
  }

  rawHorizonMs(): number {
    const value = this.meta(RAW_HORIZON);
    return value === null ? Number.NEGATIVE_INFINITY : Number(value);
  }

  saveShares(shares: { sourceId: number; share: number }[]): void {
    this.#db.transaction(() => {
      for (const s of shares) this.#statements.share.run(s.share, s.sourceId);
    })();
  }

  revision(): number {
    return Number(this.meta('revision') ?? 0);
  }

  meta(key: string): string | null {
    return (this.#statements.meta.get(key) as { value: string } | undefined)?.value ?? null;
  }

  setMeta(key: string, value: string): void {
    this.#statements.setMeta.run(key, value);
  }

  openAlert(alert: Omit<AlertRow, 'id' | 'state' | 'resolvedAtMs'>, channels: string[]): AlertRow {
    return this.#db.transaction(() => {
      const id = Number(
        this.#statements.openAlert.run(
          alert.rule,
          alert.firedAtMs,
          alert.value,
          alert.peak,
          alert.summary,
          JSON.stringify(alert.causes),
        ).lastInsertRowid,
      );
      for (const c of channels) this.#statements.addDelivery.run(id, 'firing', c, alert.firedAtMs);
      return { ...alert, id, state: 'firing' as const, resolvedAtMs: null };
    })();
  }

  updateAlert(id: number, change: { value: number; peak: number }): void {
    this.#statements.updateAlert.run(change.value, change.peak, id);
  }

  resolveAlert(id: number, atMs: number, value: number, channels: string[]): void {
    this.#db.transaction(() => {
      this.#statements.resolveAlert.run(atMs, value, id);
      for (const c of channels) this.#statements.addDelivery.run(id, 'resolved', c, atMs);
    })();
  }

  firing(): AlertRow[] {
    return (this.#statements.alertsFiring.all() as AlertRecord[]).map(readAlert);
  }

  alerts(limit: number): { alert: AlertRow; deliveries: DeliveryRow[] }[] {
    return (this.#statements.alerts.all(limit) as AlertRecord[]).map((row) => ({
      alert: readAlert(row),
      deliveries: (this.#statements.deliveries.all(row.id) as DeliveryRecord[]).map(readDelivery),
    }));
  }

  dueDeliveries(nowMs: number): { delivery: DeliveryRow; alert: AlertRow }[] {
    return (this.#statements.due.all(nowMs) as DeliveryRecord[]).map((row) => ({
      delivery: readDelivery(row),
      alert: readAlert(this.#statements.alert.get(row.alert_id) as AlertRecord),
    }));
  }

  saveDelivery(d: DeliveryRow): void {
    this.#statements.saveDelivery.run(d.state, d.attempts, d.nextAtMs, d.atMs, d.error, d.id);
  }
}

interface AlertRecord {
  id: number;
  rule: string;
  state: 'firing' | 'resolved';
  fired_at: number;
  resolved_at: number | null;
  value: number;
  peak: number;
  summary: string;
  causes: string;
}

interface DeliveryRecord {
  id: number;
  alert_id: number;
  event: 'firing' | 'resolved';
  channel: string;
  state: 'pending' | 'sent' | 'failed';
  attempts: number;
  next_at: number;
  at: number | null;
  error: string | null;
}

function readAlert(r: AlertRecord): AlertRow {
  return {
    id: r.id,
    rule: r.rule,
    state: r.state,
    firedAtMs: r.fired_at,
    resolvedAtMs: r.resolved_at,
    value: r.value,
    peak: r.peak,
    summary: r.summary,
    causes: JSON.parse(r.causes),
  };
}

function readDelivery(r: DeliveryRecord): DeliveryRow {
  return {
    id: r.id,
    alertId: r.alert_id,
    event: r.event,
    channel: r.channel,
    state: r.state,
    attempts: r.attempts,
    nextAtMs: r.next_at,
    atMs: r.at,
    error: r.error,
  };
}
