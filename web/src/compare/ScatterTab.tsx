import { useTheme } from '../app/theme.ts';
import { dimensionOf } from '../charts/dimensions.ts';
import { Scatter } from '../charts/Scatter.tsx';
import { Empty } from '../parts/Empty.tsx';
import { links } from '../parts/links.ts';
import { useParamState } from '../parts/params.ts';
import { coloringBy } from './coloring.ts';
import type { Compared } from './compared.ts';
import { type CompareRow, type Field, fieldsOf } from './differences.ts';
import { FieldSelect, Ramp } from './FieldSelect.tsx';
import { RunsTable } from './RunsTable.tsx';

type ScatterTabProps = {
  readonly compared: readonly Compared[];
  readonly rows: readonly CompareRow[];
  readonly focus: string | undefined;
};

/** One param or metric against another, a run as a point. */
export function ScatterTab({ compared, rows, focus }: ScatterTabProps) {
  const [params, setParams] = useParamState();
  const theme = useTheme();
  const fields = fieldsOf(rows);
  const byId = new Map(fields.map((field) => [field.id, field]));
  const x = byId.get(params.get('across') ?? '') ?? firstOf(fields, 'params.') ?? fields[0];
  const y =
    byId.get(params.get('up') ?? '') ??
    firstOf(fields, 'metrics.') ??
    fields.find(({ id }) => id !== x?.id) ??
    x;
  if (!x || !y) return <Empty title="Nothing to draw">None of these runs has params or metrics.</Empty>;
  const color = byId.get(params.get('color') ?? '');
  const coloring = coloringBy(color, theme);
  const shown = [...new Set([x, y, ...(color ? [color] : [])])];
  return (
    <>
      <div className="compare-bar">
        <FieldSelect label="X" fields={fields} value={x.id} onChange={(across) => setParams({ across })} />
        <FieldSelect label="Y" fields={fields} value={y.id} onChange={(up) => setParams({ up })} />
        <FieldSelect
          label="Colour"
          none="By run"
          fields={fields}
          value={color?.id}
          onChange={(id) => setParams({ color: id })}
        />
        {coloring.dimension && <Ramp dimension={coloring.dimension} />}
      </div>
      <div className="card">
        <Scatter
          label={`Scatter of ${compared.length} runs: ${y.label} over ${x.label}`}
          x={dimensionOf(x.id, x.row.cells)}
          y={dimensionOf(y.id, y.row.cells)}
          points={compared.map((run, at) => ({
            id: run.id,
            label: run.name,
            color: coloring.of(run, at).color,
            href: links.run(run.run.info.experiment_id, run.id),
            x: x.row.cells[at],
            y: y.row.cells[at],
          }))}
          focus={focus}
        />
      </div>
      <RunsTable
        title="Runs"
        runs={compared.map((run, at) => ({ ...run, ...coloring.of(run, at), at }))}
        fields={shown}
      />
    </>
  );
}

/** The first that differs, but of what the machine did only if there is no other. */
function firstOf(fields: readonly Field[], prefix: string): Field | undefined {
  const of = fields.filter(({ id }) => id.startsWith(prefix));
  return of.find(({ id, row }) => row.differs && !id.startsWith('metrics.system/')) ?? of[0];
}
