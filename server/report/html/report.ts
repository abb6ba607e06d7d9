/**
 * `report --format html`: one file that opens without a server, runs no script and asks nobody for anything. The same
 * figures as the page: the course of refusals, what they consist of, and every problem with its verdict, the way of
 * one of its requests, the raw lines that prove it, and what to change. Every text from a log is escaped.
 */
import { playbookFor } from '../../attribute/playbook/index.ts';
import { iso } from '../../clock.ts';
import { AUDIENCE_SAYS, AUDIENCES } from '../../model/audience.ts';
import { maskText } from '../../model/mask.ts';
import type { Refusal } from '../../model/request.ts';
import { CAUSES, type Cause, categoryOf, isCause } from '../../model/taxonomy.ts';
import { lifeOf } from '../../problem/state.ts';
import type { Archive } from '../../store/archive.ts';
import type { ProblemRecord } from '../../store/problems.ts';
import type { Filter, Questions } from '../../store/questions.ts';
import { playbookFacts } from '../facts.ts';
import { rawOf } from '../raw.ts';
import { summarize } from '../summary.ts';
import { bar, overTime, shares, sparkline, when } from './charts.ts';
import { bdi, esc, escMarked, percent, whole } from './escape.ts';
import { POLICY, STYLE } from './style.ts';

/** Problems shown with everything, those that harm people first; the others are listed in a line each. */
const PROBLEMS_SHOWN = 60;
const PROBLEMS_LISTED = 2000;
/** Refusals of each that are listed. */
const ROWS_SHOWN = 10;
const TOP = 8;
const SPARK_BARS = 40;
const HOUR_MS = 3_600_000;

export interface HtmlReport {
  archive: Archive;
  questions: Questions;
  filter: Filter;
  sources: { path: string; dataset: string; lines: number; unparsed: number }[];
  /** When it is made, ms. */
  now: number;
  version: string;
}

/** The file in pieces, in order. */
export function* htmlReport(r: HtmlReport): Generator<string> {
  const { questions, filter } = r;
  const s = summarize(questions, filter);
  const audience = questions.countByAudience(filter);
  const share = s.requests > 0 ? percent(Math.min(1, s.refused / s.requests)) : '–';
  const period = s.fromMs === null ? '' : `${when(s.fromMs)} to ${when(s.toMs!)} UTC`;
  yield `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><title>why403: ${whole(s.refused)} refused requests</title><style>${STYLE}</style></head><body><main>
<header class="top"><h1>why<b>403</b></h1><p class="quiet">${period}</p></header>
<dl class="figures"><div><dt>Refused requests</dt><dd>${whole(s.refused)}</dd></div><div><dt>of all requests</dt><dd>${share} <small>of ${whole(s.requests)}</small></dd></div><div><dt><span class="dot c-harmed"></span>People and partners</dt><dd>${whole(audience.harmed)}</dd></div><div><dt><span class="dot c-noise"></span>Scanners</dt><dd>${whole(audience.noise)}</dd></div><div><dt><span class="dot c-undecided"></span>Not told</dt><dd>${whole(audience.undecided)}</dd></div></dl>
`;
  if (s.refused === 0) yield '<p class="card">No request was refused in these logs.</p>\n';
  else {
    yield `<section aria-label="Over time">${overTime(s)}</section>\n<h2>What they consist of</h2><div class="tops">\n`;
    const tops = questions.tops(filter, ['layer', 'route', 'client', 'host', 'user', 'rule'] as const, TOP);
    yield topList(
      'Causes',
      s.causes.slice(0, TOP).map((c) => ({
        html: `<span class="dot c-${categoryOf(c.cause)}"></span>${esc(c.title)} <code class="quiet">${c.cause}</code>`,
        count: c.count,
      })),
      s.refused,
    );
    for (const [title, list] of [
      ['Deciding layers', tops.layer],
      ['Routes', tops.route],
      ['Clients', tops.client],
      ['Hosts', tops.host],
      ['Users', tops.user],
      ['Rules', tops.rule],
    ] as const)
      yield topList(
        title,
        list.map((t) => ({ html: bdi(t.key, 120), count: t.count })),
        s.refused,
      );
    yield '</div>\n';
    yield* problems(r, s.fromMs!, s.toMs!);
  }
  const sources = r.sources
    .map(
      (x) =>
        `<tr><td>${bdi(x.path)}</td><td>${esc(x.dataset)}</td><td class="n">${whole(x.lines)}</td><td class="n">${whole(x.unparsed)}</td></tr>`,
    )
    .join('');
  yield `<h2>Logs that were read</h2><div class="card wide" tabindex="0" role="region" aria-label="Logs that were read"><table><thead><tr><th>File</th><th>Format</th><th class="n">Lines</th><th class="n">Not readable</th></tr></thead><tbody>${sources}</tbody></table></div>
<footer><p>Made ${iso(r.now).slice(0, 19)}Z by why403 ${esc(r.version)}. Times are UTC; secrets are masked.</p></footer></main></body></html>
`;
}

