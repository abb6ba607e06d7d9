/** Empty pages say why they are empty and what to do next. */
import { Button } from '@mantine/core';
import type { Overview, Status } from '../../server/api/contract.ts';
import { Copy } from '../components/copy.tsx';
import { Empty } from '../components/states.tsx';
import { LogText } from '../components/text.tsx';
import { type Filters, listValues } from '../data/filters.ts';
import { plural } from '../data/format.ts';

const TRY = 'npm start -- /var/log/nginx /var/log/apache2';

export function NothingRead({ status }: { status: Status | undefined }) {
  const paths = status?.paths ?? [];
  if (status && (status.ingest.state === 'history' || status.ingest.state === 'starting'))
    return <Empty title="Reading your logs">The first refusals appear here within seconds.</Empty>;
  return (
    <Empty title="Nothing has been read yet">
      {paths.length > 0 ? (
        <>
          <p>why403 looks for logs in:</p>
          <ul className="paths">
            {paths.map((p) => (
              <li key={p}>
                <LogText text={p} mono />
              </li>
            ))}
          </ul>
          <p>
            {status && status.sources.total > 0
              ? 'Files are there, but no line could be read. The Sources page says why for each.'
              : 'No file there looks like a log. Is the path right, and may this user read it?'}
          </p>
        </>
      ) : (
        <p>No paths were given. Start it with the directories where your layers write their logs:</p>
      )}
      <div className="snippet">
        <pre>{TRY}</pre>
        <Copy text={TRY} what="the command" />
      </div>
    </Empty>
  );
}

export function NothingRefused({
  data,
  filters,
  onChange,
}: {
  data: Overview | null;
  filters: Filters;
  onChange: (f: Filters) => void;
}) {
  const filtered = listValues(filters).length > 0 || filters.q !== undefined;
  const ranged = filters.until !== undefined || (filters.since !== undefined && filters.since !== 'all');
  return (
    <Empty
      title={filtered ? 'No refusal matches these filters' : 'No refusals in this time'}
      action={
        <>
          {filtered && (
            <Button variant="default" onClick={() => onChange({ ...filters, q: undefined, fields: {} })}>
              Remove filters
            </Button>
          )}
          {ranged && (
            <Button variant="default" onClick={() => onChange({ ...filters, since: 'all', until: undefined })}>
              Look at everything stored
            </Button>
          )}
        </>
      }
    >
      <p>
        {!filtered && data && data.totals.requests > 0
          ? `${plural(data.totals.requests, 'request')} went through, none was refused.`
          : filtered
            ? 'Remove a filter or look at a longer time.'
            : 'Nothing was logged in it either. Look at a longer time, or at Sources for a log that fell silent.'}
      </p>
    </Empty>
  );
}
