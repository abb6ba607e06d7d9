/**
 * Bars over time, stacked by what the caller counts, as counts or as share of the requests. This folder is the only
 * place that knows the chart library; it is loaded when first shown. The table behind each chart is TrendCard's.
 */
import { type PointerEvent, useRef, useState } from 'react';
import { Bar, BarChart, Tooltip, XAxis, YAxis } from 'recharts';
import { compact, count, percent } from '../data/format.ts';
import { moment, tick } from '../data/time.ts';
import { roundHeights, roundTimes } from './axis.ts';
import { Before, Grid, type Mark, Marks, Selected } from './parts.tsx';

export type Point = {
  time: string;
  refused: number;
  /** null = not counted */
  requests: number | null;
  previous: { refused: number; requests: number } | null;
  values: Record<string, number>;
};
export type Series = { key: string; title: string; colour: string };
export type Mode = 'count' | 'rate';
const rate = (n: number, of: number | null) => (of ? Math.min(1, n / of) : 0);

function Hint({ p, series, bucketMs }: { p: Point; series: Series[]; bucketMs: number }) {
  const now = Date.now();
  const end = new Date(Date.parse(p.time) + bucketMs).toISOString();
  return (
    <div className="hint">
      <div className="hint-time num">
        {moment(p.time, now)} – {moment(end, now).split(', ').pop()}
      </div>
      <table>
        <tbody>
          {series
            .filter((s) => p.values[s.key])
            .reverse()
            .map((s) => (
              <tr key={s.key}>
                <th scope="row">
                  <span className="dot" style={{ background: s.colour }} /> {s.title}
                </th>
                <td>{count(p.values[s.key]!)}</td>
              </tr>
            ))}
          <tr className="hint-sum">
            <th scope="row">Refused</th>
            <td>{count(p.refused)}</td>
          </tr>
          {p.requests !== null && (
            <>
              <tr>
                <th scope="row">of requests</th>
                <td>{count(p.requests)}</td>
              </tr>
              <tr>
                <th scope="row">Rate</th>
                <td>{percent(rate(p.refused, p.requests))}</td>
              </tr>
            </>
          )}
          {p.previous && (
            <tr>
              <th scope="row">Period before</th>
              <td>{count(p.previous.refused)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

export default function Stacked({
  points,
  series,
  mode,
  spanMs,
  bucketMs,
  marks,
  narrow,
  label,
  onZoom,
  onOpen,
}: {
  points: Point[];
  series: Series[];
  mode: Mode;
  spanMs: number;
  bucketMs: number;
  marks: Mark[];
  narrow: boolean;
  label: string;
  onZoom: (since: string, until: string) => void;
  onOpen: (href: string) => void;
}) {
  const [drag, setDrag] = useState<[string, string] | null>(null);
  const height = (n: number, of: number | null) => (mode === 'rate' ? rate(n, of) : n);
  const before = points.map((p) => ({
    time: p.time,
    value: p.previous && height(p.previous.refused, p.previous.requests),
  }));
  const withBefore = before.some((p) => p.value);
  const highest = Math.max(
    mode === 'rate' ? 0.0001 : 1,
    ...points.map((p) => height(p.refused, p.requests)),
    ...before.map((p) => p.value ?? 0),
  );
  const heights = roundHeights(highest, mode === 'count');
  const first = Date.parse(points[0]?.time ?? '');
  const placed = marks
    .map((m) => ({ ...m, bucket: points[Math.floor((Date.parse(m.time) - first) / bucketMs)]?.time ?? '' }))
    .filter((m) => m.bucket);
  const area = useRef<{ x: number; width: number } | null>(null);
  /** The bar under a finger: the chart library follows only the mouse. */
  const under = (e: PointerEvent<HTMLElement>): string | null => {
    const plot = area.current;
    if (!plot || plot.width === 0) return null;
    const x = e.clientX - e.currentTarget.getBoundingClientRect().left - plot.x;
    const i = Math.floor((x / plot.width) * points.length);
    return points[Math.min(points.length - 1, Math.max(0, i))]?.time ?? null;
  };
  const byTouch = (what: (t: string) => void) => (e: PointerEvent<HTMLElement>) => {
    const t = e.pointerType === 'mouse' ? null : under(e);
    if (t) what(t);
  };
  const end = () => {
    if (drag && drag[0] !== drag[1]) {
      const [a, b] = [...drag].sort() as [string, string];
      onZoom(a, new Date(Date.parse(b) + bucketMs).toISOString());
    }
    setDrag(null);
  };
  const at = (e: { activeLabel?: string | number }) => (typeof e.activeLabel === 'string' ? e.activeLabel : null);
  return (
    <div
      className="chart-touch"
      onPointerDown={byTouch((t) => setDrag([t, t]))}
      onPointerMove={byTouch((t) => drag && setDrag([drag[0], t]))}
      onPointerUp={byTouch(end)}
      // The page is being scrolled instead.
      onPointerCancel={() => setDrag(null)}
    >
      <BarChart
        responsive
        style={{ width: '100%', height: '100%' }}
        data={points}
        title={label}
        margin={{ top: placed.length > 0 ? 32 : 8, right: 8, bottom: 0, left: 0 }}
        barCategoryGap={points.length > 60 ? 1 : '12%'}
        onMouseDown={(e) => {
          const t = at(e);
          if (t) setDrag([t, t]);
        }}
        onMouseMove={(e) => {
          const t = at(e);
          if (drag && t) setDrag([drag[0], t]);
        }}
        onMouseUp={end}
        onMouseLeave={() => setDrag(null)}
      >
        <Grid area={area} />
        <XAxis
          dataKey="time"
          tickFormatter={(t: string) => tick(t, spanMs)}
          ticks={roundTimes(
            points.map((p) => p.time),
            spanMs,
            narrow ? 4 : 8,
          )}
          interval="preserveStartEnd"
          minTickGap={16}
          tickLine={false}
          axisLine={{ stroke: 'var(--line-strong)' }}
          tick={{ fill: 'var(--muted)', fontSize: 12 }}
          tickMargin={8}
          height={32}
        />
        <YAxis
          domain={[0, heights.at(-1)!]}
          ticks={heights}
          width={mode === 'rate' ? 56 : 44}
          tickLine={false}
          axisLine={false}
          tick={{ fill: 'var(--muted)', fontSize: 12 }}
          tickFormatter={(n: number) => (mode === 'rate' ? percent(n) : compact(n))}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ fill: 'var(--hover)' }}
          content={(t) => {
            const p = (t.payload as readonly { payload?: Point }[] | undefined)?.[0]?.payload;
            return t.active && p ? <Hint p={p} series={series} bucketMs={bucketMs} /> : null;
          }}
        />
        {series.map((s) => (
          <Bar
            key={s.key}
            dataKey={(p: Point) => height(p.values[s.key] ?? 0, p.requests)}
            name={s.title}
            stackId="refused"
            fill={s.colour}
            stroke="var(--surface)"
            strokeWidth={points.length > 90 ? 0 : 0.75}
            isAnimationActive={false}
            maxBarSize={64}
          />
        ))}
        {withBefore && <Before points={before} />}
        {placed.length > 0 && <Marks marks={placed} onOpen={onOpen} />}
        {drag && drag[0] !== drag[1] && <Selected from={drag[0]} to={drag[1]} />}
      </BarChart>
    </div>
  );
}
