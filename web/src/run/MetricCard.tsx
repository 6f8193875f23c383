import { useMemo } from 'react';
import type { Metric, Run } from '../api/types.ts';
import { useTheme } from '../app/theme.ts';
import { colorOf, inksOf } from '../charts/colors.ts';
import { Curves } from '../charts/Curves.tsx';
import { valueText } from '../charts/labels.ts';
import { type Axis, originOf, pointsOver, stepsWithin } from '../charts/points.ts';
import type { ChartSettings } from '../charts/settings.ts';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Ago } from '../parts/Time.tsx';
import { useHistories } from './history.ts';

export const chartPixels = 190;

type MetricCardProps = {
  readonly run: Run;
  readonly metric: Metric;
  readonly axis: Axis;
  readonly settings: ChartSettings;
  readonly onOpen: () => void;
};

/** One metric of a run: its latest value and its curve. */
export function MetricCard({ run, metric, axis, settings, onOpen }: MetricCardProps) {
  const { key, value } = metric;
  return (
    <section className="card chart-card" aria-label={key}>
      <div className="chart-card-head">
        <h3 title={key}>{key}</h3>
        <span className="chart-latest" title={`Latest: ${String(value)}`}>
          {valueText(value)}
        </span>
        <button type="button" className="quiet" aria-label={`Open ${key}`} title="Open" onClick={onOpen}>
          <Icon name="show" size={14} />
        </button>
      </div>
      <RunCurve run={run} metric={metric} axis={axis} settings={settings} height={chartPixels} />
    </section>
  );
}

type RunCurveProps = Omit<MetricCardProps, 'onOpen'> & { readonly height: number };

/** The curve of one metric of one run, closer where the reader looks closer. */
export function RunCurve({ run, metric, axis, settings, height }: RunCurveProps) {
  const { info } = run;
  const { range, kind, weight, change } = settings;
  const theme = useTheme();
  const whole = useHistories(metric.key, [run]);
  const known = whole.points.get(info.run_id);
  const origin = useMemo(() => originOf(info.start_time, known ?? []), [info.start_time, known]);
  const within = range && known ? stepsWithin(axis, known, origin, range) : undefined;
  const closer = useHistories(metric.key, within ? [run] : [], within);
  const points = (within && closer.points.get(info.run_id)) ?? known;
  const curves = useMemo(() => {
    const ink = inksOf([info.run_id]).get(info.run_id);
    return points && ink
      ? [
          {
            id: info.run_id,
            label: metric.key,
            color: colorOf(ink, theme),
            points: pointsOver(axis, points, origin),
          },
        ]
      : undefined;
  }, [points, axis, origin, theme, info.run_id, metric.key]);
  if (whole.error && !curves) return <Failure error={whole.error} onRetry={whole.retry} />;
  if (!curves) return <div className="chart-none" aria-busy={whole.isPending} style={{ height }} />;
  if (points?.length === 1)
    return (
      <p className="chart-none hint" style={{ height }}>
        <b>{valueText(metric.value)}</b>
        <span>
          Logged once, at step {valueText(metric.step)}, <Ago at={metric.timestamp} />
        </span>
      </p>
    );
  return (
    <Curves
      label={metric.key}
      curves={curves}
      axis={axis}
      kind={kind}
      weight={weight}
      height={height}
      range={range}
      onRange={(chosen) => change({ range: chosen })}
    />
  );
}
