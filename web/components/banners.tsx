/** What the reader should know before reading the page: an alert fires, history is still being read, this is a demo. */
import { Link } from 'wouter';
import type { Status } from '../../server/api/contract.ts';
import { bytes, count, duration, percent } from '../data/format.ts';
import { useAlerts } from '../data/questions.ts';
import { BellIcon, WarnIcon } from './icons.tsx';
import { LogText } from './text.tsx';

function Firing() {
  const alerts = useAlerts();
  const firing = alerts.data?.firing ?? [];
  const first = firing[0];
  if (!first) return null;
  return (
    <div className="banner banner-bad" role="status">
      <BellIcon />
      <p>
        <strong>{first.rule}</strong> fires: <LogText text={first.summary} />
        {firing.length > 1 && ` And ${firing.length - 1} more.`}
      </p>
      <Link href="/alerts">See alerts</Link>
    </div>
  );
}

function Reading({ ingest }: { ingest: Status['ingest'] }) {
  const share = ingest.bytesTotal > 0 ? Math.min(1, ingest.bytesRead / ingest.bytesTotal) : 0;
  return (
    <div className="banner banner-info" role="status">
      <p>
        <strong>Reading history</strong>, {percent(share)}: {bytes(ingest.bytesRead)} of {bytes(ingest.bytesTotal)},{' '}
        <span className="num">{count(Math.round(ingest.linesPerSecond))}</span> lines/s
        {ingest.bytesPerSecond ? ` (${bytes(ingest.bytesPerSecond)}/s)` : ''}
        {ingest.secondsLeft !== null && `, about ${duration(ingest.secondsLeft * 1000)} left`}. Older numbers still
        grow; the newest are complete.
      </p>
      <progress max={1} value={share} aria-label="History read" />
    </div>
  );
}

export function Banners({ status }: { status: Status | undefined }) {
  if (!status) return null;
  return (
    <>
      {status.alertsFiring > 0 && <Firing />}
      {status.ingest.state === 'failed' && (
        <div className="banner banner-bad" role="alert">
          <WarnIcon />
          <p>
            <strong>Reading has stopped.</strong> <LogText text={status.ingest.error ?? 'No reason given.'} /> What was
            read is kept; start why403 again to go on from there.
          </p>
          <Link href="/sources">See sources</Link>
        </div>
      )}
      {status.ingest.state === 'history' && <Reading ingest={status.ingest} />}
      {status.demo && (
        <div className="banner">
          <p>
            These are bundled demo logs. Point it at yours: <code>npm start -- /var/log/nginx /var/log/apache2</code>
          </p>
        </div>
      )}
    </>
  );
}
