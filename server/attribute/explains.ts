/** Does this line by itself give a reason why something was refused? Asked by linking for lines that name no request. */
import type { Entry } from '../../parsers/entry.ts';
import { matchSignals } from './match.ts';

export function explains(entry: Entry): boolean {
  if (entry.kind === 'access' || entry.kind === 'ban') return false;
  return matchSignals(entry).some((m) => m.signal.kind === 'decision' && m.signal.cause !== 'app.unexplained');
}
