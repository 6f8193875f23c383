import type { ReactNode } from 'react';
import type { Cell } from '../charts/dimensions.ts';
import { Dot } from '../parts/Chip.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { useParamState } from '../parts/params.ts';
import { type Compared, without } from './compared.ts';
import type { CompareRow } from './differences.ts';
import { DifferenceTable } from './DifferenceTable.tsx';
import { Swatch } from './Legend.tsx';

type CompareTableProps = { readonly compared: readonly Compared[]; readonly rows: readonly CompareRow[] };

/** Runs as columns, what is said of them as rows. */
export function CompareTable({ compared, rows }: CompareTableProps) {
  const [params, setParams] = useParamState();
  return (
    <DifferenceTable
      label="Runs side by side"
      finds="Find params, metrics and tags"
      rows={rows}
      cellText={cellText}
      columns={compared.map(({ run, id, name, color, dash }) => ({
        id,
        head: (
          <>
            <Swatch color={color} dash={dash} />
            <a className="clip" href={links.run(run.info.experiment_id, id)} title={name}>
              {name}
            </a>
            {compared.length > 1 && (
              <button
                type="button"
                className="quiet"
                aria-label={`Take ${name} out`}
                title="Take out"
                onClick={() => setParams({ runs: without(params.get('runs'), id) })}
              >
                <Icon name="close" size={12} />
              </button>
            )}
          </>
        ),
      }))}
    />
  );
}

function cellText({ section, key }: CompareRow, cell: Cell): ReactNode {
  if (section !== 'Run' || cell === undefined) return undefined;
  if (key === 'Status')
    return (
      <span className="row">
        <Dot state={String(cell).toUpperCase()} /> {cell}
      </span>
    );
  return key === 'Experiment' ? <a href={links.experiment(String(cell))}>{cell}</a> : undefined;
}
