import { useMemo } from 'react';
import { ChartControls } from '../charts/ChartControls.tsx';
import { Curves } from '../charts/Curves.tsx';
import type { Curve } from '../charts/curves.ts';
import { type Axis, originOf, pointsOver, stepsWithin } from '../charts/points.ts';
import { type ChartSettings, useChartSettings } from '../charts/settings.ts';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { useParamState } from '../parts/params.ts';
import { type Steps, useHistories } from '../run/history.ts';
import type { Compared } from './compared.ts';
import type { CompareRow } from './differences.ts';
import { FieldPicker } from './FieldPicker.tsx';

const heightPixels = 320;
const heightAlonePixels = 460;
const chartsMax = 8;

type CurvesTabProps = {
  readonly compared: readonly Compared[];
  readonly rows: readonly CompareRow[];
  readonly focus: string | undefined;
};

/** The curves of some metrics, those of all runs together in each chart. */
export function CurvesTab({ compared, rows, focus }: CurvesTabProps) {
  const [params, setParams] = useParamState();
  const settings = useChartSettings();
  const metrics = rows.filter(({ section }) => section === 'Metrics').map(({ key }) => key);
  const stepless = compared.every(({ run }) => (run.data.metrics ?? []).every(({ step }) => step === 0));
  const axis = settings.axis ?? (stepless ? 'relative' : 'step');
  if (metrics.length === 0) return <Empty title="No metrics">None of these runs has logged one.</Empty>;
  const asked = params.getAll('metric').filter((key) => metrics.includes(key));
  const shown = asked.length > 0 ? asked : [firstOf(compared, metrics)];
  return (
    <>
      <div className="compare-bar">
        <FieldPicker
          label={`Metrics (${shown.length})`}
          options={metrics.map((key) => ({ id: key, label: key }))}
          chosen={shown}
          max={chartsMax}
          onChoose={(metric) => setParams({ metric })}
        />
        <ChartControls settings={settings} axis={axis} />
      </div>
      <div className={shown.length > 1 ? 'compare-charts many' : 'compare-charts'}>
        {shown.map((key) => (
          <section key={key} className="card chart-card" aria-label={key}>
            <div className="chart-card-head">
              <h3 title={key}>{key}</h3>
              {shown.length > 1 && (
                <button
                  type="button"
                  className="quiet"
                  aria-label={`Close ${key}`}
                  title="Close"
                  onClick={() => setParams({ metric: shown.filter((each) => each !== key) })}
                >
                  <Icon name="close" size={14} />
                </button>
              )}
            </div>
            <MetricCurves
              metric={key}
              compared={compared}
              axis={axis}
              settings={settings}
              focus={focus}
              height={shown.length > 1 ? heightPixels : heightAlonePixels}
            />
          </section>
        ))}
      </div>
    </>
  );
}

type MetricCurvesProps = {
  readonly metric: string;
  readonly compared: readonly Compared[];
  readonly axis: Axis;
  readonly settings: ChartSettings;
  readonly focus: string | undefined;
  readonly height: number;
};

function MetricCurves({ metric, compared, axis, settings, focus, height }: MetricCurvesProps) {
  const { range, kind, weight, change } = settings;
  const runs = useMemo(() => compared.map(({ run }) => run), [compared]);
  const whole = useHistories(metric, runs);
  const origins = useMemo(
    () =>
      new Map(
        runs.map(({ info }) => [info.run_id, originOf(info.start_time, whole.points.get(info.run_id) ?? [])]),
      ),
    [runs, whole.points],
  );
  const within = range ? stepsOfAll(compared, whole.points, axis, origins, range) : undefined;
  const closer = useHistories(metric, within ? runs : [], within);
  const closerPoints = within ? closer.points : undefined;
  const curves = useMemo(
    () =>
      compared.flatMap(({ id, name, color, dash }): Curve[] => {
        const points = closerPoints?.get(id) ?? whole.points.get(id);
        if (!points) return [];
        return [{ id, label: name, color, dash, points: pointsOver(axis, points, origins.get(id) ?? 0) }];
      }),
    [compared, closerPoints, whole.points, axis, origins],
  );
  if (whole.error && curves.length === 0) return <Failure error={whole.error} onRetry={whole.retry} />;
  if (whole.isPending) return <div className="chart-none" aria-busy="true" style={{ height }} />;
  return (
    <Curves
      label={metric}
      curves={curves}
      axis={axis}
      kind={kind}
      weight={weight}
      height={height}
      range={range}
      focus={focus}
      onRange={(chosen) => change({ range: chosen })}
    />
  );
}

/** The steps that any of the runs can have within a range of the axis. */
function stepsOfAll(
  compared: readonly Compared[],
  points: ReturnType<typeof useHistories>['points'],
  axis: Axis,
  origins: ReadonlyMap<string, number>,
  range: readonly [number, number],
): Steps | undefined {
  const all = compared.flatMap(
    ({ id }) => stepsWithin(axis, points.get(id) ?? [], origins.get(id) ?? 0, range) ?? [],
  );
  return all.length === 0 ? undefined : [Math.min(...all), Math.max(...all)];
}

/** The metric that tells most: had by most runs, with the most steps. */
function firstOf(compared: readonly Compared[], metrics: readonly string[]): string {
  const weigh = new Map<string, number>();
  for (const { run } of compared)
    for (const { key, step } of run.data.metrics ?? [])
      if (!key.startsWith('system/'))
        weigh.set(key, (weigh.get(key) ?? 0) + 1 + Math.min(Math.abs(step), 1e6) / 1e7);
  return metrics.toSorted((a, b) => (weigh.get(b) ?? 0) - (weigh.get(a) ?? 0))[0];
}
