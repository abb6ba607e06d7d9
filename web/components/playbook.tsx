/** What to do about a cause: what it means, how to be sure, what to change, how to keep it from coming back. */
import type { Playbook as Book } from '../../server/api/contract.ts';
import { Copy } from './copy.tsx';
import { LogText } from './text.tsx';

type Fix = Book['fix'][number];

function FixBody({ fix }: { fix: Fix }) {
  return (
    <>
      <p>{fix.text}</p>
      {fix.snippet && (
        <div className="snippet">
          <pre>
            <bdi dir="ltr">{fix.snippet}</bdi>
          </pre>
          <Copy text={fix.snippet} what="the configuration" />
        </div>
      )}
    </>
  );
}

const words = (product: string) =>
  product
    .toLowerCase()
    .split(/[\s/,]+/)
    .filter((w) => w.length >= 3 && w !== 'with' && w !== 'and');

/** `about`: what is known of who decided (datasets, files, documentation); fixes for products named there come first and open. */
export function Playbook({ book, about }: { book: Book; about: string }) {
  const known = (f: Fix) => f.product === null || words(f.product).some((w) => about.includes(w));
  const here = book.fix.filter(known);
  const first = here.length > 0 ? here : book.fix.slice(0, 1);
  const rest = book.fix.filter((f) => !first.includes(f));
  return (
    <div className="playbook">
      <p className="playbook-meaning">{book.meaning}</p>
      {book.confirm.length > 0 && (
        <>
          <h3>Make sure</h3>
          <ol className="steps">
            {book.confirm.map((c) => (
              <li key={c}>{c}</li>
            ))}
          </ol>
        </>
      )}
      {book.fix.length > 0 && <h3>Change</h3>}
      {first.map((f) => (
        <div className="fix" key={`${f.product} ${f.text}`}>
          {f.product && (
            <span className="tag">
              <LogText text={f.product} />
            </span>
          )}
          <FixBody fix={f} />
        </div>
      ))}
      {rest.length > 0 && (
        <div className="fix-rest">
          {rest.map((f) => (
            <details key={`${f.product} ${f.text}`}>
              <summary>{f.product ? `With ${f.product}` : 'In general'}</summary>
              <FixBody fix={f} />
            </details>
          ))}
        </div>
      )}
      {book.prevent.length > 0 && (
        <>
          <h3>Keep it from coming back</h3>
          <ul className="points">
            {book.prevent.map((p) => (
              <li key={p}>{p}</li>
            ))}
          </ul>
        </>
      )}
      {book.doNot.length > 0 && (
        <div className="do-not">
          <h3>Do not</h3>
          <ul className="points">
            {book.doNot.map((p) => (
              <li key={p}>{p}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
