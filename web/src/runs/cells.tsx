import type { RunRow } from '../api/runRows.ts';
import type { Figure } from '../api/types.ts';
import { Chip, Dot } from '../parts/Chip.tsx';
import { duration, figure } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Ago } from '../parts/Time.tsx';
import { type Line, parentOf } from './arrange.ts';
import { type Column, valueOf } from './columns.ts';

type RunLine = Extract<Line, { kind: 'run' }>;
type NameCellProps = {
  readonly line: RunLine;
  readonly isSelected: boolean;
  readonly onSelect: (id: string, isRange: boolean) => void;
  readonly onPin: (id: string) => void;
  readonly onHide: (id: string) => void;
  readonly onFold: (id: string) => void;
};

const indentPixels = 18;
/** Deeper runs stand no further in: their names would have no room. */
const depthMax = 5;

/** The first cell of a row, which stays in view: what the run is called, and what can be done with its row. */
export function NameCell({ line, isSelected, onSelect, onPin, onHide, onFold }: NameCellProps) {
  const { run, id, pinned, depth, children, folded } = line;
  const name = run.name || id;
  return (
    <div role="rowheader" aria-colindex={1} className="lead">
      <input
        type="checkbox"
        aria-label={`Choose ${name}`}
        checked={isSelected}
        onChange={(event) => onSelect(id, (event.nativeEvent as MouseEvent).shiftKey)}
      />
      <span className="indent" style={{ width: Math.min(depth, depthMax) * indentPixels }} />
      {children > 0 && (
        <button
          type="button"
          className="quiet fold"
          aria-expanded={!folded}
          aria-label={`Runs nested in ${name}`}
          title={`${children} nested`}
          onClick={() => onFold(id)}
        >
          <Icon name={folded ? 'right' : 'down'} size={14} />
        </button>
      )}
      <Dot state={run.status} />
      <a className="cut" href={links.run(run.experiment_id, id)} title={name}>
        {name}
      </a>
      {depth === 0 && parentOf(run) !== undefined && (
        <small title={`Nested in run ${parentOf(run)}`}>nested</small>
      )}
      {run.stage === 'deleted' && <Chip state="deleted" />}
      <span className="row-actions">
        <button
          type="button"
          className="quiet"
          aria-pressed={pinned}
          aria-label={pinned ? `Unpin ${name}` : `Pin ${name} to the top`}
          title={pinned ? 'Unpin' : 'Pin to the top'}
          onClick={() => onPin(id)}
        >
          <Icon name="pin" size={14} />
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={`Hide ${name}`}
          title="Hide"
          onClick={() => onHide(id)}
        >
          <Icon name="hide" size={14} />
        </button>
      </span>
    </div>
  );
}

type CellProps = {
  readonly column: Column;
  readonly run: RunRow;
  /** The same run with the columns that were asked for; undefined while they are on their way. */
  readonly stored: RunRow | undefined;
  readonly experimentNames: ReadonlyMap<string, string>;
};

/** What a run says in a column. */
export function Cell({ column, run, stored, experimentNames }: CellProps) {
  if (column.kind !== 'attributes') {
    if (!stored) return <span className="pending" />;
    const value = valueOf(stored, column);
    return value === undefined ? null : <Value value={value} isFigure={column.kind === 'metrics'} />;
  }
  const value = valueOf(run, column);
  if (value === undefined) return null;
  switch (column.key) {
    case 'start_time':
    case 'end_time':
      return <Ago at={Number(value)} />;
    case 'duration':
      return <span className="cut">{duration(Number(value))}</span>;
    case 'experiment':
      return (
        <a className="cut" href={links.experiment(run.experiment_id)}>
          {experimentNames.get(run.experiment_id) ?? run.experiment_id}
        </a>
      );
    default:
      return <Value value={value} isFigure={false} />;
  }
}

function Value({ value, isFigure }: { readonly value: number | string; readonly isFigure: boolean }) {
  const text = String(value);
  return (
    <span className="cut" title={text}>
      {isFigure ? figure(value as Figure) : text}
    </span>
  );
}
