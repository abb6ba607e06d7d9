/** One self-contained file: opens without a server and asks for nothing from elsewhere. Every text from a log is escaped. */
import { iso } from '../clock.ts';
import { categoryOf } from '../model/taxonomy.ts';
import type { ReportRecord } from './record.ts';
import type { Summary } from './summary.ts';

/** Same hues as the page (web/data/causes.ts), readable on light and dark ground and by colour-blind readers. */
const COLOURS: Record<string, string> = {
  permission: '#4c6ef5',
  credential: '#1c9ac0',
  csrf: '#12a58c',
  origin: '#7a9a01',
  address: '#d9860b',
  waf: '#d6336c',
  limit: '#9c5fd6',
  config: '#8d6e53',
  gateway: '#e0603a',
  app: '#6c7a89',
  unknown: '#a3a9b0',
};

export const escapeHtml = (t: string): string =>
  t
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

export function htmlHead(s: Summary, made: number): string {
  const share = s.requests > 0 ? ((100 * s.refused) / s.requests).toFixed(1) : '–';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>why403: ${s.refused} refused requests</title><style>${STYLE}</style></head><body><main>
<header><h1>why<b>403</b></h1><p>${s.fromMs === null ? '' : `${iso(s.fromMs).slice(0, 19)}Z to ${iso(s.toMs!).slice(0, 19)}Z`} · made ${iso(made).slice(0, 19)}Z</p></header>
<section class="figures"><div><b>${s.refused.toLocaleString('en')}</b>refused</div><div><b>${s.requests.toLocaleString('en')}</b>requests</div><div><b>${share} %</b>of requests</div></section>
${chart(s)}
<h2>Causes</h2><table><thead><tr><th>Cause</th><th class="n">Refused</th><th class="n">Share</th><th>Decided by</th><th>Most on</th></tr></thead><tbody>
${s.causes.map((c) => `<tr><td><i style="background:${COLOURS[categoryOf(c.cause)]}"></i>${escapeHtml(c.title)} <code>${c.cause}</code></td><td class="n">${c.count}</td><td class="n">${((100 * c.count) / Math.max(1, s.refused)).toFixed(1)} %</td><td>${escapeHtml(c.layers.join(', '))}</td><td><bdi>${escapeHtml(c.routes[0]?.key ?? '')}</bdi></td></tr>`).join('\n')}
</tbody></table>
<h2>Refused requests</h2><div class="wide"><table><thead><tr><th>Time (UTC)</th><th>Client</th><th>Request</th><th>Cause</th><th>Layer</th><th class="n">Confidence</th><th>Why</th></tr></thead><tbody>
`;
}

export function htmlRow(r: ReportRecord): string {
  return `<tr><td class="t">${r.time.slice(0, 23).replace('T', ' ')}</td><td>${escapeHtml(r.client ?? '')}</td><td><bdi>${escapeHtml(`${r.method ?? ''} ${r.path ?? ''}`)}</bdi></td><td><i style="background:${COLOURS[categoryOf(r.cause)]}"></i>${r.cause}</td><td>${r.decidingLayer}</td><td class="n">${Math.round(r.confidence * 100)} %</td><td><bdi>${escapeHtml(r.detail)}</bdi><small>${r.evidence[0] ? escapeHtml(`${r.evidence[0].file}:${r.evidence[0].line}`) : ''}</small></td></tr>\n`;
}

export function htmlTail(shown: number, total: number): string {
  const more = total > shown ? `<p>The first ${shown} of ${total}; <code>--format jsonl</code> has all.</p>` : '';
  return `</tbody></table></div>${more}</main></body></html>\n`;
}

function chart(s: Summary): string {
  if (s.series.length === 0) return '<p>No refused request in these logs.</p>';
  const width = 960;
  const height = 180;
  const first = s.series[0]!.time;
  const slots = Math.max(1, Math.round((s.series[s.series.length - 1]!.time - first) / s.bucketMs) + 1);
  const most = Math.max(...s.series.map((b) => b.refused));
  const w = width / slots;
  const bars = s.series.map((b) => {
    const x = ((b.time - first) / s.bucketMs) * w;
    const categories = new Map<string, number>();
    for (const [cause, n] of Object.entries(b.byCause))
      categories.set(categoryOf(cause), (categories.get(categoryOf(cause)) ?? 0) + n);
    let y = height;
    return Object.keys(COLOURS)
      .filter((c) => categories.has(c))
      .map((c) => {
        const h = (categories.get(c)! / most) * (height - 10);
        y -= h;
        return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(1, w - 1).toFixed(1)}" height="${h.toFixed(1)}" fill="${COLOURS[c]}"><title>${iso(b.time)}: ${categories.get(c)} ${c}</title></rect>`;
      })
      .join('');
  });
  const used = Object.keys(COLOURS).filter((c) => s.causes.some((x) => categoryOf(x.cause) === c));
  return `<figure><svg viewBox="0 0 ${width} ${height + 22}" role="img" aria-label="Refused requests over time, stacked by kind of cause; at most ${most} at once">${bars.join('')}<line x1="0" x2="${width}" y1="${height}" y2="${height}" class="axis"/><text x="0" y="${height + 16}">${iso(first).slice(0, 19)}Z</text><text x="${width}" y="${height + 16}" text-anchor="end">${iso(s.series[s.series.length - 1]!.time).slice(0, 19)}Z</text><text x="0" y="11">${most}</text></svg><figcaption>${used.map((c) => `<span><i style="background:${COLOURS[c]}"></i>${c}</span>`).join('')}</figcaption></figure>`;
}

const STYLE = `:root{color-scheme:light dark;--g:#fff;--t:#1c2128;--m:#5b6570;--l:#e3e6ea}@media(prefers-color-scheme:dark){:root{--g:#14171b;--t:#e6e9ec;--m:#9aa4af;--l:#2b3138}}body{margin:0;background:var(--g);color:var(--t);font:14px/1.5 system-ui,sans-serif}main{max-width:1080px;margin:0 auto;padding:24px 16px}header{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:baseline}h1{font-weight:500;margin:0;font-size:24px}h2{font-size:16px;margin:32px 0 8px}p,small,figcaption{color:var(--m)}small{display:block}.figures{display:flex;gap:32px;margin:16px 0 24px;color:var(--m);flex-wrap:wrap}.figures b{display:block;font-size:28px;color:var(--t);font-weight:600;font-variant-numeric:tabular-nums}figure{margin:0}svg{width:100%;height:auto;display:block}svg text{font-size:12px;fill:var(--m)}.axis{stroke:var(--l)}figcaption span{margin-right:16px;white-space:nowrap}i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--l);vertical-align:top}th{color:var(--m);font-weight:500;font-size:12px}.n{text-align:right;font-variant-numeric:tabular-nums}.t{white-space:nowrap;font-variant-numeric:tabular-nums}bdi{overflow-wrap:anywhere}.wide{overflow-x:auto}code{font-size:12px;color:var(--m)}`;
