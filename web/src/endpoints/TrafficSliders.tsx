import { useId, useState } from 'react';
import { faultOf, moved, percentOf, type ShareText, sumOf, toWhole } from './traffic.ts';

type TrafficSlidersProps = {
  readonly shares: readonly ShareText[];
  readonly onChange: (shares: readonly ShareText[]) => void;
};

/** The slider that is held, and the shares when it was taken: they keep their proportions however it goes. */
type Held = { readonly name: string; readonly from: readonly ShareText[] };

/** A slider and a number for each share. A slider takes from the others or gives to them; a number stands alone. */
export function TrafficSliders({ shares, onChange }: TrafficSlidersProps) {
  const id = useId();
  const [held, setHeld] = useState<Held>();
  const fault = faultOf(shares);
  const move = (name: string, percent: number) => {
    const from = held?.name === name ? held.from : shares;
    setHeld({ name, from });
    onChange(moved(from, name, percent));
  };
  const type = (name: string, text: string) => {
    setHeld(undefined);
    onChange(shares.map((share) => (share.name === name ? { ...share, text } : share)));
  };
  return (
    <div className="shares" role="group" aria-label="Traffic" aria-describedby={id}>
      {shares.map((share, at) => (
        <div key={at} className="share-line">
          <span className="cut" title={share.name}>
            <i className={`series-dot series-${(at % 8) + 1}`} aria-hidden="true" />
            {share.name || 'unnamed'}
            {share.isFixed && <small className="hint"> gets copies</small>}
          </span>
          <input
            type="range"
            min={0}
            max={100}
            // The only one gets all calls, or none.
            step={shares.length === 1 ? 100 : 1}
            disabled={share.isFixed}
            aria-label={`Share of ${share.name}`}
            value={percentOf(share)}
            onChange={({ target }) => move(share.name, Number(target.value))}
          />
          <span className="percent">
            <input
              type="number"
              min={0}
              max={100}
              step="any"
              disabled={share.isFixed}
              aria-label={`Percent of ${share.name}`}
              aria-invalid={fault !== undefined}
              value={share.text}
              onChange={({ target }) => type(share.name, target.value)}
            />{' '}
            %
          </span>
        </div>
      ))}
      <p id={id} className={fault === undefined ? 'hint' : 'share-fault'} role="status">
        {fault ??
          (sumOf(shares) === 0
            ? 'No share at all: calls are refused until one gets some.'
            : 'Together 100 %.')}{' '}
        {fault !== undefined && sumOf(shares) > 0 && (
          <button type="button" className="link" onClick={() => onChange(toWhole(shares))}>
            Scale to 100
          </button>
        )}
      </p>
    </div>
  );
}
