/** One refused request: who refused it and why, how that is known, and what to change. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { Hop, RefusalDetail } from '../../server/api/contract.ts';
import { Copy } from '../components/copy.tsx';
import { ArrowLeftIcon, LAYER_ICONS, LinkIcon } from '../components/icons.tsx';
import { Playbook } from '../components/playbook.tsx';
import { Failed, Waiting } from '../components/states.tsx';
import { CauseLabel, LogText, Moment, RawRecord, Sureness } from '../components/text.tsx';
import { Way } from '../components/way.tsx';
import { CERTAINTY_TITLES, causeTitle, LAYER_TITLES, ROLE_TITLES } from '../data/causes.ts';
import { ApiError } from '../data/client.ts';
import { href, NO_FILTERS, withValue } from '../data/filters.ts';
import { count, duration, inert, percent, plural, utc } from '../data/format.ts';
import { going, useNow, useTitle } from '../data/hooks.ts';
import { useRefusal } from '../data/questions.ts';

const hopId = (h: { file: string; line: number }) => `hop-${encodeURIComponent(`${h.file}-${h.line}`)}`;
const covers = (h: Hop, at: { file: string; line: number }) =>
  h.file === at.file && at.line >= h.line && at.line < h.line + h.lines;
const request = (r: RefusalDetail) => `${r.method ?? 'A request for'} ${r.host ?? ''}${r.path ?? ''}`.trim();

/** "Web server" → "web server", but "WAF" stays. */
const inSentence = (title: string) => title.replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase());
function decider(r: RefusalDetail): string {
  if (r.decidingLayer === 'unknown') return ', and these logs do not show by which layer';
  return ` by the ${inSentence(LAYER_TITLES[r.decidingLayer])}${r.decidingSource ? ` (${r.decidingSource})` : ''}`;
}
/** The cause as the sentence goes on. ": CSRF token missing." */
function because(r: RefusalDetail): string {
  if (r.cause === 'unknown') return r.decidingLayer === 'unknown' ? ' or why.' : ', and these logs do not tell why.';
  return `: ${r.decidingLayer === 'waf' ? causeTitle(r.cause).replace(/^WAF: /, '') : causeTitle(r.cause)}.`;
}

/** The verdict as one line to paste into a ticket. */
export function verdictLine(r: RefusalDetail): string {
  return inert(
    `${request(r)} at ${utc(r.time)} was refused with ${r.status}${decider(r)}${because(r)} ${r.detail} (${CERTAINTY_TITLES[r.certainty].title.toLowerCase()}, ${Math.round(r.confidence * 100)} % sure; cause ${r.cause}, refusal ${r.id})`,
  );
}

function Verdict({ r }: { r: RefusalDetail }) {
  const now = useNow();
  return (
    <section className="card verdict" aria-label="Verdict" data-unknown={r.cause === 'unknown' || undefined}>
      <div className="verdict-meta">
        <CauseLabel cause={r.cause} code />
        <Sureness certainty={r.certainty} confidence={r.confidence} />
        <span className="muted">
          <Moment iso={r.time} now={now} full />
        </span>
      </div>
      <p className="verdict-words">
        <strong className="mono">
          <LogText text={request(r)} />
        </strong>{' '}
        was refused with <strong>{r.status}</strong>
        {r.decidingLayer === 'unknown' ? (
          ', and these logs do not show by which layer'
        ) : (
          <>
            {' '}
            by the <strong>{inSentence(LAYER_TITLES[r.decidingLayer])}</strong>
          </>
        )}
        {because(r)}
      </p>
      <p className="verdict-detail">
        <LogText text={r.detail} />
      </p>
      {r.wouldSettle && (
        <p className="settle">
          <strong>What would settle it:</strong> <LogText text={r.wouldSettle} />
        </p>
      )}
      <div className="verdict-acts">
        <Copy text={verdictLine(r)} label="Copy verdict" what="the verdict" />
        {r.rule && (
          <Link className="fact-link" href={href('/refusals', withValue(NO_FILTERS, 'rule', r.rule))}>
            Rule <LogText text={r.rule} mono />
          </Link>
        )}
      </div>
    </section>
  );
}

