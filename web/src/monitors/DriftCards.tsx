import { useCallback, useMemo, useState } from 'react';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { useTheme } from '../app/theme.ts';
import { heatColor, markColor, type HeatPlace } from '../charts/heat.ts';
import { HeatMap } from '../charts/HeatMap.tsx';
import { versionMarks } from '../charts/timeline.ts';
import { Card } from '../parts/Card.tsx';
import { counted, moment } from '../parts/format.ts';
import { useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { DistributionCard } from './DistributionCard.tsx';
import { type DriftCell, driftMap } from './drift.ts';
import { shown, shownBounds } from './figures.ts';
import { SpanSelect } from './SpanSelect.tsx';
import { useWindowChoice } from './WindowBar.tsx';

type DriftCardsProps = {
  readonly monitor: Monitor;
  /** Newest first. */
  readonly results: readonly MonitorResult[];
  readonly chosen: MonitorResult;
  readonly spans: readonly string[];
};

const filterFromFeatures = 13;

/** How far each feature moved in each window, and how the chosen one is distributed in the chosen window. */
export function DriftCards({ monitor, results, chosen, spans }: DriftCardsProps) {
  const [state] = useParamState();
  const go = useWindowChoice(monitor.name);
  const [filter, setFilter] = useState('');
  const map = useMemo(() => driftMap(results), [results]);
  const rows = useMemo(
    () => map.features.filter((name) => name.toLowerCase().includes(filter.toLowerCase())),
    [map, filter],
  );
  const columns = useMemo(() => {
    const marks = versionMarks(
      map.windows.map(({ window_end: at, model }) => ({ at, version: model?.version ?? null })),
    );
    return map.windows.map(({ window_end: at }) => ({
      at,
      mark: marks.find((mark) => mark.at === at)?.label,
    }));
  }, [map]);
  const cellAt = useCallback(
    ({ row, column }: HeatPlace) => map.cells.get(rows[row] ?? '')?.[column],
    [map, rows],
  );
  const cell = useCallback(
    (place: HeatPlace) => {
      const found = cellAt(place);
      return found && { way: found.way, isMarked: found.isBreached };
    },
    [cellAt],
  );
  const first = featureOf(state.get('feature'), map.cells, chosen);
  const [row, column] = [
    rows.indexOf(first ?? ''),
    map.windows.findIndex(({ window_end: end }) => end === chosen.window_end),
  ];
  const drifted = rows.filter((name) => map.cells.get(name)?.some((each) => each?.isBreached)).length;
  return (
    <>
      <Card
        title="Drift of features over time"
        actions={
          <>
            {map.features.length >= filterFromFeatures && (
              <SearchField label="Filter features" value={filter} onChange={setFilter} />
            )}
            <SpanSelect spans={spans} />
          </>
        }
      >
        {map.features.length === 0 ? (
          <p className="hint">
            No window of these compared any feature: with too few rows, or no reference, there is nothing to
            show.
          </p>
        ) : rows.length === 0 ? (
          <p className="hint">Nothing matches “{filter}”.</p>
        ) : (
          <>
            <HeatMap
              label={`Drift of ${counted(rows.length, 'feature')} over ${counted(columns.length, 'window')}; ${drifted} drifted in one of them or more`}
              rows={rows}
              columns={columns}
              cell={cell}
              describe={(place) => (
                <CellText
                  feature={rows[place.row] ?? ''}
                  at={columns[place.column]?.at ?? 0}
                  cell={cellAt(place)}
                />
              )}
              chosen={{ ...(row >= 0 ? { row } : {}), ...(column >= 0 ? { column } : {}) }}
              onChoose={(place) => go(columns[place.column]?.at, rows[place.row])}
            />
            <Legend />
          </>
        )}
      </Card>
      <DistributionCard monitor={monitor} result={chosen} first={first} />
    </>
  );
}

/** The feature that the address names, or else the one that moved most in the window. */
function featureOf(
  said: string | null,
  cells: ReadonlyMap<string, unknown>,
  { heat }: MonitorResult,
): string | undefined {
  if (said !== null) return said;
  if (!heat) return cells.keys().next().value;
  const order = heat.features.map((name, at) => ({
    name,
    isBreached: Number(heat.breached[at]),
    value: heat.metric.includes('p-value') ? -(heat.values[at] ?? 1) : (heat.values[at] ?? -1),
  }));
  return order.toSorted((a, b) => b.isBreached - a.isBreached || b.value - a.value)[0]?.name;
}

type CellTextProps = { readonly feature: string; readonly at: number; readonly cell: DriftCell | undefined };

function CellText({ feature, at, cell }: CellTextProps) {
  return (
    <>
      <div className="chart-tip-x">Window until {moment(at)}</div>
      <div className="chart-tip-row">
        <span className="heat-name">{feature}</span>
        {cell?.isBreached && <span className="chip bad">drifted</span>}
      </div>
      {cell === undefined ? (
        <div className="hint">was not compared</div>
      ) : (
        <div className="hint">
          {cell.metric.replaceAll('-', ' ')} <b>{shown(cell.metric, cell.value)}</b>
          {cell.bounds && `, ${shownBounds(cell.metric, cell.bounds)}`}
          {cell.reason !== undefined && ` (${cell.reason})`}
        </div>
      )}
    </>
  );
}

const shownWays = { within: [0, 0.33, 0.66, 0.99], beyond: [1, 1.6, 2.5, 4] } as const;

function Legend() {
  const theme = useTheme();
  const ramp = (ways: readonly number[], isMarked: boolean) => (
    <span className={isMarked ? 'heat-ramp marked' : 'heat-ramp'} aria-hidden="true">
      {ways.map((way) => (
        <i key={way} style={{ background: heatColor(way, theme), color: markColor(way, theme) }}>
          {isMarked && <b className="heat-mark-dot" />}
        </i>
      ))}
    </span>
  );
  return (
    <p className="heat-legend">
      <span>{ramp(shownWays.within, false)} not at all … as far as the bound</span>
      <span>{ramp(shownWays.beyond, true)} beyond it … four times as far; a dot: drifted</span>
      <span>– not comparable</span>
    </p>
  );
}