function topList(title: string, items: { html: string; count: number }[], total: number): string {
  if (items.length === 0) return '';
  const most = Math.max(1, items[0]!.count);
  const rows = items
    .map(
      (i) =>
        `<li><div class="row"><span>${i.html}</span><span>${whole(i.count)} <small>${percent(i.count / Math.max(1, total))}</small></span></div>${bar(i.count / most)}</li>`,
    )
    .join('');
  return `<section class="card"><h3>${title}</h3><ol>${rows}</ol></section>\n`;
}

function* problems(r: HtmlReport, fromMs: number, toMs: number): Generator<string> {
  const { questions, filter } = r;
  const counted = questions.top(filter, 'problem', PROBLEMS_LISTED);
  const found = counted
    .map(({ key, count }) => ({ p: questions.problem(key), count }))
    .filter((x): x is { p: ProblemRecord; count: number } => x.p !== null)
    .sort((a, b) => b.p.byAudience.harmed - a.p.byAudience.harmed || b.count - a.count);
  const shown = found.slice(0, PROBLEMS_SHOWN);
  yield `<h2>${counted.length === 1 ? 'The problem' : `${whole(counted.length)} problems`}</h2><p class="quiet">Refusals with one cause, decided in one place, on one route, by one rule. Those that hit people and partners come first.</p>\n`;
  const bucketMs = Math.max(HOUR_MS, Math.ceil((toMs - fromMs) / SPARK_BARS / HOUR_MS) * HOUR_MS);
  const from = Math.floor(fromMs / bucketMs) * bucketMs;
  const bars = Math.max(1, Math.floor((toMs - from) / bucketMs) + 1);
  const course = new Map<string, number[]>();
  for (const x of questions.problemSeries(
    shown.map((y) => y.p.id),
    from,
    toMs + 1,
    bucketMs,
  )) {
    const list = course.get(x.id) ?? new Array<number>(bars).fill(0);
    const i = Math.floor((x.bucket - from) / bucketMs);
    if (i >= 0 && i < bars) list[i]! += x.harmed + x.noise + x.undecided;
    course.set(x.id, list);
  }
  let isFirst = true;
  for (const { p, count } of shown) {
    yield problem(r, p, count, course.get(p.id) ?? [], toMs, isFirst);
    isFirst = false;
  }
  const rest = found.slice(PROBLEMS_SHOWN);
  if (rest.length === 0) return;
  const rows = rest
    .map(
      ({ p, count }) =>
        `<tr><td><span class="dot c-${categoryOf(p.cause)}"></span>${esc(p.cause)}</td><td>${esc(p.layer)}</td><td>${bdi(p.route, 160)}</td><td>${bdi(p.rule, 80)}</td><td class="n">${whole(count)}</td></tr>`,
    )
    .join('');
  yield `<details class="card"><summary>${whole(rest.length)} smaller problems</summary><div class="wide" tabindex="0" role="region" aria-label="Smaller problems"><table><thead><tr><th>Cause</th><th>Layer</th><th>Route</th><th>Rule</th><th class="n">Refused</th></tr></thead><tbody>${rows}</tbody></table></div></details>\n`;
}

