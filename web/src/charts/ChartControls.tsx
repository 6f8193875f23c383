import { useEffect, useEffectEvent, useState } from 'react';
import { useDebounced } from '../parts/debounced.ts';
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
      <Smoothing weight={weight} onChange={(chosen) => change({ weight: chosen })} />
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

type SmoothingProps = { readonly weight: number; readonly onChange: (weight: number) => void };

/** Follows the hand at once; the curves follow when it pauses, since an address does not change that often. */
function Smoothing({ weight, onChange }: SmoothingProps) {
  const [chosen, setChosen] = useState(weight);
  const [given, setGiven] = useState(weight);
  if (weight !== given) {
    setGiven(weight);
    setChosen(weight);
  }
  const settled = useDebounced(chosen, pauseMilliseconds);
  const tell = useEffectEvent(onChange);
  useEffect(() => {
    if (settled === chosen && settled !== weight) tell(settled);
  }, [settled, chosen, weight]);
  return (
    <label className="smoothing">
      <span>Smoothing</span>
      <input
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={chosen}
        onChange={({ target }) => setChosen(Number(target.value))}
      />
      <output>{chosen.toFixed(2)}</output>
    </label>
  );
}

const pauseMilliseconds = 80;
