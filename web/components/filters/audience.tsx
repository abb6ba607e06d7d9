/** Everyone, only people who were kept out, or only noise: the switch above every list of refusals. */
import { AUDIENCE_TITLES, AUDIENCES } from '../../data/causes.ts';
import type { Filters } from '../../data/filters.ts';
import { count } from '../../data/format.ts';
import { useCount } from '../../data/questions.ts';
import { Segments } from '../segments.tsx';

function withAudience(filters: Filters, audience: string | null): Filters {
  const fields = { ...filters.fields };
  if (audience) fields.audience = [audience];
  else delete fields.audience;
  return { ...filters, fields };
}

/** `ranged`: the filter with the range in effect, to count what each choice would show. */
export function AudienceSwitch({
  filters,
  ranged,
  onChange,
}: {
  filters: Filters;
  ranged: Filters;
  onChange: (f: Filters) => void;
}) {
  const counted = useCount(withAudience(ranged, null));
  const chosen = filters.fields.audience ?? [];
  const current = chosen.length === 0 ? 'all' : chosen.length === 1 ? chosen[0]! : '';
  const says = (a: (typeof AUDIENCES)[number]) => `Refusals that ${AUDIENCE_TITLES[a].says}`;
  const shown = (n: number | undefined) => (n === undefined ? undefined : count(n));
  return (
    <Segments
      name="Whom the refusals hit"
      value={current}
      onChange={(key) => onChange(withAudience(filters, key === 'all' ? null : key))}
      choices={[
        { key: 'all', title: 'Everyone', says: 'All refusals', n: shown(counted.data?.count) },
        ...AUDIENCES.map((a) => ({
          key: a,
          title: AUDIENCE_TITLES[a].title,
          says: says(a),
          n: shown(counted.data?.byAudience[a]),
        })),
      ]}
    />
  );
}
