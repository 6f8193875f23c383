import { rangeOf, rangeText, useParamState } from '../parts/params.ts';
import type { Range } from './plot.ts';
import { axes, type Axis } from './points.ts';
import type { ScaleKind } from './scales.ts';
import { smoothingMax } from './smoothing.ts';

/** How curves are shown. */
export type ChartSettings = {
  /** Undefined where the data decides. */
  readonly axis: Axis | undefined;
  readonly kind: ScaleKind;
  readonly weight: number;
  /** Of the axis; all of it where undefined. */
  readonly range: Range | undefined;
  readonly change: (changes: Partial<Pick<ChartSettings, 'axis' | 'kind' | 'weight' | 'range'>>) => void;
};

/** The settings as the page's address has them. */
export function useChartSettings(): ChartSettings {
  const [state, setState] = useParamState();
  const weight = Number(state.get('smooth') ?? 0);
  return {
    axis: axes.find((axis) => axis === state.get('x')),
    kind: state.get('y') === 'log' ? 'log' : 'linear',
    weight: Number.isFinite(weight) ? Math.min(Math.max(weight, 0), smoothingMax) : 0,
    range: rangeOf(state.get('range')),
    change: (changes) =>
      setState({
        ...('axis' in changes ? { x: changes.axis } : {}),
        ...('kind' in changes ? { y: changes.kind === 'log' ? 'log' : undefined } : {}),
        ...('weight' in changes ? { smooth: changes.weight ? String(changes.weight) : undefined } : {}),
        ...('range' in changes ? { range: rangeText(changes.range) } : {}),
      }),
  };
}
