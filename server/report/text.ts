/** The report for a terminal: at most one screen, plain characters, hostile text made visible. */
import { iso } from '../clock.ts';
import { plain } from '../model/mask.ts';
import type { Summary } from './summary.ts';

const BARS = '▁▂▃▄▅▆▇█';

export function textReport(
  s: Summary,
  sources: { path: string; dataset: string; lines: number; unparsed: number }[],
): string {
  const out: string[] = [];
  if (s.refused === 0) {
    out.push(`No refused request in ${s.requests.toLocaleString('en')} requests.`);
  } else {
    const share =
      s.requests > 0
        ? ` of ${s.requests.toLocaleString('en')} requests (${((100 * s.refused) / s.requests).toFixed(1)} %)`
        : '';
    out.push(`${s.refused.toLocaleString('en')} refused${share}`);
    out.push(`${iso(s.fromMs!).slice(0, 19)}Z to ${iso(s.toMs!).slice(0, 19)}Z`);
    const most = Math.max(...s.series.map((b) => b.refused));
    const slots: string[] = [];
    for (let t = s.series[0]!.time; t <= s.series[s.series.length - 1]!.time; t += s.bucketMs) {
      const n = s.series.find((b) => b.time === t)?.refused ?? 0;
      slots.push(n === 0 ? ' ' : BARS[Math.min(7, Math.floor((n / most) * 7.99))]!);
    }
    out.push(
      `${slots.join('')}  at most ${most} in ${s.bucketMs >= 60_000 ? `${s.bucketMs / 60_000} min` : `${s.bucketMs / 1000} s`}`,
      '',
    );
    out.push(row(['CAUSE', 'COUNT', 'SHARE', 'DECIDED BY', 'MOST ON'], [34, 7, 7, 14, 0]));
    for (const c of s.causes) {
      out.push(
        row(
          [
            `${c.cause.padEnd(21)}`.slice(0, 34),
            String(c.count),
            `${((100 * c.count) / s.refused).toFixed(1)} %`,
            c.layers.slice(0, 2).join(', '),
            c.routes
              .slice(0, 2)
              .map((r) => plain(r.key))
              .join('  ')
              .slice(0, 60),
          ],
          [34, 7, 7, 14, 0],
        ),
      );
    }
    out.push(
      '',
      `Clients  ${s.clients
        .slice(0, 5)
        .map((c) => `${plain(c.key)} (${c.count})`)
        .join('  ')}`,
    );
    out.push(
      `Routes   ${s.routes
        .slice(0, 5)
        .map((c) => `${plain(c.key).slice(0, 40)} (${c.count})`)
        .join('  ')}`,
    );
  }
  out.push('', `Read ${sources.length} log${sources.length === 1 ? '' : 's'}:`);
  for (const x of sources) {
    out.push(
      `  ${plain(x.path)}  ${x.dataset}  ${x.lines.toLocaleString('en')} lines${x.unparsed > 0 ? `, ${x.unparsed} not readable` : ''}`,
    );
  }
  return `${out.join('\n')}\n`;
}

function row(cells: string[], widths: number[]): string {
  return cells
    .map((c, i) => (i === 1 || i === 2 ? c.padStart(widths[i]!) : widths[i] === 0 ? c : c.padEnd(widths[i]!)))
    .join('  ')
    .trimEnd();
}
