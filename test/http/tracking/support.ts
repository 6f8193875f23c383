import { afterAll, beforeAll, expect } from 'vitest';
import { items, type JsonObject, type TestServer, testServer } from '../../support/server.ts';

export type Answer = { status: number; body: JsonObject };

/** MLflow's tracking API on a server of its own, for the tests of one file. */
export function trackingApi() {
  let server: TestServer | undefined;
  beforeAll(async () => {
    server = await testServer();
  });
  afterAll(() => server?.close());
  const running = () => {
    if (server) return server;
    throw new Error('The server runs only while tests do.');
  };
  const path = (endpoint: string) => `/api/2.0/mlflow/${endpoint}`;
  const post = (endpoint: string, body: unknown): Promise<Answer> =>
    running().call('POST', path(endpoint), body);
  const get = (endpoint: string): Promise<Answer> => running().call('GET', path(endpoint));
  /** The id of a new experiment. */
  const newExperiment = async (name: string, more: object = {}): Promise<string> =>
    String((await post('experiments/create', { name, ...more })).body['experiment_id']);
  const experiment = async (id: string): Promise<JsonObject> =>
    (await get(`experiments/get?experiment_id=${id}`)).body['experiment'] ?? {};
  /** The id of a new run, in the default experiment unless told. */
  const newRun = async (more: object = {}): Promise<string> => {
    const { body } = await post('runs/create', { start_time: 1, ...more });
    return String(body['run']?.['info']?.['run_id']);
  };
  const run = async (id: string): Promise<JsonObject> =>
    (await get(`runs/get?run_id=${id}`)).body['run'] ?? {};
  const data = async (id: string): Promise<JsonObject> => (await run(id))['data'] ?? {};
  /** A run's tags by key, but for the one that mirrors its name. */
  const tags = async (id: string): Promise<Record<string, string>> => {
    const { 'mlflow.runName': _, ...others } = pairsIn((await data(id))['tags']);
    return others;
  };
  return { path, server: running, post, get, newExperiment, experiment, newRun, run, data, tags };
}

/** A list of `{key, value}` by key. */
export function pairsIn(list: JsonObject | undefined): Record<string, string> {
  return Object.fromEntries(items(list).map(({ key, value }) => [String(key), String(value)]));
}

/** How MLflow answers a failure. */
export function failure(status: number, code: string, message: string | RegExp) {
  return {
    status,
    body: {
      error_code: code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    },
  };
}
