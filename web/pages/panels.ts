import type { Api, BatchJob, Endpoint, Model, Monitor, MonitorResult, Retraining } from '../api.ts';
import { type Child, h, link } from '../dom.ts';
import { ago, byteSize, figure, percent } from '../format.ts';
import { chip, facts, hint, table, tag } from '../parts.ts';
import { verdictChips } from './verdict.ts';

/** The newest of batch jobs and of retrainings that are shown. */
const recent = 8;
/** Monitors whose last verdict is asked for: a request each. */
const askedMax = 30;

export async function models(api: Api): Promise<Node> {
  const { registered_models: found = [] } = await api.mlflow<{ registered_models?: Model[] }>(
    'registered-models/search',
    { max_results: 100 },
  );
  if (found.length === 0)
    return hint(
      'None yet. Log an ONNX file to a run, then call ',
      h('code', {}, 'MlflowClient().create_model_version(name, "runs:/<run id>/<folder>")'),
      '.',
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

export async function endpoints(api: Api): Promise<Node> {
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

export async function monitors(api: Api): Promise<Node> {
  const { monitors: found } = await api.cairn<{ monitors: Monitor[] }>('monitors');
  if (found.length === 0) return hint('None yet. Every endpoint gets one of its own.');
  const last = await Promise.all(
    found.slice(0, askedMax).map(async ({ name }) => {
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

export async function batchJobs(api: Api): Promise<Node> {
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
  if (error) {
    const place = [error.row && `row ${error.row}`, error.column && `column ${error.column}`].filter(Boolean);
    return [...place, error.reason].join(', ');
  }
  if (!output) return '—';
  const path = output.name.split('/').map(encodeURIComponent).join('/');
  return [
    h('a', { href: `/api/v1/batch-outputs/${path}`, download: true }, `${figure(output.rows)} rows`),
    ` ${byteSize(output.bytes)}`,
  ];
}

export async function retrainings(api: Api): Promise<Node> {
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
