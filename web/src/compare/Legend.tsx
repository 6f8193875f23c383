import { links } from '../parts/links.ts';
import type { Compared } from './compared.ts';

type LegendProps = {
  readonly compared: readonly Compared[];
  /** The run that the reader points at. */
  readonly onFocus: (runId: string | undefined) => void;
};

/** Which colour is which run; pointing at one shows it before the others. */
export function Legend({ compared, onFocus }: LegendProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <ul className="legend" aria-label="Runs" tabIndex={0}>
      {compared.map(({ id, name, color, dash, run }) => (
        <li key={id} onPointerEnter={() => onFocus(id)} onPointerLeave={() => onFocus(undefined)}>
          <Swatch color={color} dash={dash} />
          <a
            className="clip"
            href={links.run(run.info.experiment_id, id)}
            title={name}
            onFocus={() => onFocus(id)}
            onBlur={() => onFocus(undefined)}
          >
            {name}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** The line that a run is drawn with. */
export function Swatch({ color, dash }: Pick<Compared, 'color' | 'dash'>) {
  return (
    <svg className="swatch" width="16" height="8" aria-hidden="true">
      <line x1="0" x2="16" y1="4" y2="4" stroke={color} strokeDasharray={dash.join(' ')} />
    </svg>
  );
}
