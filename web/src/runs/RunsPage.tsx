import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { ApiError } from '../api/client.ts';
import type { RunRow, RunSearch } from '../api/runRows.ts';
import { getExperiment, type ViewType } from '../api/tracking.ts';
import type { Experiment } from '../api/types.ts';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { Loaded, Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { refreshRuns } from './actions.ts';
import { arrange } from './arrange.ts';
import { BulkBar } from './BulkBar.tsx';
import { ColumnPicker } from './ColumnPicker.tsx';
import { chosenColumns, columnOf, datasetsText, newestFirst, orderField, valueOf } from './columns.ts';
import { CsvDownload } from './CsvDownload.tsx';
import { experimentCrumbs, ExperimentHead, ExperimentsHead } from './ExperimentHead.tsx';
import { FilterBox } from './FilterBox.tsx';
import { GroupSelect } from './GroupSelect.tsx';
import { refreshedPagesMax, usePinned, useRunColumns, useRuns } from './queries.ts';
import { RunsGrid } from './RunsGrid.tsx';
import { useStoredIds } from './stored.ts';
import './runs.css';

const refreshMilliseconds = 5000;
const views = { active: 'ACTIVE_ONLY', deleted: 'DELETED_ONLY', all: 'ALL' } as const;
const viewNames = ['active', 'deleted', 'all'] as const;
const viewLabels = { active: 'Active', deleted: 'Deleted', all: 'All' } as const;

/** An experiment, or several whose ids are joined by commas, and the table of their runs. */
export function RunsPage() {
  const { experimentId = '' } = useParams();
  const ids = experimentId.split(',');
  const query = useQuery({
    queryKey: ['experiment', ids],
    queryFn: ({ signal }) => Promise.all(ids.map((id) => getExperiment(id, signal))),
  });
  const experiments = query.data;
  if (!experiments)
    return (
      <>
        <PageHead title="Experiment" crumbs={experimentCrumbs} />
        <Loaded query={query} lines={12}>
          {() => null}
        </Loaded>
      </>
    );
  return (
    <>
      {experiments[0] && experiments.length === 1 ? (
        <ExperimentHead experiment={experiments[0]} />
      ) : (
        <ExperimentsHead experiments={experiments} />
      )}
      <Runs key={experimentId} experiments={experiments} />
    </>
  );
}

function Runs({ experiments }: { readonly experiments: readonly Experiment[] }) {
  const [state, change] = useParamState();
  const ids = experiments.map((each) => each.experiment_id);
  const filter = state.get('filter') ?? '';
  const order = state.get('order') ?? newestFirst;
  const viewName = oneOf(viewNames, state.get('view'));
  const group = state.get('group') ?? '';
  const live = state.get('live') === '1';
  const view: ViewType = views[viewName];
  const search: RunSearch = { experimentIds: ids, filter, orderBy: ordersOf(group, order), view };

  const [pins, changePins] = useStoredIds('pins', ids.join(','));
  const [hidden, changeHidden] = useStoredIds('hidden', ids.join(','));
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isWriting, setIsWriting] = useState(false);
  const { known, isPending: columnsPending } = useRunColumns(ids);
  const { query, runs, tokens } = useRuns(search, columnOf(group), live && refreshMilliseconds);
  const come = new Set(runs.map(({ run }) => run.run_id));
  const pinnedIds = query.isSuccess ? [...pins].filter((id) => !come.has(id)) : [];
  const pinned = usePinned(search, pinnedIds);

  const columns = chosenColumns(state.getAll('col'), known, ids.length);
  const lines = arrange(pinned, runs, {
    pins,
    hidden,
    folded,
    groupOf: groupOf(group),
    nested: group === '' && order === newestFirst,
  });
  const narrowed = filter !== '' || viewName !== 'active';
  const hiddenCount = runs.filter(({ run }) => hidden.has(run.run_id)).length;
  const isFilterError = query.error instanceof ApiError && query.error.field === 'filter';

  const toggle = (of: ReadonlySet<string>, id: string): ReadonlySet<string> => {
    const next = new Set(of);
    if (!next.delete(id)) next.add(id);
    return next;
  };
  const toggleIn = (id: string) => (kept: Set<string>) => {
    if (!kept.delete(id)) kept.add(id);
  };
  const narrow = (changes: Parameters<typeof change>[0]) => {
    setSelected(new Set());
    change(changes);
  };

  return (
    <>
      <div className="runs-tools">
        <FilterBox
          value={filter}
          known={known}
          error={query.error}
          onChange={(next) => narrow({ filter: next })}
        />
        <div className="segments" role="group" aria-label="Which runs">
          {viewNames.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={viewName === each}
              onClick={() => narrow({ view: each === 'active' ? '' : each })}
            >
              {viewLabels[each]}
            </button>
          ))}
        </div>
        <GroupSelect known={known} value={group} onChange={(next) => change({ group: next })} />
        <ColumnPicker known={known} columns={columns} onChange={(col) => change({ col })} />
        <button type="button" title="Download as CSV" onClick={() => setIsWriting(true)}>
          <Icon name="download" /> CSV
        </button>
        <span className="segments" role="group" aria-label="Refresh">
          <button
            type="button"
            aria-label="Refresh now"
            title="Refresh now"
            onClick={() => void refreshRuns()}
          >
            <Icon name="refresh" />
          </button>
          <button
            type="button"
            aria-pressed={live}
            title={`Look for changes every ${refreshMilliseconds / 1000} seconds, while at most ${refreshedPagesMax} pages have come`}
            onClick={() => change({ live: live ? '' : '1' })}
          >
            Auto
          </button>
        </span>
      </div>
      {selected.size > 0 && (
        <BulkBar
          ids={[...selected]}
          view={view}
          onClear={() => setSelected(new Set())}
          onPin={() => changePins((kept) => selected.forEach((id) => kept.add(id)))}
          onHide={() => {
            changeHidden((kept) => selected.forEach((id) => kept.add(id)));
            setSelected(new Set());
          }}
        />
      )}
      {isWriting && (
        <CsvDownload
          name={`runs-${ids.join('-')}`}
          search={search}
          columns={columns}
          onClose={() => setIsWriting(false)}
        />
      )}
      {query.error && !isFilterError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : null}
      {query.isPending || columnsPending ? (
        query.error ? null : (
          <Skeleton lines={12} />
        )
      ) : lines.length === 0 ? (
        <div className="card">
          {hiddenCount > 0 ? (
            <Empty title="Every run is hidden">
              <button type="button" onClick={() => changeHidden((kept) => kept.clear())}>
                Show {counted(hiddenCount, 'run')}
              </button>
            </Empty>
          ) : isFilterError ? (
            <Empty title="The filter cannot be read">What is wrong is underlined above.</Empty>
          ) : narrowed ? (
            <Empty title="No run matches">
              <button type="button" onClick={() => narrow({ filter: '', view: '' })}>
                Show every active run
              </button>
            </Empty>
          ) : (
            <Empty title="No runs yet" code={firstRun(experiments[0]?.name ?? '')}>
              These lines log one:
            </Empty>
          )}
        </div>
      ) : (
        <RunsGrid
          search={search}
          lines={lines}
          pinnedIds={pinnedIds}
          tokens={tokens}
          columns={columns}
          order={order}
          selected={selected}
          experimentNames={new Map(experiments.map((each) => [each.experiment_id, each.name]))}
          hasMore={query.hasNextPage}
          onMore={() => {
            if (!query.isFetching) void query.fetchNextPage();
          }}
          onOrder={(next) => change({ order: next === newestFirst ? '' : next })}
          onSelect={setSelected}
          onPin={(id) => changePins(toggleIn(id))}
          onHide={(id) => changeHidden((kept) => kept.add(id))}
          onFold={(id) => setFolded(toggle(folded, id))}
        />
      )}
      {lines.length > 0 && (
        <p className="runs-foot hint" role="status">
          {counted(runs.length, 'run')}
          {query.hasNextPage ? ' so far; more come as you scroll' : ''}
          {query.isFetchingNextPage ? ' …' : ''}
          {hiddenCount > 0 && (
            <>
              {' · '}
              <button type="button" className="link" onClick={() => changeHidden((kept) => kept.clear())}>
                {hiddenCount} hidden, show
              </button>
            </>
          )}
        </p>
      )}
    </>
  );
}

/** Runs of one group follow each other where the server can order by it. */
function ordersOf(group: string, order: string): readonly string[] {
  const field = group === 'attributes.status' ? group : groupField(group);
  return field === undefined || order.startsWith(`${field} `) ? [order] : [`${field} ASC`, order];
}

function groupField(group: string): string | undefined {
  const column = columnOf(group);
  return column && column.kind !== 'attributes' ? orderField(column) : undefined;
}

function groupOf(group: string): ((run: RunRow) => string) | undefined {
  if (group === '') return undefined;
  if (group === 'attributes.status') return ({ status }) => status.toLowerCase();
  if (group === 'attributes.datasets') return (run) => datasetsText(run) ?? 'no dataset';
  const column = columnOf(group);
  return column && ((run) => String(valueOf(run, column) ?? `no ${column.key}`));
}

function firstRun(name: string): string {
  return `import mlflow
mlflow.set_tracking_uri("${location.origin}")
mlflow.set_experiment(${JSON.stringify(name)})

with mlflow.start_run():
    mlflow.log_param("learning_rate", 0.01)
    mlflow.log_metric("accuracy", 0.97)`;
}
