/** What each layer logged, with the part that tells marked, and what is read out of it. */
import type { Hop, RefusalDetail } from '../../../server/api/contract.ts';
import { LAYER_ICONS, LinkIcon } from '../../components/icons.tsx';
import { Long } from '../../components/long.tsx';
import { LogText, Moment, RawRecord } from '../../components/text.tsx';
import { LAYER_TITLES, ROLE_TITLES } from '../../data/causes.ts';
import { duration, hint, middle } from '../../data/format.ts';
import { useNow } from '../../data/hooks.ts';

const hopId = (h: { file: string; line: number }) => `hop-${encodeURIComponent(`${h.file}-${h.line}`)}`;
const covers = (h: Hop, at: { file: string; line: number }) =>
  h.file === at.file && at.line >= h.line && at.line < h.line + h.lines;
export function Lines({ r }: { r: RefusalDetail }) {
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
                <span className="hop-file" title={hint(`${h.file}:${h.line}`)}>
                  <LogText text={`${middle(h.file, 56)}:${h.line}`} mono />
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

export function EvidenceList({ r }: { r: RefusalDetail }) {
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
                <Long text={e.says} />
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
