import type {
  Api,
  BatchJob,
  Endpoint,
  Experiment,
  Model,
  Monitor,
  MonitorResult,
  Retraining,
} from '../api.ts';
import { type Child, h, link } from '../dom.ts';
import { ago, byteSize, figure, percent } from '../format.ts';
import { chip, code, facts, hint, later, loadMore, section, table, tag } from '../parts.ts';
import { runColumns, runCells } from './runs.ts';
import type { Visit } from './page.ts';
import { verdictChips } from './verdict.ts';

const recent = 8;
const pageSize = 20;
/** The newest runs are looked for in this many experiments. */
const searchedMax = 50;
const waitMilliseconds = 3000;

type Experiments = { experiments?: Experiment[]; next_page_token?: string };

/** Everything there is, newest first; before there is anything, how to begin. */
export async function overviewPage(visit: Visit): Promise<Child> {
  const { api } = visit;
  const first = await api.mlflow<Experiments>('experiments/search', { max_results: pageSize });
  const experiments = first.experiments ?? [];
  const { runs = [] } = await api.searchRuns({
    experiment_ids: experiments.slice(0, searchedMax).map((e) => e.experiment_id),
    max_results: recent,
  });
  const names = new Map(experiments.map((e) => [e.experiment_id, e.name]));
  if (runs.length === 0) void awaitFirstRun(visit, experiments);
  return [
    h('h1', { class: runs.length > 0 ? 'hidden' : undefined }, runs.length > 0 ? 'Overview' : 'Welcome'),
    runs.length === 0
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

async function models(api: Api): Promise<Node> {
  const { registered_models: found = [] } = await api.mlflow<{ registered_models?: Model[] }>(
    'registered-models/search',
    { max_results: 100 },
  );
  if (found.length === 0)
    return hint(
      'None yet. Log a model with ',
      h('code', {}, 'registered_model_name="…"'),
      ' to register it.',
    );
  return table(
    'Registered models',
    [{ title: 'Name' }, { title: 'Newest', numeric: true }, { title: 'Aliases' }],
    found.map((model) => [
      link(model.name, 'models', model.name),
      model.latest_versions?.[0] ? `v${model.latest_versions[0].version}` : '—',
      model.aliases?.map(({ alias, version }) => tag(`${alias} → v${version}`)) ?? '—',
    ]),
  );
}

async function endpoints(api: Api): Promise<Node> {
  const { endpoints: found } = await api.cairn<{ endpoints: Endpoint[] }>('endpoints');
  if (found.length === 0)
    return hint(
      'None yet. One is made for an alias of a model by ',
      h('code', {}, 'POST /api/v1/endpoints'),
      '.',
    );
  return table(
    'Endpoints',
    [{ title: 'Name' }, { title: 'Serves' }, { title: 'Status' }],
    found.map((endpoint) => [
      link(endpoint.name, 'endpoints', endpoint.name),
      [
        link(endpoint.model, 'models', endpoint.model),
        endpoint.stable ? ` v${endpoint.stable.version}` : ` @${endpoint.alias}`,
      ],
      chip(endpoint.status),
    ]),
  );
}

async function monitors(api: Api): Promise<Node> {
  const { monitors: found } = await api.cairn<{ monitors: Monitor[] }>('monitors');
  if (found.length === 0) return hint('None yet. Every endpoint gets one of its own.');
  const last = await Promise.all(
    found.slice(0, 30).map(async ({ name }) => {
      const { results } = await api.cairn<{ results: MonitorResult[] }>(
        `monitors/${encodeURIComponent(name)}/results`,
        { limit: 1 },
      );
      return results[0];
    }),
  );
  return table(
    'Monitors',
    [{ title: 'Name' }, { title: 'Last verdict' }, { title: 'Checked' }],
    found.map(({ name }, at) => {
      const result = last[at];
      return [
        link(name, 'monitors', name),
        result ? verdictChips(result) : '—',
        result ? ago(result.checked_at) : '—',
      ];
    }),
  );
}

async function batchJobs(api: Api): Promise<Node> {
  const { jobs } = await api.cairn<{ jobs: BatchJob[] }>('batch-jobs', { limit: recent });
  if (jobs.length === 0)
    return hint('None yet. A CSV file dropped in ', h('code', {}, 'batch-input/<endpoint>/'), ' starts one.');
  return table(
    'Batch jobs',
    [{ title: 'Input' }, { title: 'Status' }, { title: 'Output' }, { title: 'Started' }],
    jobs.map((job) => [job.input.name, chip(job.status), outcome(job), ago(job.created_at)]),
  );
}

function outcome({ output, error }: BatchJob): Child {
  if (error) return error.row === undefined ? error.reason : `row ${error.row}: ${error.reason}`;
  if (!output) return '—';
  const path = output.name.split('/').map(encodeURIComponent).join('/');
  return [
    h('a', { href: `/api/v1/batch-outputs/${path}`, download: true }, `${figure(output.rows)} rows`),
    ` ${byteSize(output.bytes)}`,
  ];
}

async function retrainings(api: Api): Promise<Node> {
  const { jobs } = await api.cairn<{ jobs: Retraining[] }>('retraining-jobs', { limit: recent });
  if (jobs.length === 0)
    return hint('None yet. A monitor with a retraining policy starts one when it is breached.');
  return h(
    'ul',
    { class: 'plain' },
    jobs.map((job) => h('li', {}, retraining(job))),
  );
}

function retraining(job: Retraining): Child {
  const challenger = job.challenger ?? job.version;
  return [
    h('p', {}, link(job.model, 'models', job.model), ' ', chip(job.status), ' ', ago(job.created_at)),
    facts(
      ['Asked for by', link(job.monitor_id, 'monitors', job.monitor_id)],
      ['Champion', job.champion === null ? '—' : accuracy(job.champion, job.gate?.champion.accuracy)],
      ['Challenger', challenger === undefined ? null : accuracy(challenger, job.gate?.challenger.accuracy)],
      ['Reason', job.reason],
    ),
  ];
}

function accuracy(version: number, share: number | undefined): string {
  return share === undefined ? `v${version}` : `v${version}, ${percent(share)} accurate`;
}
