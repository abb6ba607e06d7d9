/**
 * What to do about a cause: what it means, how to be sure, what to change, how to keep it from coming back. It is
 * filled in with values from logs, so all of it is shown as log text.
 */
import type { Playbook as Book, RefusalDetail } from '../../server/api/contract.ts';
import { Copy } from './copy.tsx';
import { LogLines, LogText } from './text.tsx';

type Fix = Book['fix'][number];

/** Everything that names a product at the place of decision. "modsecurity.json waf/modsec_audit.log django/django …" */
export function aboutDecider(r: RefusalDetail): string {
  const deciding = r.chain.filter((h) => h.layer === r.decidingLayer || h.role === 'decided');
  return [
    r.product ?? '',
    ...deciding.flatMap((h) => [h.dataset, h.file]),
    ...r.evidence.flatMap((e) => [e.file, e.documentation ?? '']),
  ]
    .join(' ')
    .toLowerCase();
}

/** A sentence of a playbook: what stands between backticks is to be typed. Values from logs may hold some: still text. */
function Told({ text }: { text: string }) {
  const parts = text.split('`');
  if (parts.length % 2 === 0) return <LogText text={text} />;
  return parts.map((part, i) =>
    i % 2 === 0 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one sentence have no other identity
      <LogText key={i} text={part} />
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <code key={i}>
        <LogText text={part} />
      </code>
    ),
  );
}

function FixBody({ fix }: { fix: Fix }) {
  return (
    <>
      <p>
        <Told text={fix.text} />
      </p>
      {fix.snippet && (
        <div className="snippet">
          <pre>
            <LogLines text={fix.snippet} />
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
      <p className="playbook-meaning">
        <Told text={book.meaning} />
      </p>
      {book.confirm.length > 0 && (
        <>
          <h3>Make sure</h3>
          <ol className="steps">
            {book.confirm.map((c) => (
              <li key={c}>
                <Told text={c} />
              </li>
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
              <li key={p}>
                <Told text={p} />
              </li>
            ))}
          </ul>
        </>
      )}
      {book.doNot.length > 0 && (
        <div className="do-not">
          <h3>Do not</h3>
          <ul className="points">
            {book.doNot.map((p) => (
              <li key={p}>
                <Told text={p} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
