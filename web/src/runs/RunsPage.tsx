import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { ApiError } from '../api/client.ts';
import type { RunSearch } from '../api/runRows.ts';
import { getExperiment, type ViewType } from '../api/tracking.ts';
import type { Experiment } from '../api/types.ts';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import { Loaded, Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { arrange } from './arrange.ts';
import { BulkBar } from './BulkBar.tsx';
import { chosenColumns, columnOf, newestFirst } from './columns.ts';
import { CsvDownload } from './CsvDownload.tsx';
import { experimentCrumbs, ExperimentHead, ExperimentsHead } from './ExperimentHead.tsx';
import { groupOf, ordersOf } from './grouping.ts';
import { NoRuns } from './NoRuns.tsx';
import { usePinned, useRunColumns, useRuns } from './queries.ts';
import { RunsGrid } from './RunsGrid.tsx';
import { refreshMilliseconds, RunsTools, viewNames } from './RunsTools.tsx';
import { On } from '../session/may.tsx';
import { useStoredIds } from './stored.ts';
import './runs.css';

const views = { active: 'ACTIVE_ONLY', deleted: 'DELETED_ONLY', all: 'ALL' } as const;

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
  const single = experiments.length === 1 ? experiments[0] : undefined;
  return (
    <On resource={single && { type: 'experiment', id: single.experiment_id }}>
      {single ? <ExperimentHead experiment={single} /> : <ExperimentsHead experiments={experiments} />}
      <Runs key={experimentId} experiments={experiments} />
    </On>
  );
}

function Runs({ experiments }: { readonly experiments: readonly Experiment[] }) {
  const [state, change] = useParamState();
  const ids = experiments.map((each) => each.experiment_id);
  const filter = state.get('filter') ?? '';
  const order = state.get('order') ?? newestFirst;
  const isDeleted = experiments.every((each) => each.lifecycle_stage === 'deleted');
  const firstView = isDeleted ? 'deleted' : 'active';
  const viewName = oneOf(viewNames, state.get('view') ?? firstView);
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
  const narrowed = filter !== '' || viewName !== firstView;
  const hiddenCount = runs.filter(({ run }) => hidden.has(run.run_id)).length;
  const isFilterError = query.error instanceof ApiError && query.error.field === 'filter';
  const hasFailed = query.error !== null && !isFilterError;
  const isWaiting = (query.isPending || columnsPending) && !query.error;

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
      <RunsTools
        filter={filter}
        filterError={query.error}
        viewName={viewName}
        group={group}
        live={live}
        known={known}
        columns={columns}
        onFilter={(next) => narrow({ filter: next })}
        onView={(next) => narrow({ view: next === firstView ? '' : next })}
        onGroup={(next) => change({ group: next })}
        onColumns={(col) => change({ col })}
        onLive={(next) => change({ live: next ? '1' : '' })}
        onCsv={() => setIsWriting(true)}
      />
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
      {hasFailed && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {isWaiting && <Skeleton lines={12} />}
      {isWaiting || (hasFailed && lines.length === 0) ? null : lines.length === 0 ? (
        <NoRuns
          state={
            hiddenCount > 0
              ? { why: 'hidden', count: hiddenCount }
              : isFilterError
                ? { why: 'unread' }
                : narrowed
                  ? { why: 'narrowed', view: firstView }
                  : { why: 'none', experiment: experiments[0]?.name ?? '' }
          }
          onShowHidden={() => changeHidden((kept) => kept.clear())}
          onWiden={() => narrow({ filter: '', view: '' })}
        />
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
