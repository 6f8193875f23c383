/** What tests log by the API of a running stack, as a client would. */
export type Logger = {
  /** A call below `/api/2.0/mlflow/`; an answer that is no success throws. */
  call<T>(path: string, body: unknown): Promise<T>;
  experiment(name: string): Promise<string>;
  run(experimentId: string, run?: RunDraft): Promise<string>;
  /** Points of one metric: a value for each step from `firstStep` on, a second apart. */
  points(runId: string, key: string, values: readonly number[], firstStep?: number): Promise<void>;
  artifact(runId: string, path: string, content: string | Uint8Array<ArrayBuffer>): Promise<void>;
};

export type RunDraft = {
  readonly name?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Left to go on where undefined. */
  readonly status?: 'FINISHED' | 'FAILED';
};

export const startedAt = Date.UTC(2026, 0, 5, 12);
const perCallMax = 1000;

export function loggerFor(url: string): Logger {
  const call = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const pairs = (of: Readonly<Record<string, string>> = {}) =>
    Object.entries(of).map(([key, value]) => ({ key, value }));
  const metricsOf = (of: Readonly<Record<string, number>> = {}) =>
    Object.entries(of).map(([key, value]) => ({ key, value: jsonOf(value), step: 0, timestamp: startedAt }));
  const batches = async (runId: string, metrics: readonly unknown[]) => {
    for (let at = 0; at < metrics.length; at += perCallMax)
      await call('runs/log-batch', { run_id: runId, metrics: metrics.slice(at, at + perCallMax) });
  };
  return {
    call,
    async experiment(name) {
      const made = await call<{ experiment_id: string }>('experiments/create', { name });
      return made.experiment_id;
    },
    async run(experimentId, draft = {}) {
      const { run } = await call<{ run: { info: { run_id: string } } }>('runs/create', {
        experiment_id: experimentId,
        start_time: startedAt,
        ...(draft.name === undefined ? {} : { run_name: draft.name }),
        tags: pairs(draft.tags),
      });
      const runId = run.info.run_id;
      if (draft.params) await call('runs/log-batch', { run_id: runId, params: pairs(draft.params) });
      await batches(runId, metricsOf(draft.metrics));
      if (draft.status)
        await call('runs/update', { run_id: runId, status: draft.status, end_time: startedAt + 90_000 });
      return runId;
    },
    points: async (runId, key, values, firstStep = 0) =>
      batches(
        runId,
        values.map((value, at) => ({
          key,
          value: jsonOf(value),
          step: firstStep + at,
          timestamp: startedAt + (firstStep + at) * 1000,
        })),
      ),
    async artifact(runId, path, content) {
      const { run } = (await (await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=${runId}`)).json()) as {
        run: { info: { artifact_uri: string } };
      };
      const root = run.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, '');
      const address = `${root}/${path}`.split('/').map(encodeURIComponent).join('/');
      const response = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${address}`, {
        method: 'PUT',
        body: content,
      });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    },
  };
}

function jsonOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
