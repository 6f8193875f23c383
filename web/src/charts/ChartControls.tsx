import { axes, type Axis } from './points.ts';
import type { ChartSettings } from './settings.ts';

const axisNames: Readonly<Record<Axis, string>> = { step: 'Step', relative: 'Relative', time: 'Time' };
const axisHints: Readonly<Record<Axis, string>> = {
  step: 'The step that was logged',
  relative: 'Time since the run began',
  time: 'Time of day',
};

/** Smoothing, x axis and scale of all curves of a page; `axis` is what they run over now. */
export function ChartControls({ settings, axis }: { readonly settings: ChartSettings; readonly axis: Axis }) {
  const { kind, weight, range, change } = settings;
  return (
    <div className="chart-controls">
      <label className="smoothing">
        <span>Smoothing</span>
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={weight}
          onChange={({ target }) => change({ weight: Number(target.value) })}
        />
        <output>{weight.toFixed(2)}</output>
      </label>
      <div className="choices" role="group" aria-label="X axis">
        {axes.map((each) => (
          <button
            key={each}
            type="button"
            title={axisHints[each]}
            aria-pressed={each === axis}
            // A range of one axis is none of another.
            onClick={() => change({ axis: each, range: undefined })}
          >
            {axisNames[each]}
          </button>
        ))}
      </div>
      <button
        type="button"
        title="Logarithmic y axis"
        aria-pressed={kind === 'log'}
        onClick={() => change({ kind: kind === 'log' ? 'linear' : 'log' })}
      >
        Log scale
      </button>
      {range && (
        <button type="button" onClick={() => change({ range: undefined })}>
          Reset zoom
        </button>
      )}
    </div>
  );
}
