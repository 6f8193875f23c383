import { useTheme } from '../app/theme.ts';
import { type Brush, dimensionOf, within } from '../charts/dimensions.ts';
import { Parallel } from '../charts/Parallel.tsx';
import { Empty } from '../parts/Empty.tsx';
import { links } from '../parts/links.ts';
import { useParamState } from '../parts/params.ts';
import { coloringBy } from './coloring.ts';
import type { Compared } from './compared.ts';
import { type CompareRow, type Field, fieldsOf } from './differences.ts';
import { FieldPicker } from './FieldPicker.tsx';
import { FieldSelect, Ramp } from './FieldSelect.tsx';
import { RunsTable } from './RunsTable.tsx';

const axesMax = 12;
const paramsAtFirst = 5;
const metricsAtFirst = 2;

type ParallelTabProps = {
  readonly compared: readonly Compared[];
  readonly rows: readonly CompareRow[];
  readonly focus: string | undefined;
};

/** Params and metrics as axes side by side, a run as a line through all of them. */
export function ParallelTab({ compared, rows, focus }: ParallelTabProps) {
  const [params, setParams] = useParamState();
  const theme = useTheme();
  const fields = fieldsOf(rows);
  if (fields.length === 0)
    return <Empty title="Nothing to draw">None of these runs has params or metrics.</Empty>;
  const byId = new Map(fields.map((field) => [field.id, field]));
  const asked = params.getAll('axis').flatMap((id) => byId.get(id) ?? []);
  const shown = asked.length > 0 ? asked : atFirst(fields);
  const dimensions = shown.map(({ id, row }) => dimensionOf(id, row.cells));
  const coloring = coloringBy(byId.get(params.get('color') ?? ''), theme);
  const brushes = params.getAll('brush').flatMap((text) => brushOf(text) ?? []);
  const cellsOf = (at: number) => shown.map(({ row }) => row.cells[at]);
  const chosen = compared
    .map((run, at) => ({ ...run, ...coloring.of(run, at), at }))
    .filter(({ at }) => within(dimensions, cellsOf(at), brushes));
  const brush = (key: string, changed: Brush | undefined) =>
    setParams({
      brush: [...brushes.filter((each) => each.key !== key), ...(changed ? [changed] : [])].map(brushText),
    });
  return (
    <>
      <div className="compare-bar">
        <FieldPicker
          label={`Axes (${shown.length})`}
          options={fields.map(({ id, label }) => ({
            id,
            label,
            note: id.startsWith('params.') ? 'param' : 'metric',
          }))}
          chosen={shown.map(({ id }) => id)}
          max={axesMax}
          onChoose={(axis) => setParams({ axis })}
        />
        <FieldSelect
          label="Colour"
          none="By run"
          fields={fields}
          value={coloring.dimension?.key}
          onChange={(color) => setParams({ color })}
        />
        {coloring.dimension && <Ramp dimension={coloring.dimension} />}
        {brushes.length > 0 && (
          <button type="button" onClick={() => setParams({ brush: undefined })}>
            Clear ranges
          </button>
        )}
        <span className="hint">Drag along an axis to choose runs.</span>
      </div>
      <div className="card">
        <Parallel
          label={`Parallel coordinates of ${compared.length} runs over ${shown.map(({ label }) => label).join(', ')}`}
          dimensions={dimensions}
          lines={compared.map((run, at) => ({
            id: run.id,
            label: run.name,
            ...coloring.of(run, at),
            cells: cellsOf(at),
          }))}
          brushes={brushes}
          onBrush={brush}
          focus={focus}
          onOpen={(id) => {
            location.hash = links.runById(id);
          }}
        />
      </div>
      <RunsTable
        title={brushes.length > 0 ? `${chosen.length} of ${compared.length} runs` : 'Runs'}
        runs={chosen}
        fields={shown}
      />
    </>
  );
}

/** What differs, params before metrics: with so few axes the lines can still be followed. */
function atFirst(fields: readonly Field[]): readonly Field[] {
  const differing = fields.filter(({ row }) => row.differs);
  const of = (prefix: string, max: number) =>
    differing.filter(({ id }) => id.startsWith(prefix) && !id.startsWith('metrics.system/')).slice(0, max);
  const chosen = [...of('params.', paramsAtFirst), ...of('metrics.', metricsAtFirst)];
  return chosen.length > 0 ? chosen : fields.slice(0, paramsAtFirst + metricsAtFirst);
}

/** `0.25~0.75~params.lr`: the ends as shares of the axis, then the key, which may hold anything. */
function brushOf(text: string): Brush | undefined {
  const match = /^([\d.]+)~([\d.]+)~(.+)$/s.exec(text);
  const [low, high, key] = [Number(match?.[1]), Number(match?.[2]), match?.[3]];
  return key !== undefined && low <= high ? { key, low, high } : undefined;
}

function brushText({ key, low, high }: Brush): string {
  return `${low.toFixed(3)}~${high.toFixed(3)}~${key}`;
}
