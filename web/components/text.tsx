// biome-ignore-all lint/a11y/useSemanticElements: a scrolling box is a region by role; <section> would need it too
/**
 * Text that came from logs, times and causes. Log text is hostile: it is isolated in direction, its control
 * characters are shown by name, and it is never anything but text.
 */
import { Fragment, type ReactNode, useLayoutEffect, useRef } from 'react';
import {
  AUDIENCE_TITLES,
  type Audience,
  audienceColour,
  CAUSE_TITLES,
  type Cause,
  CERTAINTY_TITLES,
  type Certainty,
  categoryColour,
  categoryOf,
  causeTitle,
} from '../data/causes.ts';
import { count, hint, percent, pieces, sourceName } from '../data/format.ts';
import { ago, fullMoment, moment, utc } from '../data/time.ts';

function plain(text: string, multiline: boolean): ReactNode {
  return pieces(text, multiline).map((p, i) =>
    p.acting ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one string have no other identity
      <span key={i} className="ctl">
        {p.text}
      </span>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <Fragment key={i}>{p.text}</Fragment>
    ),
  );
}

/** One value. `title` shows it whole where the layout cuts it. */
export function LogText({ text, mono, clip }: { text: string; mono?: boolean; clip?: boolean }) {
  const name = [mono && 'mono', clip && 'clip'].filter(Boolean).join(' ');
  return (
    <bdi className={name || undefined} dir="ltr" title={clip ? hint(text) : undefined}>
      {plain(text, false)}
    </bdi>
  );
}

/** Several lines; what acts on the reader's screen is shown by name. */
export function LogLines({ text }: { text: string }) {
  return <bdi dir="ltr">{plain(text, true)}</bdi>;
}

/** A log by the end of its path; all of it on hover. */
export function SourceName({ path, max }: { path: string; max?: number }) {
  return (
    <span className="source-name mono" title={hint(path)}>
      <LogText text={sourceName(path, max)} />
    </span>
  );
}

/** A raw record with the parts that say something marked. Overlapping matches join. */
export function RawRecord({ raw, matches }: { raw: string; matches: string[] }) {
  const box = useRef<HTMLPreElement>(null);
  // In a long record the part that matters is in view from the start.
  useLayoutEffect(() => {
    const mark = box.current?.querySelector('mark');
    if (box.current && mark)
      box.current.scrollTop = mark.offsetTop - box.current.offsetTop - box.current.clientHeight / 2;
  }, []);
  const spans: [number, number][] = [];
  for (const m of matches) {
    const at = m ? raw.indexOf(m) : -1;
    if (at >= 0) spans.push([at, at + m.length]);
  }
  spans.sort((a, b) => a[0] - b[0]);
  const out: ReactNode[] = [];
  let at = 0;
  for (const [from, to] of spans) {
    if (to <= at) continue;
    const start = Math.max(from, at);
    if (start > at) out.push(<Fragment key={at}>{plain(raw.slice(at, start), true)}</Fragment>);
    out.push(<mark key={`m${start}`}>{plain(raw.slice(start, to), true)}</mark>);
    at = to;
  }
  if (at < raw.length) out.push(<Fragment key={at}>{plain(raw.slice(at), true)}</Fragment>);
  // A record of many kilobytes scrolls in its own box, reachable by keyboard.
  if (raw.length > 1500)
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      <pre ref={box} className="raw raw-long" tabIndex={0} role="region" aria-label="Log record">
        <bdi dir="ltr">{out}</bdi>
      </pre>
    );
  return (
    <pre className="raw">
      <bdi dir="ltr">{out}</bdi>
    </pre>
  );
}

export function Moment({ iso, now, full }: { iso: string; now: number; full?: boolean }) {
  return (
    <time dateTime={iso} title={utc(iso)} className="num">
      {full ? fullMoment(iso) : moment(iso, now)}
    </time>
  );
}
export function Ago({ iso, now }: { iso: string; now: number }) {
  return (
    <time dateTime={iso} title={utc(iso)} className="num">
      {ago(iso, now)}
    </time>
  );
}

export function Dot({ cause }: { cause: string }) {
  return <span className="dot" style={{ background: categoryColour(categoryOf(cause)) }} aria-hidden="true" />;
}
export function CauseLabel({ cause, code }: { cause: string; code?: boolean }) {
  return (
    <span className="cause">
      <Dot cause={cause} />
      <span className="cause-words">
        <span className="cause-title">{causeTitle(cause)}</span>
        {code && Object.hasOwn(CAUSE_TITLES, cause as Cause) && <code className="code">{cause}</code>}
      </span>
    </span>
  );
}

/** How a verdict is known, and how sure it is. "Stated · 97 %" */
export function Sureness({ certainty, confidence }: { certainty: Certainty; confidence: number }) {
  const c = CERTAINTY_TITLES[certainty];
  return (
    <span className={`sure sure-${certainty}`} title={`${c.says}. Confidence ${percent(confidence)}.`}>
      <span className="sure-bars" aria-hidden="true">
        {[0.25, 0.5, 0.75, 0.9].map((step) => (
          <i key={step} data-on={confidence >= step || undefined} />
        ))}
      </span>
      <span>{c.title}</span>
      {certainty !== 'unknown' && <span className="muted num">{Math.round(confidence * 100)} %</span>}
    </span>
  );
}

const WHOM: Record<Audience, [one: string, many: string]> = {
  harmed: ['person', 'people'],
  noise: ['noise', 'noise'],
  undecided: ['undecided', 'undecided'],
};
/** Whom it hits; with `n`, how many times. */
export function AudienceLabel({ audience, n }: { audience: Audience; n?: number }) {
  return (
    <span className="audience-label" title={`Refusals that ${AUDIENCE_TITLES[audience].says}`}>
      <span className="ring" style={{ borderColor: audienceColour(audience) }} data-of={audience} aria-hidden="true" />
      {n === undefined ? (
        AUDIENCE_TITLES[audience].title
      ) : (
        <span className="num">
          {count(n)} {WHOM[audience][n === 1 ? 0 : 1]}
          {audience === 'harmed' && <span className="wide-word"> kept out</span>}
        </span>
      )}
    </span>
  );
}
