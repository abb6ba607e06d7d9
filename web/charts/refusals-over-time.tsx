/**
 * Refusals over time, stacked by cause category, with the period before as a line. The only place that knows the
 * chart library; loaded when first shown. The table behind the chart is OverviewPage's.
 */
import { useState } from 'react';
import {
  Bar,
  BarChart,
  Tooltip,
  usePlotArea,
  useXAxisScale,
  useYAxisScale,
  useYAxisTicks,
  XAxis,
  YAxis,
  ZIndexLayer,
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

function Grid() {
  const ticks = useYAxisTicks();
  const plot = usePlotArea();
  if (!ticks || !plot) return null;
  return ticks.map((t) => (
    <line
      key={t.coordinate}
      x1={plot.x}
      x2={plot.x + plot.width}
      y1={t.coordinate}
      y2={t.coordinate}
      stroke="var(--line)"
    />
  ));
}

/** The period before as a line. Drawn here: the library's own line costs 6 KB of the page's budget. */
function Before({ points }: { points: Point[] }) {
  const x = useXAxisScale();
  const y = useYAxisScale();
  if (!x || !y) return null;
  const d = points
    .filter((p) => p.previous !== null)
    .map((p, i) => `${i === 0 ? 'M' : 'L'}${x(p.time, { position: 'middle' })},${y(p.previous)}`)
    .join('');
  return (
    <ZIndexLayer zIndex={OVER_BARS}>
      <path d={d} fill="none" stroke="var(--surface)" strokeOpacity={0.7} strokeWidth={3} pointerEvents="none" />
      <path d={d} fill="none" stroke="var(--ink)" strokeWidth={1.5} strokeDasharray="3 3" pointerEvents="none" />
    </ZIndexLayer>
  );
}

/** The time being chosen by dragging. */
function Selected({ from, to }: { from: string; to: string }) {
  const x = useXAxisScale();
  const plot = usePlotArea();
  const a = x?.(from < to ? from : to, { position: 'start' });
  const b = x?.(from < to ? to : from, { position: 'end' });
  if (a === undefined || b === undefined || !plot) return null;
  return (
    <ZIndexLayer zIndex={OVER_BARS}>
      <rect
        x={a}
        y={plot.y}
        width={b - a}
        height={plot.height}
        fill="var(--accent)"
        fillOpacity={0.18}
        pointerEvents="none"
      />
    </ZIndexLayer>
  );
}

const OVER_BARS = 400;
/** Round heights for the axis, up to just above the highest. 52 → 0, 20, 40, 60 */
function roundHeights(highest: number): number[] {
  const rough = Math.max(1, highest / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    [1, 2, 2.5, 3, 4, 5, 6, 8, 10].map((m) => m * power).find((s) => s >= rough && Number.isInteger(s)) ?? 10 * power,
  );
  const heights = [0];
  while (heights.at(-1)! < highest) heights.push(heights.at(-1)! + step);
  return heights;
}

const MINUTE = 60_000;
const STEPS = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 43_200].map((m) => m * MINUTE);
/** Buckets that begin a round hour or day of the reader's clock, few enough to label. */
function roundTimes(points: Point[], spanMs: number, most: number): string[] {
  const step = STEPS.find((s) => spanMs / s <= most) ?? STEPS.at(-1)!;
  const slot = (iso: string) => {
    const t = new Date(iso);
    return Math.floor((t.getTime() - t.getTimezoneOffset() * MINUTE) / step);
  };
  return points.filter((p, i) => i > 0 && slot(p.time) !== slot(points[i - 1]!.time)).map((p) => p.time);
}

export default function RefusalsOverTime({
  points,
  categories,
  overview,
  bucketMs,
  narrow,
  label,
  onZoom,
}: {
  points: Point[];
  categories: Category[];
  overview: Overview;
  bucketMs: number;
  narrow: boolean;
  label: string;
  onZoom: (since: string, until: string) => void;
}) {
  const [drag, setDrag] = useState<[string, string] | null>(null);
  const span = Date.parse(overview.until) - Date.parse(overview.since);
  const ticks = roundTimes(points, span, narrow ? 4 : 8);
  const highestBefore = Math.max(0, ...points.map((p) => p.previous ?? 0));
  const withPrevious = highestBefore > 0;
  const heights = roundHeights(Math.max(1, highestBefore, ...points.map((p) => p.refused)));
  const at = (e: { activeLabel?: string | number }) => (typeof e.activeLabel === 'string' ? e.activeLabel : null);
  return (
    <BarChart
      responsive
      style={{ width: '100%', height: 280 }}
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
          onZoom(a, new Date(Date.parse(b) + bucketMs).toISOString());
        }
        setDrag(null);
      }}
      onMouseLeave={() => setDrag(null)}
    >
      <Grid />
      <XAxis
        dataKey="time"
        tickFormatter={(t: string) => tick(t, span)}
        ticks={ticks}
        interval="preserveStartEnd"
        minTickGap={16}
        tickLine={false}
        axisLine={{ stroke: 'var(--line-strong)' }}
        tick={{ fill: 'var(--muted)', fontSize: 12 }}
        tickMargin={8}
        height={32}
      />
      <YAxis
        allowDecimals={false}
        domain={[0, heights.at(-1)!]}
        ticks={heights}
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
            bucketMs={bucketMs}
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
          maxBarSize={64}
        />
      ))}
      {withPrevious && <Before points={points} />}
      {drag && drag[0] !== drag[1] && <Selected from={drag[0]} to={drag[1]} />}
    </BarChart>
  );
}
