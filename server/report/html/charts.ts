/** Charts as inline SVG, made once and never scripted; the numbers stand in a table behind each. */
import { iso } from '../../clock.ts';
import { categoryOf } from '../../model/taxonomy.ts';
import type { Summary } from '../summary.ts';
import { percent, whole } from './escape.ts';
import { CATEGORIES } from './style.ts';

const WIDTH = 1040;
const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 24;

/** "2026-11-24 14:05" */
export const when = (ms: number): string => `${iso(ms).slice(0, 10)} ${iso(ms).slice(11, 16)}`;
/** With seconds, where bars are shorter than a minute. */
const within = (ms: number, bucketMs: number): string =>
  bucketMs < 60_000 ? `${when(ms)}${iso(ms).slice(16, 19)}` : when(ms);

/** A round number at or above `most`, and the steps to it. */
function scale(most: number): { top: number; step: number } {
  const rough = Math.max(1, most) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? power * 10);
  return { top: Math.ceil(Math.max(1, most) / step) * step, step };
}

function byCategory(counts: Record<string, number>): Map<string, number> {
  const out = new Map<string, number>();
  for (const [cause, n] of Object.entries(counts)) out.set(categoryOf(cause), (out.get(categoryOf(cause)) ?? 0) + n);
  return out;
}

/** Refusals over time, stacked by kind of cause. */
export function overTime(s: Summary): string {
  if (s.series.length === 0 || s.fromMs === null || s.toMs === null) return '';
  const first = Math.floor(s.fromMs / s.bucketMs) * s.bucketMs;
  const slots = Math.max(1, Math.floor((s.toMs - first) / s.bucketMs) + 1);
  const { top, step } = scale(Math.max(...s.series.map((b) => b.refused)));
  const wide = (WIDTH - LEFT) / slots;
  const y = (n: number): number => HEIGHT - (n / top) * (HEIGHT - 12);
  const grid: string[] = [];
  for (let n = 0; n <= top; n += step)
    grid.push(
      `<line class="${n === 0 ? 'axis' : 'grid'}" x1="${LEFT}" x2="${WIDTH}" y1="${y(n).toFixed(1)}" y2="${y(n).toFixed(1)}"/><text x="${LEFT - 8}" y="${(y(n) + 4).toFixed(1)}" text-anchor="end">${whole(n)}</text>`,
    );
  const bars = s.series.map((b) => {
    const x = LEFT + ((b.time - first) / s.bucketMs) * wide;
    const counts = byCategory(b.byCause);
    let below = 0;
    return CATEGORIES.filter((c) => counts.has(c))
      .map((c) => {
        const n = counts.get(c)!;
        const from = y(below + n);
        const height = y(below) - from;
        below += n;
        return `<rect class="f-${c}" x="${(x + 0.5).toFixed(1)}" y="${from.toFixed(1)}" width="${Math.max(1, wide - 1.5).toFixed(1)}" height="${height.toFixed(1)}"><title>${within(b.time, s.bucketMs)}: ${whole(n)} ${c}</title></rect>`;
      })
      .join('');
  });
  const ticks = Math.min(6, slots);
  const times = Array.from({ length: ticks }, (_, i) => {
    const at = first + Math.round((i * slots) / ticks) * s.bucketMs;
    const x = LEFT + ((at - first) / s.bucketMs) * wide;
    return `<text x="${x.toFixed(1)}" y="${HEIGHT + 17}">${within(at, s.bucketMs).slice(5)}</text>`;
  });
  const used = CATEGORIES.filter((c) => s.causes.some((x) => categoryOf(x.cause) === c));
  const label = `Refused requests over time, stacked by kind of cause; at most ${whole(Math.max(...s.series.map((b) => b.refused)))} in one bar`;
  const rows = s.series
    .map(
      (b) =>
        `<tr><td class="t">${within(b.time, s.bucketMs)}</td><td class="n">${whole(b.refused)}</td>${used.map((c) => `<td class="n">${whole(byCategory(b.byCause).get(c) ?? 0)}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<figure class="card"><div class="wide chart" tabindex="0" role="region" aria-label="Chart"><svg viewBox="0 0 ${WIDTH} ${HEIGHT + BOTTOM}" role="img" aria-label="${label}">${grid.join('')}${bars.join('')}${times.join('')}</svg></div><figcaption class="legend">${used.map((c) => `<span><span class="dot c-${c}"></span>${c}</span>`).join('')}</figcaption><details><summary class="quiet">The numbers (each bar is ${spell(s.bucketMs)}, times in UTC)</summary><div class="wide" tabindex="0" role="region" aria-label="Refused requests over time"><table><thead><tr><th>From</th><th class="n">Refused</th>${used.map((c) => `<th class="n">${c}</th>`).join('')}</tr></thead><tbody>${rows}</tbody></table></div></details></figure>`;
}

export function spell(ms: number): string {
  if (ms < 60_000) return `${ms / 1000} s`;
  if (ms < 3_600_000) return `${ms / 60_000} min`;
  return ms < 86_400_000 ? `${ms / 3_600_000} h` : `${ms / 86_400_000} d`;
}

/** One bar of shares, for whom the refusals hit. */
export function shares(parts: { name: string; count: number }[]): string {
  const total = Math.max(
    1,
    parts.reduce((n, p) => n + p.count, 0),
  );
  let x = 0;
  const rects = parts.map((p) => {
    const w = (p.count / total) * 1000;
    const rect = `<rect class="f-${p.name}" x="${x.toFixed(1)}" y="0" width="${Math.max(0, w - 2).toFixed(1)}" height="10"><title>${p.name}: ${whole(p.count)}</title></rect>`;
    x += w;
    return rect;
  });
  const says = parts.map((p) => `${p.name} ${percent(p.count / total)}`).join(', ');
  return `<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${says}">${rects.join('')}</svg>`;
}

export const bar = (share: number): string =>
  `<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4"/><rect class="f-bar" width="${(share * 100).toFixed(1)}" height="4"/></svg>`;

/** The course of one problem in a few bars. */
export function sparkline(counts: number[], category: string): string {
  const most = Math.max(1, ...counts);
  const w = 100 / counts.length;
  const bars = counts
    .map((n, i) => {
      if (n === 0) return '';
      const h = Math.max(2, (n / most) * 28);
      return `<rect class="f-${category}" x="${(i * w).toFixed(2)}" y="${(30 - h).toFixed(1)}" width="${Math.max(0.6, w * 0.8).toFixed(2)}" height="${h.toFixed(1)}"/>`;
    })
    .join('');
  return `<svg viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">${bars}<line class="axis" x1="0" x2="100" y1="30" y2="30" vector-effect="non-scaling-stroke"/></svg>`;
}