function problem(
  r: HtmlReport,
  p: ProblemRecord,
  count: number,
  course: number[],
  toMs: number,
  isOpen: boolean,
): string {
  const cause: Cause = isCause(p.cause) ? p.cause : 'unknown';
  const life = lifeOf(p, toMs);
  const filter: Filter = {
    ...r.filter,
    where: [...r.filter.where, { field: 'problem', in: [p.id], not: [] }],
  };
  const rows = r.questions.refusals(filter, { after: null, limit: ROWS_SHOWN, order: 'newest' });
  const sample = rows.find((x) => x.verdict.evidence.length > 0) ?? rows[0];
  const where = [p.layer === 'unknown' ? 'layer not told' : p.layer, p.source].filter((x) => x !== null).join(' · ');
  const parts = AUDIENCES.map((name) => ({ name, count: p.byAudience[name] }));
  return `<details class="problem"${isOpen ? ' open' : ''}><summary><h3><span class="dot c-${categoryOf(cause)}"></span>${esc(CAUSES[cause])} <span class="quiet">on ${p.route === '' ? 'many paths' : bdi(p.route, 120)}</span></h3><div class="sub"><span class="pill ${life.state}">${life.state}</span>${bdi(where, 200)}${p.rule === null ? '' : ` · rule ${bdi(p.rule, 80)}`}</div><div class="spark">${course.length > 0 ? sparkline(course, categoryOf(cause)) : ''}</div><div class="count">${whole(count)}<small>${whole(p.clients)} client${p.clients === 1 ? '' : 's'}</small></div></summary><div class="inside">
<dl class="facts"><div><dt>First seen</dt><dd>${when(p.firstMs)}</dd></div><div><dt>Last seen</dt><dd>${when(p.lastMs)}</dd></div>${life.cameBackMs === null ? '' : `<div><dt>Came back</dt><dd>${when(life.cameBackMs)}</dd></div>`}<div><dt>Whom it hits</dt><dd>${parts
    .filter((x) => x.count > 0)
    .map((x) => `<span class="dot c-${x.name}"></span>${whole(x.count)} ${x.name}`)
    .join(' ')}</dd></div></dl>${shares(parts)}
${sample === undefined ? '' : explained(r.archive, sample, cause)}${table(rows, count)}</div></details>\n`;
}

