/** What a problem looks like wherever it stands: its state, what was said of it, its course, where it happens. */
import type { ProblemRow } from '../../server/api/contract.ts';
import {
  categoryColour,
  categoryOf,
  causeTitle,
  layerTitle,
  type ProblemState,
  type ProblemWord,
  STATE_TITLES,
  WORD_TITLES,
} from '../data/causes.ts';
import { hint, inert, middle, plural } from '../data/format.ts';
import { Spark } from './bars.tsx';
import { LogText, SourceName } from './text.tsx';

export function StateBadge({ state }: { state: ProblemState }) {
  const s = STATE_TITLES[state];
  return (
    <span className={`badge badge-${s.tone}`} title={s.says}>
      {s.title}
    </span>
  );
}
export function WordBadge({ word }: { word: ProblemRow['word'] }) {
  if (!word) return null;
  const by = word.by ? ` by ${inert(word.by)}` : '';
  const note = word.note ? `: ${hint(word.note)}` : '';
  return (
    <span className="badge badge-line" title={`${WORD_TITLES[word.word].says}. Said${by}${note}`}>
      {WORD_TITLES[word.word as ProblemWord].title}
    </span>
  );
}

/** "POST /checkout" is not known of a problem; its route, rule and place are. */
export function Where({ p }: { p: Pick<ProblemRow, 'route' | 'rule' | 'layer' | 'source'> }) {
  return (
    <span className="where">
      {p.route !== null ? <LogText text={p.route} mono clip /> : <span className="muted">any route</span>}
      <span className="where-by muted">
        {layerTitle(p.layer)}
        {p.source && (
          <>
            {' · '}
            <SourceName path={p.source} max={32} />
          </>
        )}
        {p.rule && (
          <>
            {' · rule '}
            <span title={hint(p.rule)}>
              <LogText text={middle(p.rule, 40)} mono />
            </span>
          </>
        )}
      </span>
    </span>
  );
}

export function Course({ p }: { p: Pick<ProblemRow, 'sparkline' | 'cause'> }) {
  return <Spark values={p.sparkline.counts} colour={categoryColour(categoryOf(p.cause))} />;
}

export const problemHref = (id: string) => `/problems/${encodeURIComponent(id)}`;
export const problemTitle = (p: Pick<ProblemRow, 'cause' | 'route'>) =>
  `${causeTitle(p.cause)}${p.route ? ` on ${middle(inert(p.route), 80)}` : ''}`;
export const clientsSaid = (n: number) => plural(n, 'client');