function Lines({ r }: { r: RefusalDetail }) {
  const now = useNow();
  return (
    <section className="card" aria-label="Log lines">
      <h2 className="card-title">What each layer logged</h2>
      <ol className="hops">
        {r.chain.map((h) => {
          const Icon = LAYER_ICONS[h.layer];
          const matches = r.evidence.filter((e) => e.match && covers(h, e)).map((e) => e.match!);
          return (
            <li key={`${h.file}:${h.line}`} id={hopId(h)} tabIndex={-1} className="hop" data-role={h.role}>
              <div className="hop-head">
                <span className="hop-layer">
                  <Icon /> {LAYER_TITLES[h.layer]}
                </span>
                <span className={`role role-${h.role}`}>{ROLE_TITLES[h.role]}</span>
                {h.status !== null && (
                  <b className={`num ${h.status >= 400 ? 'status-bad' : 'status-ok'}`}>{h.status}</b>
                )}
                {h.durationMs !== null && <span className="muted num">{duration(h.durationMs)}</span>}
                {h.time && (
                  <span className="muted">
                    <Moment iso={h.time} now={now} />
                  </span>
                )}
                <span className="hop-file">
                  <LogText text={`${h.file}:${h.line}`} mono clip />
                </span>
                <code className="code">{h.dataset}</code>
              </div>
              <RawRecord raw={h.raw} matches={matches} />
              {h.linkedBy && (
                <p className="hop-link muted">
                  <LinkIcon size={12} /> Linked by <LogText text={h.linkedBy} />{' '}
                  <span className="num">({Math.round(h.linkConfidence * 100)} % sure)</span>
                </p>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function EvidenceList({ r }: { r: RefusalDetail }) {
  if (r.evidence.length === 0) return null;
  return (
    <section className="card" aria-label="Evidence">
      <h2 className="card-title">Evidence</h2>
      <ol className="evidence">
        {r.evidence.map((e) => {
          const hop = r.chain.find((h) => covers(h, e));
          const at = <LogText text={`${e.file}:${e.line}`} mono />;
          return (
            <li key={`${e.file}:${e.line}:${e.says}`}>
              <p>
                <LogText text={e.says} />
              </p>
              <p className="evidence-at">
                {hop ? (
                  <a
                    href={`#${hopId(hop)}`}
                    onClick={(ev) => {
                      ev.preventDefault();
                      const to = document.getElementById(hopId(hop));
                      to?.scrollIntoView({ block: 'center' });
                      to?.focus({ preventScroll: true });
                    }}
                  >
                    {at}
                  </a>
                ) : (
                  <span className="muted">{at}</span>
                )}
                {e.documentation &&
                  (/^https?:\/\//.test(e.documentation) ? (
                    <a href={e.documentation} target="_blank" rel="noreferrer noopener">
                      Product documentation
                    </a>
                  ) : (
                    <span className="muted">
                      <LogText text={e.documentation} />
                    </span>
                  ))}
              </p>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Pair({ label, n, of, kind }: { label: string; n: number; of: number; kind: 'refused' | 'passed' }) {
  const share = of > 0 ? n / of : 0;
  return (
    <div className="pair">
      <span className="pair-label">{label}</span>
      <span className="pair-bar" aria-hidden="true">
        <i className={`pair-${kind}`} style={{ width: `${share * 100}%` }} />
      </span>
      <span className="num pair-share">{percent(share)}</span>
      <span className="num muted pair-of">
        {count(n)} of {count(of)}
      </span>
    </div>
  );
}

function Contrast({ r }: { r: RefusalDetail }) {
  if (r.contrast.length === 0) return null;
  return (
    <section className="card" aria-label="Contrast">
      <h2 className="card-title">What refused requests share and others do not</h2>
      <ul className="contrast">
        {r.contrast.map((c) => (
          <li key={`${c.field}=${c.value}`}>
            <p className="contrast-what">
              <span className="muted">{c.field}</span> <LogText text={c.value} mono />
            </p>
            <Pair label="Refused" n={c.refused} of={c.refusedOf} kind="refused" />
            <Pair label="Let through" n={c.passed} of={c.passedOf} kind="passed" />
          </li>
        ))}
      </ul>
    </section>
  );
}

const LONG_CHARS = 400;
/** A value that may be thousands of characters: its beginning, and all of it on request. */
function Long({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  if (text.length <= LONG_CHARS) return <LogText text={text} mono />;
  return (
    <>
      <LogText text={all ? text : `${text.slice(0, LONG_CHARS)}…`} mono />{' '}
      <button type="button" className="text-button" aria-expanded={all} onClick={() => setAll(!all)}>
        {all ? 'Show less' : `Show all ${count(text.length)} characters`}
      </button>
    </>
  );
}

function Facts({ r }: { r: RefusalDetail }) {
  const fact = (name: string, value: string | null) =>
    value === null || value === '' ? null : (
      <div key={name}>
        <dt>{name}</dt>
        <dd>
          <Long text={value} />
        </dd>
      </div>
    );
  return (
    <section className="card" aria-label="Request">
      <h2 className="card-title">Request</h2>
      <dl className="facts">
        {fact('Client', r.client)}
        {fact('User', r.user)}
        {fact('Method', r.method)}
        {fact('Host', r.host)}
        {fact('Path', r.path)}
        {fact('Query', r.query)}
        {fact('Route', r.route)}
        {fact('Protocol', r.protocol)}
        {fact('User agent', r.userAgent)}
        {fact('Referrer', r.referrer)}
        {r.requestIds.map((id, i) => (
          <div key={id}>
            <dt>{i === 0 ? 'Request ids' : ''}</dt>
            <dd>
              <LogText text={id} mono />
            </dd>
          </div>
        ))}
        {fact('Decided in', r.decidingSource)}
        {fact('Refusal', r.id)}
      </dl>
    </section>
  );
}

function Similar({ r }: { r: RefusalDetail }) {
  let same = withValue(NO_FILTERS, 'cause', r.cause);
  if (r.route) same = withValue(same, 'route', r.route);
  return (
    <section className="card" aria-label="Similar refusals">
      <h2 className="card-title">Similar</h2>
      <ul className="similar">
        <li>
          <Link href={href('/refusals', same)}>
            <b className="num">{count(r.similar.sameCauseAndRoute)}</b> with this cause on this route
          </Link>
        </li>
        {r.client && (
          <li>
            <Link href={href('/refusals', withValue(NO_FILTERS, 'client', r.client))}>
              <b className="num">{count(r.similar.sameClient)}</b> of this client
            </Link>
          </li>
        )}
      </ul>
      {r.alternatives.length > 0 && (
        <>
          <h3>Other readings of the evidence</h3>
          <ul className="alternatives">
            {r.alternatives.map((a) => (
              <li key={a.cause}>
                <CauseLabel cause={a.cause} />
                <span className="num muted">{Math.round(a.confidence * 100)} %</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Everything that names a product at the place of decision. "modsecurity.json waf/modsec_audit.log django/django …" */
function aboutDecider(r: RefusalDetail): string {
  const deciding = r.chain.filter((h) => h.layer === r.decidingLayer || h.role === 'decided');
  return [
    ...deciding.flatMap((h) => [h.dataset, h.file]),
    ...r.evidence.flatMap((e) => [e.file, e.documentation ?? '']),
  ]
    .join(' ')
    .toLowerCase();
}

export function RefusalPage({ id }: { id: string }) {
  const query = useRefusal(id);
  const r = query.data;
  useTitle(r ? `${r.method ?? ''} ${r.path ?? ''} refused: ${causeTitle(r.cause)}`.trim() : 'Refusal');
  return (
    <div className="page">
      <div className="page-head">
        <h1 className="crumbs">
          <Link
            href={going.list}
            onClick={(e) => {
              // Back to the very place in the list the reader came from.
              if (going.cameFrom === '/refusals' && !e.metaKey && !e.ctrlKey) {
                e.preventDefault();
                history.back();
              }
            }}
          >
            <ArrowLeftIcon size={14} /> Refusals
          </Link>
          <span className="sr-only">: one refusal</span>
        </h1>
      </div>
      {!r ? (
        query.error ? (
          query.error instanceof ApiError && query.error.status === 404 ? (
            <Failed
              error={
                new ApiError(
                  404,
                  'There is no refusal with this id',
                  'It may be older than what is kept, or from another why403. The search box finds it by request id if it is here.',
                )
              }
            />
          ) : (
            <Failed error={query.error} again={() => void query.refetch()} />
          )
        ) : (
          <Waiting heights={[180, 150, 420]} />
        )
      ) : (
        <>
          <Verdict r={r} />
          <section className="card" aria-label="Way through the layers">
            <h2 className="card-title">The request’s way</h2>
            <Way refusal={r} />
            <p className="way-note muted">
              {r.chain.length === 0
                ? 'No line of this request is kept.'
                : `${plural(r.chain.length, 'log line')} in ${plural(new Set(r.chain.map((h) => h.file)).size, 'file')} tell of this request.`}
            </p>
          </section>
          <div className="split">
            <div className="split-main">
              <EvidenceList r={r} />
              <Contrast r={r} />
              <Lines r={r} />
              <Facts r={r} />
            </div>
            <div className="split-side">
              <section className="card" aria-label="What to do">
                <h2 className="card-title">What to do</h2>
                <Playbook book={r.playbook} about={aboutDecider(r)} />
              </section>
              <Similar r={r} />
            </div>
          </div>
        </>
      )}
    </div>
  );
}
