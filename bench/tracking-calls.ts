/** The calls that are measured, and the runs they are made on: the same for every server. */
import { type Answer, parallel, type Request, type Target } from './tracking-load.ts';

export const clients = 20;
export const iterations = 100;
export const historyPoints = 1000;
const writers = ['log-metric', 'log-batch 10', 'log-batch 100', 'log-batch 500'] as const;

/** What there must be on a server before it is measured. */
export type Fixture = {
  /** Holds the many runs that are searched and read. */
  readonly experimentId: string;
  readonly runIds: readonly string[];
  /** Where new runs go. */
  readonly newExperimentId: string;
  /** A run for each client and writing call, as each training has its own. */
  readonly writing: Readonly<Record<string, readonly string[]>>;
  /** Runs with one metric of {@link historyPoints}. */
  readonly histories: readonly string[];
  /** Runs that `create-run` made, for params, which are logged once. */
  readonly created: string[];
};

export type Operation = {
  readonly name: string;
  readonly next: (fixture: Fixture) => (client: number, iteration: number) => Request;
  readonly seen?: (fixture: Fixture, answer: Answer) => void;
};

/** The seeded run `i`: what the filter and the order of the search see. */
export function seededRun(i: number) {
  return {
    name: `run ${i}`,
    startTime: 1_700_000_000_000 + i * 1000,
    metrics: Object.fromEntries(
      ['loss', 'accuracy', 'auc', 'f1', 'seconds'].map((key, k) => [
        key,
        ((i * 7919 + k * 104_729) % 10_007) / 10_007,
      ]),
    ),
    params: {
      optimizer: ['adam', 'sgd', 'lion'][i % 3] ?? '',
      depth: String(i % 12),
      rate: String(i % 7),
      batch: '64',
      seed: String(i),
    },
  };
}

/** A number that looks random and is the same for every server. */
const scattered = (client: number, iteration: number) => (client * 7919 + iteration * 104_729) % 1_000_003;

const batch = (count: number, iteration: number) =>
  Array.from({ length: count }, (_, n) => {
    const step = iteration * (count / 10) + Math.floor(n / 10);
    return { key: `metric_${n % 10}`, value: 1 / (step + n + 1), timestamp: 1_700_000_000_000 + step, step };
  });

const post = (path: string, body: unknown): Request => ({
  method: 'POST',
  path: `/api/2.0/mlflow/${path}`,
  body,
});
const get = (path: string): Request => ({ method: 'GET', path: `/api/2.0/mlflow/${path}` });

const logBatch = (count: 10 | 100 | 500): Operation => ({
  name: `log-batch ${count} metrics`,
  next:
    ({ writing }) =>
    (client, iteration) =>
      post('runs/log-batch', {
        run_id: writing[`log-batch ${count}`]?.[client],
        metrics: batch(count, iteration),
      }),
});

/** MLflow takes 100 params a batch, no more. */
const logParams = (count: 10 | 100): Operation => ({
  name: `log-batch ${count} params`,
  next:
    ({ created }) =>
    (client, iteration) =>
      post('runs/log-batch', {
        run_id: created[(client * iterations + iteration) % created.length],
        params: Array.from({ length: count }, (_, n) => ({
          key: `${count} of ${iteration}: ${n}`,
          value: `value ${n}`,
        })),
      }),
});

export const operations: readonly Operation[] = [
  {
    name: 'create-run',
    next: (fixture) => (client, iteration) =>
      post('runs/create', {
        experiment_id: fixture.newExperimentId,
        user_id: 'bench',
        start_time: 1_700_000_000_000 + iteration,
        tags: [
          { key: 'mlflow.user', value: 'bench' },
          { key: 'mlflow.source.name', value: 'train.py' },
          { key: 'mlflow.source.type', value: 'LOCAL' },
          { key: 'mlflow.runName', value: `run ${client}-${iteration}` },
        ],
      }),
    seen: ({ created }, { text }) => created.push(runIdOf(text)),
  },
  {
    name: 'log-metric',
    next: (fixture) => (client, iteration) =>
      post('runs/log-metric', {
        run_id: fixture.writing['log-metric']?.[client],
        key: 'loss',
        value: 1 / (iteration + 1),
        timestamp: 1_700_000_000_000 + iteration,
        step: iteration,
      }),
  },
  logBatch(10),
  logBatch(100),
  logBatch(500),
  logParams(10),
  logParams(100),
  {
    name: 'get-run',
    next: (fixture) => (client, iteration) =>
      get(`runs/get?run_id=${fixture.runIds[scattered(client, iteration) % fixture.runIds.length]}`),
  },
  {
    name: 'search, filtered and ordered, 100 of 20k',
    next: (fixture) => (client, iteration) =>
      post('runs/search', {
        experiment_ids: [fixture.experimentId],
        filter: `metrics.accuracy > ${(scattered(client, iteration) % 90) / 100} and params.optimizer = 'adam'`,
        order_by: ['metrics.loss ASC'],
        max_results: 100,
      }),
  },
  {
    name: 'search, newest 1000 of 20k',
    next: (fixture) => () =>
      post('runs/search', { experiment_ids: [fixture.experimentId], max_results: 1000 }),
  },
  {
    name: 'history of 1000 points',
    next: (fixture) => (client) =>
      get(`metrics/get-history?run_id=${fixture.histories[client]}&metric_key=loss&max_results=25000`),
  },
];

/** What every server needs beside its seeded runs. */
export async function prepare(target: Target, experimentId: string, runIds: string[]): Promise<Fixture> {
  const newExperimentId = await createExperiment(target, 'new runs');
  const runs = async () => {
    const ids: string[] = [];
    await parallel(
      clients,
      4,
      async (i) => (ids[i] = await createRun(target, newExperimentId, `writer ${i}`)),
    );
    return ids;
  };
  const writing: Record<string, string[]> = {};
  for (const name of writers) writing[name] = await runs();
  const histories = await runs();
  await parallel(clients, 4, (i) =>
    target.call('POST', '/api/2.0/mlflow/runs/log-batch', {
      run_id: histories[i],
      metrics: Array.from({ length: historyPoints }, (_, step) => ({
        key: 'loss',
        value: 1 / (step + 1),
        timestamp: 1_700_000_000_000 + step,
        step,
      })),
    }),
  );
  return { experimentId, runIds, newExperimentId, writing, histories, created: [] };
}

export async function createExperiment(target: Target, name: string): Promise<string> {
  const path = '/api/2.0/mlflow/experiments/create';
  return (await target.call<{ experiment_id: string }>('POST', path, { name })).experiment_id;
}

/** Logs the seeded runs by the API itself. */
export async function seed(target: Target, experimentId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  await parallel(count, 32, async (i) => {
    const { name, startTime, metrics, params } = seededRun(i);
    const runId = await createRun(target, experimentId, name, startTime);
    await target.call('POST', '/api/2.0/mlflow/runs/log-batch', {
      run_id: runId,
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: startTime, step: 0 })),
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
    });
    ids[i] = runId;
  });
  return ids;
}

async function createRun(target: Target, experimentId: string, name: string, startTime?: number) {
  const { status, text } = await target.send(
    post('runs/create', { experiment_id: experimentId, run_name: name, start_time: startTime }),
  );
  if (status !== 200) throw new Error(`runs/create answered ${status}: ${text.slice(0, 300)}`);
  return runIdOf(text);
}

function runIdOf(text: string): string {
  return /"run_id": ?"([^"]+)"/.exec(text)?.[1] ?? '';
}
