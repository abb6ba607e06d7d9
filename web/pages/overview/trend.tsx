/** The chart of the overview: refusals by cause category, the period before, and where problems began. */
import { useMemo } from 'react';
import type { Overview } from '../../../server/api/contract.ts';
import type { Mark } from '../../charts/parts.tsx';
import type { Point } from '../../charts/stacked.tsx';
import { problemHref, problemTitle } from '../../components/problem-bits.tsx';
import { TrendCard } from '../../components/trend-card.tsx';
import { CATEGORIES, CATEGORY_TITLES, categoryColour, categoryOf } from '../../data/causes.ts';
import { type Filters, hasValue, withoutValue, withValue } from '../../data/filters.ts';
import { plural } from '../../data/format.ts';
import { fullMoment } from '../../data/time.ts';

const MARKS_MAX = 8;
const largest = (marks: Overview['marks'], most: number) => {
  const least = marks.map((m) => m.refusals).sort((a, b) => b - a)[most - 1] ?? 0;
  return marks.filter((m) => m.refusals >= least).slice(0, most);
};

export function pointsOf(data: Overview): Point[] {
  return data.series.map((s, i) => {
    const values: Record<string, number> = {};
    for (const [cause, n] of Object.entries(s.byCause)) {
      const c = categoryOf(cause);
      values[c] = (values[c] ?? 0) + n;
    }
    const before = data.previous[i];
    return {
      time: s.time,
      refused: s.refused,
      requests: s.requests,
      previous: before ? { refused: before.refused, requests: before.requests } : null,
      values,
    };
  });
}

export function Trend({
  data,
  filters,
  onChange,
}: {
  data: Overview;
  filters: Filters;
  onChange: (f: Filters) => void;
}) {
  const points = useMemo(() => pointsOf(data), [data]);
  const series = CATEGORIES.filter((c) => points.some((p) => p.values[c])).map((c) => ({
    key: c as string,
    title: CATEGORY_TITLES[c],
    colour: categoryColour(c),
  }));
  const marks: Mark[] = largest(data.marks, MARKS_MAX).map((m) => ({
    time: m.time,
    href: problemHref(m.problem),
    says: `${problemTitle(m)} ${m.what === 'began' ? 'began' : 'came back'} ${fullMoment(m.time)}, ${plural(m.refusals, 'refusal')}`,
    colour: categoryColour(categoryOf(m.cause)),
    isBack: m.what === 'came-back',
  }));
  const spanMs = Date.parse(data.until) - Date.parse(data.since);
  const zoomed = filters.until !== undefined || !Number.isNaN(Date.parse(filters.since ?? ''));
  function zoomOut() {
    const from = Date.parse(data.since) - spanMs / 2;
    const to = Date.parse(data.until) + spanMs / 2;
    const whole = data.stored && from <= Date.parse(data.stored.from) && to >= Date.parse(data.stored.to);
    onChange(
      whole
        ? { ...filters, since: 'all', until: undefined }
        : {
            ...filters,
            since: new Date(from).toISOString(),
            until: to >= Date.now() ? undefined : new Date(to).toISOString(),
          },
    );
  }
  return (
    <TrendCard
      title="Refusals over time"
      points={points}
      series={series}
      bucketMs={data.bucketMs}
      spanMs={spanMs}
      marks={marks}
      acts={
        zoomed ? (
          <button type="button" className="text-button" onClick={zoomOut}>
            Zoom out
          </button>
        ) : (
          <span className="muted card-hint">Drag over the bars to zoom in</span>
        )
      }
      pressed={(c) => hasValue(filters, 'category', c)}
      onPress={(c) =>
        onChange(
          hasValue(filters, 'category', c) ? withoutValue(filters, 'category', c) : withValue(filters, 'category', c),
        )
      }
      onZoom={(since, until) => onChange({ ...filters, since, until })}
    />
  );
}
