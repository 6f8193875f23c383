import type { Api, Experiment } from '../api.ts';
import { type Child, h, link } from '../dom.ts';
import { ago } from '../format.ts';
import { code, hint, later, loadMore, section, table } from '../parts.ts';
import type { Visit } from './page.ts';
import { batchJobs, endpoints, models, monitors, retrainings } from './panels.ts';
import { runCells, runColumns } from './runs.ts';

/** The newest runs that are shown. */
const recent = 8;
/** Experiments on a page of them; the newest runs are looked for in the first. */
const pageSize = 20;
const waitMilliseconds = 3000;

type Experiments = { experiments?: Experiment[]; next_page_token?: string };

/** Everything there is, newest first; before there is anything, how to begin. */
export async function overviewPage(visit: Visit): Promise<Child> {
  const { api } = visit;
  const first = await api.mlflow<Experiments>('experiments/search', { max_results: pageSize });
  const experiments = first.experiments ?? [];
  const { runs = [] } = await api.searchRuns({
    experiment_ids: experiments.map((e) => e.experiment_id),
    max_results: recent,
  });
  const names = new Map(experiments.map((e) => [e.experiment_id, e.name]));
  const empty = runs.length === 0 && first.next_page_token === undefined;
  if (empty) void awaitFirstRun(visit, experiments);
  return [
    h('h1', { class: empty ? undefined : 'hidden' }, empty ? 'Welcome' : 'Overview'),
    empty
      ? firstRun()
      : section(
          'Latest runs',
          table(
            'Latest runs',
            [...runColumns.slice(0, 1), { title: 'Experiment' }, ...runColumns.slice(1)],
            runs.map((run) => {
              const [name, ...rest] = runCells(run);
              const { experiment_id: id } = run.info;
              return [name, link(names.get(id) ?? id, 'experiments', id), ...rest];
            }),
          ),
        ),
    h(
      'div',
      { class: 'grid' },
      section('Experiments', experimentList(api, first)),
      section('Registered models', later(models(api))),
      section('Endpoints', later(endpoints(api))),
      section('Monitors', later(monitors(api))),
      section('Batch jobs', later(batchJobs(api))),
      section('Retraining', later(retrainings(api))),
    ),
  ];
}

function firstRun(): HTMLElement {
  return h(
    'div',
    { class: 'welcome' },
    h('p', {}, 'Nothing is tracked here yet. These three lines of Python log a first run:'),
    code(`import mlflow\nmlflow.set_tracking_uri("${location.origin}")\nmlflow.log_metric("accuracy", 0.97)`),
    hint('The client comes with ', h('code', {}, 'pip install mlflow'), '. The run appears here by itself.'),
  );
}

/** Looks now and then whether a first run has come, while somebody is looking. */
async function awaitFirstRun({ api, signal, again }: Visit, experiments: readonly Experiment[]) {
  const known = experiments.map((e) => e.experiment_id);
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, waitMilliseconds));
    if (signal.aborted) return;
    if (document.hidden) continue;
    const come = await anyRun(api, known).catch(() => false);
    if (come && !signal.aborted) again();
  }
}

async function anyRun(api: Api, known: readonly string[]): Promise<boolean> {
  const { experiments = [] } = await api.mlflow<Experiments>('experiments/search', { max_results: pageSize });
  const ids = experiments.map((e) => e.experiment_id);
  if (ids.some((id) => !known.includes(id))) return true;
  const { runs = [] } = await api.searchRuns({ experiment_ids: ids, max_results: 1 });
  return runs.length > 0;
}

function experimentList(api: Api, first: Experiments): Child {
  const rows = (found: Experiments) =>
    (found.experiments ?? []).map((e): readonly Child[] => [
      link(e.name, 'experiments', e.experiment_id),
      ago(e.creation_time),
    ]);
  const columns = [{ title: 'Name' }, { title: 'Created' }];
  if (!first.experiments?.length) return hint('None yet.');
  const shown = rows(first);
  const list = h('div', {}, table('Experiments', columns, shown));
  let token = first.next_page_token;
  const more = async () => {
    const next = await api.mlflow<Experiments>('experiments/search', {
      max_results: pageSize,
      page_token: token,
    });
    shown.push(...rows(next));
    list.replaceChildren(table('Experiments', columns, shown));
    token = next.next_page_token;
    return token !== undefined;
  };
  return [list, token === undefined ? null : loadMore(more)];
}
