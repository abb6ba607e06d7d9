/**
 * The ledger: small, transactional, always SQLite. Verdicts, what has to be linked again, alerts and their
 * deliveries. A revision replaces the refusals of its buckets; it never adds to them.
 */
import type { Refusal } from '../model/request.ts';
import type { Bundle } from './bundle.ts';

export interface AlertRow {
  id: number;
  rule: string;
  state: 'firing' | 'resolved';
  firedAtMs: number;
  resolvedAtMs: number | null;
  value: number;
  peak: number;
  summary: string;
  causes: { cause: string; count: number }[];
}

export interface DeliveryRow {
  id: number;
  alertId: number;
  event: 'firing' | 'resolved';
  channel: string;
  state: 'pending' | 'sent' | 'failed';
  attempts: number;
  nextAtMs: number;
  atMs: number | null;
  error: string | null;
}

export interface Revision {
  /** Event-time buckets that this revision speaks for: their refusals are replaced. */
  fromMs: number;
  toMs: number;
  refusals: Bundle | readonly Refusal[];
  /** Buckets whose marks were seen before the computation began. */
  done: { bucket: number; mark: number }[];
}

export interface Ledger {
  /** The newest marked buckets, in order of time. */
  dirty(limit: number): { bucket: number; mark: number }[];
  markDirty(buckets: number[]): void;
  /** All stored refusals are to be judged again; `movedMs`: clocks were moved by so much, and the lines of what is marked with them. */
  markAllDirty(movedMs: number[]): void;
  revise(revision: Revision): void;
  /** Clears marks without a new answer: the lines behind them are no longer kept. */
  forget(done: { bucket: number; mark: number }[]): void;
  /** Raw lines before this time are gone; -Infinity = all are kept. */
  rawHorizonMs(): number;
  /** Share of a source's access lines that no outer log has: 1 = requests enter here, 0 = all come through another layer. */
  saveShares(shares: { sourceId: number; share: number }[]): void;
  /** A small number that grows with every revision: what the page asks for again. */
  revision(): number;
  meta(key: string): string | null;
  setMeta(key: string, value: string): void;

  openAlert(alert: Omit<AlertRow, 'id' | 'state' | 'resolvedAtMs'>, channels: string[]): AlertRow;
  updateAlert(id: number, change: { value: number; peak: number }): void;
  resolveAlert(id: number, atMs: number, value: number, channels: string[]): void;
  firing(): AlertRow[];
  alerts(limit: number): { alert: AlertRow; deliveries: DeliveryRow[] }[];
  dueDeliveries(nowMs: number): { delivery: DeliveryRow; alert: AlertRow }[];
  saveDelivery(delivery: DeliveryRow): void;
}
