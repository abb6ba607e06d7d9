/**
 * Refusals over time, stacked by cause category, with the period before as a line. The only place that knows the
 * chart library; loaded when first shown. The table behind the chart is OverviewPage's.
 */
import { useState } from 'react';
import {
  Bar,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import type { Overview } from '../../server/api/contract.ts';
import { CATEGORY_TITLES, type Category, categoryColour } from '../data/causes.ts';
import { count, moment, percent, tick } from '../data/format.ts';

export type Point = { time: string; requests: number; refused: number; previous: number | null } & Partial<
  Record<Category, number>
>;

function Hint({
  active,
  payload,
  categories,
  bucketMs,
}: {
  active?: boolean;
  payload?: readonly { payload?: Point }[];
  categories: Category[];
  bucketMs: number;
}) {
  const p = payload?.[0]?.payload;
  if (!active || !p) return null;
  const now = Date.now();
  const end = new Date(Date.parse(p.time) + bucketMs).toISOString();
  return (
    <div className="hint">
      <div className="hint-time num">
        {moment(p.time, now)} – {moment(end, now).split(', ').pop()}
      </div>
      <table>
        <tbody>
          {categories
            .filter((c) => p[c])
            .reverse()
            .map((c) => (
              <tr key={c}>
                <th scope="row">
                  <span className="dot" style={{ background: categoryColour(c) }} /> {CATEGORY_TITLES[c]}
                </th>
                <td>{count(p[c]!)}</td>
              </tr>
            ))}
          <tr className="hint-sum">
            <th scope="row">Refused</th>
            <td>{count(p.refused)}</td>
          </tr>
          <tr>
            <th scope="row">of requests</th>
            <td>{count(p.requests)}</td>
          </tr>
          <tr>
            <th scope="row">Rate</th>
            <td>{percent(p.requests ? p.refused / p.requests : 0)}</td>
          </tr>
          {p.previous !== null && (
            <tr>
              <th scope="row">Period before</th>
              <td>{count(p.previous)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

export default function RefusalsOverTime({
  points,
  categories,
  overview,
  label,
  onZoom,
}: {
  points: Point[];
  categories: Category[];
  overview: Overview;
  label: string;
  onZoom: (since: string, until: string) => void;
}) {
  const [drag, setDrag] = useState<[string, string] | null>(null);
  const span = Date.parse(overview.until) - Date.parse(overview.since);
  const withPrevious = points.some((p) => p.previous);
  const at = (e: { activeLabel?: string | number }) => (typeof e.activeLabel === 'string' ? e.activeLabel : null);
  return (
    <ResponsiveContainer width="100%" height={280}>
      <ComposedChart
        data={points}
        title={label}
        margin={{ top: 8, right: 4, bottom: 0, left: 0 }}
        barCategoryGap={points.length > 60 ? 1 : '12%'}
        onMouseDown={(e) => {
          const t = at(e);
          if (t) setDrag([t, t]);
        }}
        onMouseMove={(e) => {
          const t = at(e);
          if (drag && t) setDrag([drag[0], t]);
        }}
        onMouseUp={() => {
          if (drag && drag[0] !== drag[1]) {
            const [a, b] = [...drag].sort() as [string, string];
            onZoom(a, new Date(Date.parse(b) + overview.bucketMs).toISOString());
          }
          setDrag(null);
        }}
        onMouseLeave={() => setDrag(null)}
      >
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="time"
          tickFormatter={(t: string) => tick(t, span)}
          minTickGap={48}
          tickLine={false}
          axisLine={{ stroke: 'var(--line-strong)' }}
          tick={{ fill: 'var(--muted)', fontSize: 12 }}
          tickMargin={8}
          height={32}
        />
        <YAxis
          allowDecimals={false}
          width={44}
          tickLine={false}
          axisLine={false}
          tick={{ fill: 'var(--muted)', fontSize: 12 }}
          tickFormatter={(n: number) => (n >= 10_000 ? `${Math.round(n / 1000)}k` : count(n))}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ fill: 'var(--hover)' }}
          content={(p) => (
            <Hint
              active={p.active}
              payload={p.payload as readonly { payload?: Point }[]}
              categories={categories}
              bucketMs={overview.bucketMs}
            />
          )}
        />
        {categories.map((c) => (
          <Bar
            key={c}
            dataKey={c}
            name={CATEGORY_TITLES[c]}
            stackId="refused"
            fill={categoryColour(c)}
            stroke="var(--surface)"
            strokeWidth={points.length > 90 ? 0 : 0.75}
            isAnimationActive={false}
            maxBarSize={40}
          />
        ))}
        {withPrevious && (
          <Line
            dataKey="previous"
            name="Period before"
            type="monotone"
            stroke="var(--ink)"
            strokeOpacity={0.75}
            strokeWidth={1.5}
            strokeDasharray="3 3"
            dot={false}
            activeDot={false}
            isAnimationActive={false}
          />
        )}
        {drag && drag[0] !== drag[1] && (
          <ReferenceArea x1={drag[0]} x2={drag[1]} fill="var(--accent)" fillOpacity={0.15} />
        )}
      </ComposedChart>
    </ResponsiveContainer>
  );
}
