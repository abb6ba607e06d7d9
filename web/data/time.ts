/**
 * Times as people read them, in the zone the reader chose (theirs unless said otherwise). Pure but for that choice;
 * `utc` is what goes into the title attribute everywhere.
 */
import { plural } from './format.ts';

const STORED = 'why403.zone';
const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** "local", "UTC" or the name of a zone. */
let chosen = 'local';
try {
  chosen = localStorage.getItem(STORED) ?? 'local';
} catch {}
const listeners = new Set<() => void>();
export const zoneChoice = () => chosen;
export const localZone = local;
export function chooseZone(zone: string) {
  chosen = zone;
  made = null;
  try {
    localStorage.setItem(STORED, zone);
  } catch {}
  for (const l of listeners) l();
}
export const onZone = (l: () => void) => {
  listeners.add(l);
  return () => listeners.delete(l);
};

function make() {
  const timeZone = chosen === 'local' ? undefined : chosen;
  const of = (options: Intl.DateTimeFormatOptions) => {
    try {
      return new Intl.DateTimeFormat(undefined, { ...options, timeZone });
    } catch {
      return new Intl.DateTimeFormat(undefined, options);
    }
  };
  return {
    clock: of({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    minute: of({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    day: of({ day: 'numeric', month: 'short' }),
    dayYear: of({ day: 'numeric', month: 'short', year: 'numeric' }),
    parts: of({
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
    name: of({ timeZoneName: 'short' }),
  };
}
let made: ReturnType<typeof make> | null = null;
function formats() {
  made ??= make();
  return made;
}

export const timeOfDay = (iso: string) => formats().clock.format(new Date(iso));
export const zoneName = () =>
  formats()
    .name.formatToParts(new Date())
    .find((p) => p.type === 'timeZoneName')?.value ?? '';
/** What the clock on the wall shows, as if it were UTC: for rounding to hours and days. */
export function wallMs(ms: number): number {
  const p: Record<string, number> = {};
  for (const { type, value } of formats().parts.formatToParts(ms)) p[type] = Number(value);
  return Date.UTC(p.year!, p.month! - 1, p.day, p.hour, p.minute, p.second);
}
/** "2026-11-24T14:02", as a field for date and time wants it. */
export const wallField = (iso: string) => new Date(wallMs(Date.parse(iso))).toISOString().slice(0, 16);
/** The instant at which the wall clock shows this; null = no time. */
export function fromWallField(field: string): string | null {
  const asUtc = Date.parse(`${field}Z`);
  if (Number.isNaN(asUtc)) return null;
  const near = asUtc - (wallMs(asUtc) - asUtc);
  return new Date(asUtc - (wallMs(near) - near)).toISOString();
}

export function dayOf(iso: string, now: number): string {
  const year = (ms: number) => new Date(wallMs(ms)).getUTCFullYear();
  return year(Date.parse(iso)) === year(now) ? formats().day.format(new Date(iso)) : dayYearOf(iso);
}
const dayYearOf = (iso: string) => formats().dayYear.format(new Date(iso));
const isToday = (iso: string, now: number) => dayYearOf(iso) === formats().dayYear.format(now);
/** "14:02:33" today, "23 Nov, 14:02:33" otherwise. */
export function moment(iso: string, now: number): string {
  return isToday(iso, now) ? timeOfDay(iso) : `${dayOf(iso, now)}, ${timeOfDay(iso)}`;
}
/** The same without seconds. */
export function shortMoment(iso: string, now: number): string {
  const minute = formats().minute.format(new Date(iso));
  return isToday(iso, now) ? minute : `${dayOf(iso, now)}, ${minute}`;
}
export function fullMoment(iso: string): string {
  const ms = String(new Date(iso).getMilliseconds()).padStart(3, '0');
  return `${dayYearOf(iso)}, ${timeOfDay(iso)}.${ms}`;
}
export function ago(iso: string, now: number): string {
  const s = Math.round((now - Date.parse(iso)) / 1000);
  if (s < -5) return moment(iso, now);
  if (s < 10) return 'just now';
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ago`;
  const days = Math.floor(s / 86_400);
  return days < 30 ? `${plural(days, 'day')} ago` : dayOf(iso, now);
}
export const utc = (iso: string) => `${new Date(iso).toISOString().replace('T', ' ').replace('Z', '')} UTC`;

/** Axis label for a bucket. */
export function tick(iso: string, spanMs: number): string {
  const d = new Date(iso);
  if (spanMs <= 36 * 3_600_000) return formats().minute.format(d);
  if (spanMs <= 4 * 86_400_000) return `${formats().day.format(d)} ${formats().minute.format(d)}`;
  return formats().day.format(d);
}
