/** /metrics in Prometheus' text format; made when asked, from what the store and the engine know. */

import { Gauge, Registry } from 'prom-client';
import { isTroubled, unreadBytes } from '../model/line.ts';
import type { Status } from './contract.ts';
import type { Store } from './rows.ts';

export async function metrics(store: Store, status: Status): Promise<{ type: string; text: string }> {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  gauge('why403_refused_requests', 'Refused requests stored').set(
    store.questions.countRefusals({ sinceMs: null, untilMs: null, where: [] }),
  );
  const byCause = gauge('why403_refused_requests_by_cause', 'Refused requests stored, by cause', ['cause']);
  for (const c of store.questions.top({ sinceMs: null, untilMs: null, where: [] }, 'cause', 100))
    byCause.set({ cause: c.key }, c.count);
  const lines = gauge('why403_source_lines', 'Lines read', ['path', 'dataset', 'layer']);
  const unparsed = gauge('why403_source_unparsed_records', 'Records that could not be read', ['path']);
  const behind = gauge('why403_source_bytes_behind', 'Bytes in the file that are not stored yet', ['path']);
  const gap = gauge('why403_source_gap_bytes', 'Bytes destroyed before they could be read', ['path']);
  const troubled = gauge('why403_source_troubled', '1 = unreadable, unrecognised, gone, silent or mostly unparsed', [
    'path',
  ]);
  const newest = gauge('why403_source_newest_event_seconds', 'Unix time of the newest event', ['path']);
  for (const s of store.archive.sources()) {
    gap.set({ path: s.path }, s.gapBytes);
    if (s.ended) continue;
    lines.set({ path: s.path, dataset: s.reader?.dataset ?? '', layer: s.layer }, s.lines);
    unparsed.set({ path: s.path }, s.unparsed);
    behind.set({ path: s.path }, unreadBytes(s));
    troubled.set({ path: s.path }, isTroubled(s) ? 1 : 0);
    if (s.newestEventMs !== null) newest.set({ path: s.path }, (s.newestEventMs + s.clockOffsetMs) / 1000);
  }
  gauge('why403_alerts_firing', 'Alerts that fire').set(store.ledger.firing().length);
  gauge('why403_ingest_lines_per_second', 'Lines stored per second').set(status.ingest.linesPerSecond);
  return { type: registry.contentType, text: await registry.metrics() };
}
