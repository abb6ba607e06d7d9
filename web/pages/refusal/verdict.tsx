/** The verdict in a sentence: who refused it, why, how that is known, whom it hit; with a copy for the ticket. */
import { Link } from 'wouter';
import type { RefusalDetail } from '../../../server/api/contract.ts';
import { Copy } from '../../components/copy.tsx';
import { ArrowDownIcon } from '../../components/icons.tsx';
import { Long } from '../../components/long.tsx';
import { problemHref } from '../../components/problem-bits.tsx';
import { AudienceLabel, CauseLabel, LogText, Moment, Sureness } from '../../components/text.tsx';
import { AUDIENCE_TITLES, CERTAINTY_TITLES, causeTitle, LAYER_TITLES } from '../../data/causes.ts';
import { href, NO_FILTERS, withValue } from '../../data/filters.ts';
import { inert, middle, plural, shorten } from '../../data/format.ts';
import { useNow } from '../../data/hooks.ts';
import { utc } from '../../data/time.ts';

const REQUEST_CHARS_MAX = 240;
const request = (r: RefusalDetail) =>
  middle(`${r.method ?? 'A request for'} ${r.host ?? ''}${r.path ?? ''}`.trim(), REQUEST_CHARS_MAX);

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

/** The verdict as a support desk would write it. */
export function verdictLine(r: RefusalDetail): string {
  const who = r.user ? ` by ${r.user}` : r.client ? ` from ${r.client}` : '';
  const sure = `${CERTAINTY_TITLES[r.certainty].says.toLowerCase()}, ${Math.round(r.confidence * 100)} % sure`;
  return inert(
    `${request(r)}${who} at ${utc(r.time)} was refused with ${r.status}${decider(r)}${because(r)} ${shorten(r.detail, 1000).replace(/\.?$/, '.')} (${sure}; cause ${r.cause}; ${location.origin}/refusals/${r.id})`,
  );
}

/** The playbook stands below or beside; this is the short way to it, with the focus. */
function toPlaybook() {
  const to = document.getElementById('what-to-do');
  to?.scrollIntoView({ block: 'start' });
  to?.focus({ preventScroll: true });
}

/** Whom it hit, and what tells so. */
function Whom({ r }: { r: RefusalDetail }) {
  const reasons = r.audienceReasons.map((a) => a.says);
  return (
    <p className="whom">
      <AudienceLabel audience={r.audience} />
      <span>
        {AUDIENCE_TITLES[r.audience].one}
        {reasons.length > 0 ? (
          <>
            {': '}
            <LogText text={`${reasons.join('; ')}.`} />
          </>
        ) : (
          '.'
        )}
      </span>
    </p>
  );
}

export function Verdict({ r }: { r: RefusalDetail }) {
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
        <Long text={r.detail} />
      </p>
      <Whom r={r} />
      {r.wouldSettle && (
        <p className="settle">
          <strong>What would settle it:</strong> <Long text={r.wouldSettle} />
        </p>
      )}
      <div className="verdict-acts">
        <button type="button" className="text-button jump" onClick={toPlaybook}>
          What to do <ArrowDownIcon size={14} />
        </button>
        <Copy text={verdictLine(r)} label="Copy for a ticket" what="the verdict" />
        <Link className="fact-link" href={problemHref(r.problem)}>
          Its problem: {plural(r.similar.sameProblem, 'refusal')}
        </Link>
        {r.rule && (
          <Link className="fact-link" href={href('/refusals', withValue(NO_FILTERS, 'rule', r.rule))}>
            Rule <LogText text={middle(r.rule, 60)} mono />
          </Link>
        )}
      </div>
    </section>
  );
}