/** One refusal of it in full: verdict, way, evidence, what to do. */
function explained(archive: Archive, x: Refusal, cause: Cause): string {
  const v = x.verdict;
  const raws = new Map(x.chain.map((h) => [`${h.path}:${h.line}`, maskText(rawOf(archive, h))]));
  const marks = new Map(v.evidence.map((e) => [`${e.path}:${e.line}`, e.match]));
  const way = x.chain
    .map((h) => {
      const key = `${h.path}:${h.line}`;
      return `<li class="${h.role}"><strong>${esc(h.layer)}</strong> ${esc(h.role)} <small><bdi>${esc(h.path)}:${h.line}</bdi>${h.status === null ? '' : ` · ${h.status}`}${h.link.kind === 'anchor' ? '' : ` · ${esc(h.link.says)}`}</small><pre tabindex="0" aria-label="Raw record">${escMarked(raws.get(key) ?? '', marks.get(key) ?? null)}</pre></li>`;
    })
    .join('');
  const evidence = v.evidence
    .map(
      (e) =>
        `<li><bdi>${esc(e.says)}</bdi> <small><bdi>${esc(e.path)}:${e.line}</bdi>${e.documentation === null ? '' : ` · ${documentation(e.documentation)}`}</small></li>`,
    )
    .join('');
  const contrast = v.contrast
    .map(
      (c) =>
        `<tr><td>${bdi(c.field)}</td><td>${bdi(c.value, 160)}</td><td class="n">${whole(c.refused)} of ${whole(c.refusedOf)}</td><td class="n">${whole(c.passed)} of ${whole(c.passedOf)}</td></tr>`,
    )
    .join('');
  const alternatives =
    v.alternatives.length === 0
      ? ''
      : `<p class="quiet">Less likely: ${v.alternatives.map((a) => `${esc(CAUSES[a.cause])} (${percent(a.confidence)})`).join(', ')}.</p>`;
  const reasons = x.audience.reasons.map((reason) => AUDIENCE_SAYS[reason]).join('; ');
  const book = playbookFor(cause, playbookFacts(x));
  const list = (title: string, items: string[]): string =>
    items.length === 0 ? '' : `<h4>${title}</h4><ul>${items.map((i) => `<li>${esc(i)}</li>`).join('')}</ul>`;
  const fixes = book.fix
    .map(
      (f) =>
        `<div class="fix"><p>${f.product === null ? '' : `<strong>${esc(f.product)}</strong> `}${esc(f.text)}</p>${f.snippet === null ? '' : `<pre tabindex="0" aria-label="What to change">${escMarked(f.snippet, null)}</pre>`}</div>`,
    )
    .join('');
  return `<p class="verdict"><bdi>${esc(v.detail)}</bdi></p><p class="quiet">${esc(v.certainty)}, ${percent(v.confidence)} sure${reasons === '' ? '' : ` · ${esc(reasons)}`}</p>${alternatives}${v.wouldSettle === null ? '' : `<p class="quiet">What would settle it: ${esc(v.wouldSettle)}</p>`}
<h4>The way of one request: ${bdi(`${x.method ?? ''} ${x.path ?? ''}`, 160)}</h4><ol class="way">${way}</ol>
${evidence === '' ? '' : `<h4>Evidence</h4><ul>${evidence}</ul>`}
${contrast === '' ? '' : `<h4>Refused against let through</h4><div class="wide" tabindex="0" role="region" aria-label="Refused against let through"><table><thead><tr><th>Field</th><th>Value</th><th class="n">Refused</th><th class="n">Let through</th></tr></thead><tbody>${contrast}</tbody></table></div>`}
<h4>What it means</h4><p>${esc(book.meaning)}</p>${list('How to be sure', book.confirm)}<h4>What to change</h4>${fixes}${list('So that it does not come back', book.prevent)}${list('What not to do', book.doNot)}`;
}

const documentation = (text: string): string =>
  /^https:\/\/[^\s"'<>]+$/.test(text)
    ? `<a href="${esc(text, 2000)}" rel="noreferrer noopener">documentation</a>`
    : esc(text);

function table(rows: Refusal[], total: number): string {
  const body = rows
    .map(
      (x) =>
        `<tr><td class="t">${iso(x.timeMs).slice(0, 19).replace('T', ' ')}</td><td>${bdi(x.client)}</td><td>${bdi(x.user, 80)}</td><td class="r">${bdi(`${x.method ?? ''} ${x.path ?? ''}${x.query === null ? '' : `?${x.query}`}`, 240)}</td><td class="r">${bdi(x.userAgent, 160)}</td></tr>`,
    )
    .join('');
  return `<h4>${total > rows.length ? `The newest ${rows.length} of ${whole(total)}` : 'All of them'}</h4><div class="wide" tabindex="0" role="region" aria-label="Refused requests"><table><thead><tr><th>Time (UTC)</th><th>Client</th><th>User</th><th>Request</th><th>User agent</th></tr></thead><tbody>${body}</tbody></table></div>`;
}
