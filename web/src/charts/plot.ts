import type uPlot from 'uplot';
import type { Curve } from './curves.ts';
import { secondSteps, tickLabels, xLabels } from './labels.ts';
import type { Axis } from './points.ts';
import type { ScaleKind } from './scales.ts';

/** A part of x that is looked at. */
export type Range = readonly [from: number, to: number];

export type PlotSpec = {
  readonly curves: readonly Curve[];
  readonly smoothing: boolean;
  readonly axis: Axis;
  readonly kind: ScaleKind;
  readonly width: number;
  readonly height: number;
  readonly onRange: (range: Range | undefined) => void;
  readonly onHover: (plot: uPlot) => void;
};

const rawAlpha = 0.28;
const unfocusedAlpha = 0.15;
const lineWidth = 1.5;
const labelCharacterPixels = 6.6;
const dragPixelsMin = 4;

/** What uPlot is told. Colours of axes come from the style sheet, so a change of theme is a new plot. */
export function plotOptions(spec: PlotSpec): uPlot.Options {
  const { axis, kind, smoothing } = spec;
  const style = getComputedStyle(document.documentElement);
  const soft = style.getPropertyValue('--soft').trim();
  const line = style.getPropertyValue('--line').trim();
  const font = `11px ${style.getPropertyValue('--sans').trim() || 'sans-serif'}`;
  const common = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, gap: 6 };
  return {
    width: spec.width,
    height: spec.height,
    // The last label stands half beyond its place: a time is long.
    padding: [8, axis === 'time' ? 26 : 10, 0, 0],
    legend: { show: false },
    focus: { alpha: unfocusedAlpha },
    scales: {
      x: { time: false },
      y: kind === 'log' ? { distr: 3 } : {},
    },
    axes: [
      {
        ...common,
        size: 26,
        space: axis === 'step' ? 50 : 76,
        values: (_, splits) => xLabels(axis, splits),
        // Steps are whole.
        ...(axis === 'step' ? { incrs: wholeSteps } : { incrs: secondSteps }),
      },
      {
        ...common,
        space: 34,
        size: (_, values) =>
          Math.ceil(Math.max(...(values ?? []).map((text) => text?.length ?? 0), 2) * labelCharacterPixels) +
          12,
        values: (_, splits) => labelsOfY(splits),
      },
    ],
    series: [{}, ...spec.curves.flatMap((curve) => seriesOf(curve, smoothing))],
    cursor: {
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false, dist: dragPixelsMin },
      hover: { prox: null, skip: [undefined, null] },
      bind: {
        dblclick: () => () => {
          spec.onRange(undefined);
          return null;
        },
      },
    },
    hooks: {
      setCursor: [spec.onHover],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < dragPixelsMin) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          spec.onRange([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
        },
      ],
    },
  };
}

const wholeSteps = Array.from({ length: 16 }, (_, power) =>
  [1, 2, 5].map((factor) => factor * 10 ** power),
).flat();

function seriesOf({ label, color, dash = [] }: Curve, smoothing: boolean): uPlot.Series[] {
  const drawn: uPlot.Series = {
    label,
    stroke: color,
    width: lineWidth,
    dash: [...dash],
    points: { size: 4, fill: color, stroke: color, width: 0 },
  };
  if (!smoothing) return [drawn];
  return [
    {
      ...drawn,
      stroke: color.replace(/\)$/, ` / ${rawAlpha})`),
      width: 1,
      dash: [],
      points: { show: false },
    },
    drawn,
  ];
}

/** uPlot leaves null where a logarithmic axis has no room for a label. */
function labelsOfY(splits: readonly (number | null)[]): (string | null)[] {
  const shown = splits.filter((split) => split !== null);
  const labels = tickLabels(shown);
  return splits.map((split) => (split === null ? null : (labels[shown.indexOf(split)] ?? null)));
}
