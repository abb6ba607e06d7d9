/** An address that leads nowhere. */
import { Link } from 'wouter';
import { Empty } from '../components/states.tsx';
import { useTitle } from '../data/hooks.ts';

export function NotFoundPage() {
  useTitle('Not found');
  return (
    <div className="page">
      <h1 className="sr-only">Not found</h1>
      <Empty title="There is no page at this address" action={<Link href="/">Go to the overview</Link>}>
        <p>
          If a link brought you here, it may be from another version. For a request id, an address or a path, use the
          search above.
        </p>
      </Empty>
    </div>
  );
}
