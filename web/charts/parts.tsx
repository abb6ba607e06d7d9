/** What is drawn into the stacked chart beside its bars: grid, the period before, marks, the time being chosen. */
import { useEffect } from 'react';
import { usePlotArea, useXAxisScale, useYAxisScale, useYAxisTicks, ZIndexLayer } from 'recharts';

const OVER_BARS = 400;

/** `area`: told where the bars stand within the chart. */
export function Grid({ area }: { area: { current: { x: number; width: number } | null } }) {
  const ticks = useYAxisTicks();
  const plot = usePlotArea();
  useEffect(() => {
    area.current = plot ?? null;
  });
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

/** Drawn here: the library's own line costs 6 KB of the page's budget. */
export function Before({ points }: { points: { time: string; value: number | null }[] }) {
  const x = useXAxisScale();
  const y = useYAxisScale();
  if (!x || !y) return null;
  // While the chart changes to other buckets or another height, some points have no place yet.
  const d = points
    .map((p) => (p.value === null ? [] : [x(p.time, { position: 'middle' }), y(p.value)]))
    .filter((at) => at.length === 2 && at.every(Number.isFinite))
    .map((at, i) => `${i === 0 ? 'M' : 'L'}${at.join()}`)
    .join('');
  return (
    <ZIndexLayer zIndex={OVER_BARS}>
      <path d={d} fill="none" stroke="var(--surface)" strokeOpacity={0.7} strokeWidth={3} pointerEvents="none" />
      <path d={d} fill="none" stroke="var(--ink)" strokeWidth={1.5} strokeDasharray="3 3" pointerEvents="none" />
    </ZIndexLayer>
  );
}

/** The time being chosen by dragging. */
export function Selected({ from, to }: { from: string; to: string }) {
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
        stroke="var(--accent)"
        pointerEvents="none"
      />
    </ZIndexLayer>
  );
}

export type Mark = { time: string; href: string; says: string; colour: string; isBack: boolean };
/** Where a problem began (flag) or came back (turned flag). Marks of one bucket stand on each other. */
export function Marks({ marks, onOpen }: { marks: (Mark & { bucket: string })[]; onOpen: (href: string) => void }) {
  const x = useXAxisScale();
  const plot = usePlotArea();
  if (!x || !plot) return null;
  const at = new Map<string, number>();
  return (
    <ZIndexLayer zIndex={OVER_BARS + 1}>
      {marks.map((m) => {
        const level = at.get(m.bucket) ?? 0;
        at.set(m.bucket, level + 1);
        const cx = x(m.bucket, { position: 'middle' });
        if (cx === undefined || level > 2) return null;
        const y = plot.y - 10 - level * 13;
        return (
          <a
            key={m.href}
            href={m.href}
            className="mark-link"
            aria-label={m.says}
            onMouseDown={(e) => e.stopPropagation()}
            onClick={(e) => {
              if (e.metaKey || e.ctrlKey) return;
              e.preventDefault();
              onOpen(m.href);
            }}
          >
            <title>{m.says}</title>
            {level === 0 && (
              <line
                x1={cx}
                x2={cx}
                y1={plot.y - 6}
                y2={plot.y + plot.height}
                stroke="var(--muted)"
                strokeDasharray="2 3"
              />
            )}
            <rect x={cx - 12} y={y - 12} width={24} height={24} fill="transparent" />
            <path
              d={m.isBack ? `M${cx - 5},${y + 4}h10l-5,-9Z` : `M${cx},${y - 6}l6,6l-6,6l-6,-6Z`}
              fill={m.colour}
              stroke="var(--ink)"
              strokeWidth={1.25}
              strokeLinejoin="round"
            />
          </a>
        );
      })}
    </ZIndexLayer>
  );
}
