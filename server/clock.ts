/** The one place that knows what time it is; everything pure takes `now` as a value. */
export const now = (): number => Date.now();

/** "2026-11-22T10:00:00.123Z" */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** "5m", "90s", "1h30m" → milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return null;
  let total = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) total += Number(part[1]) * UNITS[part[2]!]!;
  return total;
}

/** ISO 8601, "now", or a distance back from `nowMs` ("6h"); null when it is none. */
export function parseInstant(text: string, nowMs: number): number | null {
  if (text === 'now') return nowMs;
  const back = parseDuration(text);
  if (back !== null) return nowMs - back;
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return null;
  const ms = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  return Number.isNaN(ms) ? null : ms;
}

/** 300000 → "5 min" */
export function spell(ms: number): string {
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000} d`;
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  if (ms % 60_000 === 0) return `${ms / 60_000} min`;
  return `${Math.round(ms / 1000)} s`;
}
