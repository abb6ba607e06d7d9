/**
 * fail2ban. Its bans are read as intervals by `bans.ts`; the line alone only says that somebody was banned. Found
 * is a count of other layers' refusals and never a refusal.
 */
import type { Signal } from '../signal.ts';

const log = ['fail2ban'] as const;
const SOURCE = 'fail2ban/fail2ban fail2ban/server/actions.py, filter.py, observer.py@deffcbc';

const signals: Signal[] = [
  {
    id: 'fail2ban-ban',
    product: 'fail2ban',
    datasets: log,
    outcome: /^(?:Restore Ban|Reban|Ban)$/,
    kind: 'decision',
    cause: 'address.reputation',
    certainty: 'stated',
    confidence: 0.92,
    layer: 'network',
    status: [0, 403],
    says: 'fail2ban banned {clientAddress} (jail {logLogger})',
    source: SOURCE,
  },
  {
    id: 'fail2ban-increase',
    product: 'fail2ban',
    datasets: log,
    outcome: /^Increase Ban$/,
    kind: 'context',
    cause: 'address.reputation',
    certainty: 'stated',
    confidence: 0.5,
    says: 'fail2ban prolongs the ban of {clientAddress}',
    source: SOURCE,
  },
  {
    id: 'fail2ban-unban',
    product: 'fail2ban',
    datasets: log,
    outcome: /^Unban$/,
    kind: 'context',
    cause: null,
    certainty: 'stated',
    confidence: 0.1,
    says: 'The ban of {clientAddress} has ended',
    source: SOURCE,
  },
  {
    id: 'fail2ban-found',
    product: 'fail2ban',
    datasets: log,
    outcome: /^(?:Found|Ignore)$/,
    kind: 'context',
    cause: null,
    certainty: 'stated',
    confidence: 0.1,
    says: 'fail2ban counted a line of {clientAddress}',
    source: SOURCE,
  },
  {
    id: 'fail2ban-already',
    product: 'fail2ban',
    datasets: log,
    outcome: /^already banned$/,
    kind: 'context',
    cause: null,
    certainty: 'stated',
    confidence: 0.1,
    says: '{clientAddress} still comes through although it is banned',
    source: SOURCE,
  },
];

export default signals;
