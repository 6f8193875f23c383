import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { nameFilter, noteTag, ownTags, searchExperiments, tagMap } from '../api/tracking.ts';
import type { Experiment } from '../api/types.ts';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { Menu } from '../parts/Popover.tsx';
import { SearchField } from '../parts/SearchField.tsx';
import { SortTitle, Table } from '../parts/Table.tsx';
import { TagList } from '../parts/TagList.tsx';
import { Ago } from '../parts/Time.tsx';
import { May, On } from '../session/may.tsx';
import { restoreExperiment } from './actions.ts';
import { CreateExperiment, DeleteExperiments, EditExperiment } from './ExperimentDialog.tsx';
import './experiments.css';

const pageSize = 50;
const views = ['active', 'deleted'] as const;
/** A text like this is a filter in the server's language; any other is part of a name. */
const filterText = /^\s*(name|creation_time|last_update_time|attributes?\.|tags?\.).*(=|<|>|\blike\b)/i;
const newestFirst = 'creation_time DESC';

type Asked =
  | { readonly what: 'create' }
  | { readonly what: 'edit'; readonly experiment: Experiment }
  | { readonly what: 'delete'; readonly experiments: readonly Experiment[] };

/** Every experiment: found by name or filter, made, renamed, described, deleted and brought back. */
export function ExperimentsPage() {
  const navigate = useNavigate();
  const [state, change] = useParamState();
  const [asked, setAsked] = useState<Asked>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const search = state.get('q') ?? '';
  const view = oneOf(views, state.get('view'));
  const order = state.get('order') ?? newestFirst;
  const filter = search === '' || filterText.test(search) ? search : nameFilter(search);
  const query = useInfiniteQuery({
    queryKey: ['experiments', filter, view, order],
    queryFn: ({ pageParam, signal }) =>
      searchExperiments(
        {
          filter,
          view: view === 'active' ? 'ACTIVE_ONLY' : 'DELETED_ONLY',
          orderBy: [order],
          max: pageSize,
          pageToken: pageParam,
        },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });
  const experiments = query.data?.pages.flatMap((page) => page.experiments ?? []) ?? [];
  const picked = experiments.filter((each) => chosen.has(each.experiment_id));
  const close = () => setAsked(undefined);
  const sortBy = (field: string) => ({
    field,
    order,
    onSort: (next: string) => change({ order: next === newestFirst ? '' : next }),
  });

  return (
    <>
      <PageHead
        title="Experiments"
        actions={
          <May needs="contributor">
            <button type="button" className="primary" onClick={() => setAsked({ what: 'create' })}>
              <Icon name="plus" /> New experiment
            </button>
          </May>
        }
      />
      <div className="row">
        <SearchField
          label="Search experiments"
          placeholder="Name, or tags.team = 'risk'"
          value={search}
          onChange={(q) => change({ q })}
        />
        <div className="segments" role="group" aria-label="Which experiments">
          {views.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={view === each}
              onClick={() => {
                setChosen(new Set());
                change({ view: each === 'active' ? '' : each });
              }}
            >
              {each === 'active' ? 'Active' : 'Deleted'}
            </button>
          ))}
        </div>
        {picked.length > 0 && (
          <div className="row actions" role="group" aria-label="Chosen experiments">
            <span className="hint">{picked.length} chosen</span>
            <a className="button" href={links.experiment(picked.map((each) => each.experiment_id).join(','))}>
              <Icon name="compare" /> Runs together
            </a>
            <May needs="contributor">
              {view === 'active' ? (
                <button
                  type="button"
                  className="danger"
                  onClick={() => setAsked({ what: 'delete', experiments: picked })}
                >
                  Delete
                </button>
              ) : (
                <button type="button" onClick={() => void restoreAll(picked)}>
                  Restore
                </button>
              )}
            </May>
          </div>
        )}
      </div>
      <section className="card experiments" aria-label="Experiments">
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Skeleton lines={10} />
        ) : experiments.length === 0 ? (
          <NoExperiments searched={search !== ''} view={view} />
        ) : (
          <Table
            label="Experiments"
            rows={experiments}
            rowKey={(each) => each.experiment_id}
            rowName={(each) => each.name}
            chosen={chosen}
            onChoose={setChosen}
            columns={[
              {
                title: <SortTitle title="Name" {...sortBy('name')} />,
                id: 'name',
                cell: (each) => (
                  <span className="clamp">
                    <a href={links.experiment(each.experiment_id)}>{each.name}</a>
                  </span>
                ),
              },
              {
                title: 'Description',
                cell: ({ tags }) => <span className="clamp">{tagMap(tags).get(noteTag)}</span>,
              },
              { title: 'Tags', cell: ({ tags }) => <TagList tags={ownTags(tags)} max={3} /> },
              {
                title: <SortTitle title="Created" {...sortBy('creation_time')} />,
                id: 'created',
                cell: ({ creation_time: at }) => <Ago at={at} />,
              },
              {
                title: <SortTitle title="Changed" {...sortBy('last_update_time')} />,
                id: 'changed',
                cell: ({ last_update_time: at }) => <Ago at={at} />,
              },
              {
                title: <span className="hidden">Actions</span>,
                id: 'actions',
                cell: (experiment) => (
                  <On resource={{ type: 'experiment', id: experiment.experiment_id }}>
                    <Menu
                      name={`Actions on ${experiment.name}`}
                      className="quiet"
                      align="end"
                      label={<Icon name="more" />}
                      items={
                        view === 'active'
                          ? [
                              {
                                label: 'Rename, describe, tag',
                                needs: 'contributor',
                                onChoose: () => setAsked({ what: 'edit', experiment }),
                              },
                              {
                                label: 'Delete',
                                danger: true,
                                needs: 'contributor',
                                onChoose: () => setAsked({ what: 'delete', experiments: [experiment] }),
                              },
                            ]
                          : [
                              {
                                label: 'Restore',
                                needs: 'contributor',
                                onChoose: () => void restoreAll([experiment]),
                              },
                            ]
                      }
                    />
                  </On>
                ),
              },
            ]}
          />
        )}
        <More query={query} />
      </section>
      {asked?.what === 'create' && (
        <CreateExperiment onClose={close} onCreated={(id) => void navigate(links.experiment(id).slice(1))} />
      )}
      {asked?.what === 'edit' && <EditExperiment experiment={asked.experiment} onClose={close} />}
      {asked?.what === 'delete' && (
        <DeleteExperiments
          experiments={asked.experiments}
          onClose={close}
          onDeleted={() => setChosen(new Set())}
        />
      )}
    </>
  );
}

async function restoreAll(experiments: readonly Experiment[]): Promise<void> {
  for (const { experiment_id: id } of experiments) await restoreExperiment(id);
}

function NoExperiments({ searched, view }: { readonly searched: boolean; readonly view: string }) {
  if (searched) return <Empty title="No experiment matches" />;
  if (view === 'deleted') return <Empty title="Nothing is deleted" />;
  return (
    <Empty
      title="No experiments yet"
      code={`import mlflow\nmlflow.set_tracking_uri("${location.origin}")\nmlflow.set_experiment("my-experiment")`}
    >
      An experiment holds the runs of one question. A client makes it by naming it.
    </Empty>
  );
}
