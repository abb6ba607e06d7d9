/** What refused requests share and those let through do not: two bars beside each other for each value. */
import type { RefusalDetail } from '../../../server/api/contract.ts';
import { Long } from '../../components/long.tsx';
import { count, percent } from '../../data/format.ts';

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

export function Contrast({ r }: { r: RefusalDetail }) {
  if (r.contrast.length === 0) return null;
  return (
    <section className="card" aria-label="Contrast">
      <h2 className="card-title">What refused requests share and others do not</h2>
      <ul className="contrast">
        {r.contrast.map((c) => (
          <li key={`${c.field}=${c.value}`}>
            <p className="contrast-what">
              <span className="muted">{c.field}</span> <Long text={c.value} mono />
            </p>
            <Pair label="Refused" n={c.refused} of={c.refusedOf} kind="refused" />
            <Pair label="Let through" n={c.passed} of={c.passedOf} kind="passed" />
          </li>
        ))}
      </ul>
    </section>
  );
}
