/** The columns that the table of refusals can have: what they show, how wide they are, what they filter and sort by. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { FilterField, RefusalRow } from '../../../server/api/contract.ts';
import { FilterValue, type Value } from '../../components/filters/value-menu.tsx';
import { problemHref } from '../../components/problem-bits.tsx';
import { AudienceLabel, CauseLabel, LogText, SourceName, Sureness } from '../../components/text.tsx';
import { layerTitle } from '../../data/causes.ts';
import { hint, inert, shorten } from '../../data/format.ts';

export type Column = {
  id: string;
  title: string;
  /** Of the grid. */
  width: string;
  /** Name of the order at the API. */
  sort?: string;
  /** What of a row it shows: what an export of the table holds. */
  fields: readonly (keyof RefusalRow)[];
  cell: (r: RefusalRow) => ReactNode;
};

function value(field: FilterField, v: string | null, children: ReactNode): ReactNode {
  return v === null ? (
    <span className="muted">–</span>
  ) : (
    <FilterValue field={field} value={v}>
      {children}
    </FilterValue>
  );
}
const text = (field: FilterField, v: string | null, mono = true) =>
  value(field, v, <LogText text={v ?? ''} mono={mono} clip />);

const method = (r: RefusalRow) =>
  r.method && value('method', r.method, <span className="method">{shorten(inert(r.method), 12)}</span>);

/** `time` is the row's link and always there; the table draws it. */
export const COLUMNS: Column[] = [
  {
    id: 'client',
    title: 'Client',
    width: '124px',
    sort: 'client',
    fields: ['client'],
    cell: (r) => text('client', r.client),
  },
  {
    id: 'request',
    title: 'Request',
    width: 'minmax(180px, 1.5fr)',
    sort: 'path',
    fields: ['method', 'host', 'path'],
    cell: (r) => (
      <>
        <span className="line">
          {method(r)}
          {text('path', r.path)}
        </span>
        {r.host && <span className="line muted">{text('host', r.host, false)}</span>}
      </>
    ),
  },
  {
    id: 'method',
    title: 'Method',
    width: '76px',
    fields: ['method'],
    cell: (r) => method(r) || <span className="muted">–</span>,
  },
  {
    id: 'host',
    title: 'Host',
    width: 'minmax(110px, 1fr)',
    fields: ['host'],
    cell: (r) => text('host', r.host, false),
  },
  {
    id: 'path',
    title: 'Path',
    width: 'minmax(140px, 1.4fr)',
    sort: 'path',
    fields: ['path'],
    cell: (r) => text('path', r.path),
  },
  {
    id: 'query',
    title: 'Query',
    width: 'minmax(120px, 1fr)',
    fields: ['query'],
    cell: (r) => (r.query ? <LogText text={r.query} mono clip /> : <span className="muted">–</span>),
  },
  {
    id: 'route',
    title: 'Route',
    width: 'minmax(130px, 1.2fr)',
    sort: 'route',
    fields: ['route'],
    cell: (r) => text('route', r.route),
  },
  {
    id: 'user',
    title: 'User',
    width: '120px',
    sort: 'user',
    fields: ['user'],
    cell: (r) => text('user', r.user, false),
  },
  {
    id: 'cause',
    title: 'Cause',
    width: 'minmax(200px, 1.3fr)',
    sort: 'cause',
    fields: ['cause', 'certainty', 'confidence'],
    cell: (r) => (
      <>
        {value('cause', r.cause, <CauseLabel cause={r.cause} />)}
        <span className="line muted cause-sure">
          {value('certainty', r.certainty, <Sureness certainty={r.certainty} confidence={r.confidence} />)}
        </span>
      </>
    ),
  },
  {
    id: 'layer',
    title: 'Decided by',
    width: '112px',
    fields: ['decidingLayer', 'rule'],
    cell: (r) => (
      <>
        {value('layer', r.decidingLayer, layerTitle(r.decidingLayer))}
        {r.rule && <span className="line muted">{text('rule', r.rule)}</span>}
      </>
    ),
  },
  {
    id: 'source',
    title: 'Deciding log',
    width: 'minmax(130px, 1fr)',
    fields: ['decidingSource'],
    cell: (r) => value('source', r.decidingSource, r.decidingSource && <SourceName path={r.decidingSource} max={28} />),
  },
  { id: 'rule', title: 'Rule', width: 'minmax(90px, .8fr)', fields: ['rule'], cell: (r) => text('rule', r.rule) },
  {
    id: 'status',
    title: 'Status',
    width: '60px',
    fields: ['status'],
    cell: (r) => text('status', String(r.status), false),
  },
  {
    id: 'audience',
    title: 'Whom',
    width: '100px',
    fields: ['audience'],
    cell: (r) => value('audience', r.audience, <AudienceLabel audience={r.audience} />),
  },
  {
    id: 'problem',
    title: 'Problem',
    width: '90px',
    fields: ['problem'],
    cell: (r) => (
      <Link href={problemHref(r.problem)} tabIndex={-1}>
        Open
      </Link>
    ),
  },
  {
    id: 'detail',
    title: 'Detail',
    width: 'minmax(160px, 1.3fr)',
    fields: ['detail'],
    cell: (r) => (
      <span className="detail" title={hint(r.detail)}>
        <LogText text={r.detail} />
      </span>
    ),
  },
];
export const USUAL = ['client', 'request', 'cause', 'layer', 'audience', 'detail'];

/** `columns=client,cause` in the address; unknown names are left out, nothing means the usual ones. */
export function chosenColumns(param: string | undefined): Column[] {
  const names = param === undefined ? USUAL : param.split(',');
  const found = COLUMNS.filter((c) => names.includes(c.id));
  return found.length > 0 ? found : COLUMNS.filter((c) => USUAL.includes(c.id));
}

/** What the menu of a row offers, for the keyboard. */
export function valuesOf(r: RefusalRow): Value[] {
  const all: [FilterField, string | null][] = [
    ['cause', r.cause],
    ['client', r.client],
    ['user', r.user],
    ['route', r.route],
    ['path', r.path],
    ['host', r.host],
    ['method', r.method],
    ['layer', r.decidingLayer],
    ['rule', r.rule],
    ['source', r.decidingSource],
    ['audience', r.audience],
    ['certainty', r.certainty],
    ['problem', r.problem],
  ];
  return all.filter((v): v is [FilterField, string] => v[1] !== null).map(([field, value]) => ({ field, value }));
}
