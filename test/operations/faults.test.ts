import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningHosts, startedHosts } from '../support/hosts.ts';
import { items, type JsonObject } from '../support/server.ts';
import { atRandom, type FaultyProxy, faultyProxy, type ProxyFault } from './faulty-proxy.ts';

const isLong = process.env['CAIRN_TEST'] === 'long';
const writers = isLong ? 16 : 6;
const callsOfWriter = isLong ? 60 : 12;
const filesOfWriter = isLong ? 10 : 3;
const triesMax = 40;
/** A client gives up after a minute. */
const answerMillisecondsMax = 60_000;

const throttled = { 'x-ms-retry-after-ms': '20', 'x-ms-substatus': '3200' };
const cosmosFaults: readonly ProxyFault[] = [
  { kind: 'refused', status: 429, headers: throttled },
  { kind: 'refused', status: 503 },
  { kind: 'refused', status: 408 },
  { kind: 'done-and-refused', status: 503 },
  { kind: 'done-and-refused', status: 408 },
  { kind: 'done-and-lost' },
];
const storageFaults: readonly ProxyFault[] = [
  { kind: 'refused', status: 503 },
  { kind: 'refused', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'refused', status: 408 },
  { kind: 'done-and-refused', status: 503 },
  { kind: 'done-and-lost' },
];

let documents: FaultyProxy;
let blobs: FaultyProxy;
let queues: FaultyProxy;
let hosts: RunningHosts;
let url: string;
beforeAll(async () => {
  hosts = await startedHosts(
    1,
    {},
    {
      async between(stores) {
        documents = await faultyProxy(stores.documents);
        blobs = await faultyProxy(stores.blobs);
        queues = await faultyProxy(stores.queues);
        return { documents: documents.url, blobs: blobs.url, queues: queues.url };
      },
    },
  );
  [url = ''] = hosts.urls;
}, 120_000);
afterAll(async () => {
  await hosts.stop();
  await Promise.all([documents, blobs, queues].map((proxy) => proxy.close()));
});

type Answer = { readonly status: number; readonly retryAfter: string | null; readonly milliseconds: number };
const answers: Answer[] = [];

/** Asks until it is done, as MLflow's client does, waiting as long as it is told. */
async function persistent(path: string, init: RequestInit): Promise<JsonObject> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const since = performance.now();
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    const { status, headers } = response;
    const retryAfter = headers.get('retry-after');
    answers.push({ status, retryAfter, milliseconds: performance.now() - since });
    if (status === 200) return text === '' ? {} : (JSON.parse(text) as JsonObject);
    if (status < 500 && status !== 429) throw new Error(`${path}: ${status} ${text}`);
    await wait(Number(retryAfter ?? 0) * 100);
  }
  throw new Error(`${path}: not done in ${triesMax} tries`);
}

const post = (call: string, body: unknown) =>
  persistent(`/api/2.0/mlflow/${call}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** What one writer logged, each call of it acknowledged. */
async function write(writer: number): Promise<{ runId: string; files: string[] }> {
  const { run } = await post('runs/create', { tags: [{ key: 'writer', value: String(writer) }] });
  const runId = String(run?.['info']?.['run_id']);
  const path = String(run?.['info']?.['artifact_uri']).replace('mlflow-artifacts:/', '');
  for (let step = 0; step < callsOfWriter; step++) {
    const metrics = [{ key: 'loss', value: step + writer / 100, timestamp: 1_700_000_000_000 + step, step }];
    await post('runs/log-batch', { run_id: runId, metrics, params: [{ key: `p${step}`, value: 'v' }] });
  }
  const files: string[] = [];
  for (let i = 0; i < filesOfWriter; i++) {
    const file = `/api/2.0/mlflow-artifacts/artifacts/${path}/f${i}.txt`;
    await persistent(file, { method: 'PUT', body: `writer ${writer} file ${i}` });
    files.push(file);
  }
  return { runId, files };
}

test('while its stores refuse, lose and forget one request in seven, no write that was acknowledged is lost, and none is doubled', async () => {
  documents.fault = atRandom(0.15, cosmosFaults, 1);
  blobs.fault = atRandom(0.15, storageFaults, 2);
  queues.fault = atRandom(0.15, storageFaults, 3);
  const written = await Promise.all(Array.from({ length: writers }, (_, i) => write(i)));
  documents.fault = undefined;
  blobs.fault = undefined;
  queues.fault = undefined;

  // Nothing but what a client tries again, and each time with how long it is to wait.
  expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  expect(answers.filter(({ status, retryAfter }) => status !== 200 && !Number(retryAfter))).toEqual([]);
  expect(Math.max(...answers.map(({ milliseconds }) => milliseconds))).toBeLessThan(answerMillisecondsMax);
  for (const { kind, status } of cosmosFaults)
    expect(documents.struck[`${kind} ${status ?? ''}`.trim()]).toBeGreaterThan(0);
  expect(Object.keys(blobs.struck)).not.toEqual([]);

  for (const [writer, { runId, files }] of written.entries()) {
    const history = await fetch(
      `${url}/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=loss&max_results=1000`,
    ).then((response) => response.json() as Promise<JsonObject>);
    expect(items(history['metrics']).map(({ step }) => Number(step))).toEqual(
      Array.from({ length: callsOfWriter }, (_, step) => step),
    );
    const { run } = await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=${runId}`).then(
      (response) => response.json() as Promise<JsonObject>,
    );
    expect(items(run?.['data']?.['params'])).toHaveLength(callsOfWriter);
    for (const [i, file] of files.entries())
      expect(await fetch(`${url}${file}`).then((response) => response.text())).toBe(
        `writer ${writer} file ${i}`,
      );
  }
}, 600_000);

test('it waits as long as a store says before it asks again', async () => {
  await post('registered-models/create', { name: 'patient' });
  const { files } = await write(99);
  const [file = ''] = files;
  /** How long after a refusal the same is asked again. */
  const waited = async (
    proxy: FaultyProxy,
    named: string,
    fault: ProxyFault,
    asked: () => Promise<Response>,
  ) => {
    let struck: string | undefined;
    proxy.fault = (method, path) => {
      if (struck !== undefined || method !== 'GET' || !path.includes(named)) return undefined;
      struck = path;
      return fault;
    };
    const from = proxy.seen.length;
    const { status } = await asked();
    proxy.fault = undefined;
    const [first, again] = proxy.seen
      .slice(from)
      .filter(({ method, path }) => method === 'GET' && path === struck);
    return { status, milliseconds: (again?.at ?? 0) - (first?.at ?? 0) };
  };
  const told = { ...throttled, 'x-ms-retry-after-ms': '700' };
  const cosmos = await waited(
    documents,
    '/colls/models/docs/',
    { kind: 'refused', status: 429, headers: told },
    () => fetch(`${url}/api/2.0/mlflow/registered-models/get?name=patient`),
  );
  expect(cosmos.status).toBe(200);
  expect(cosmos.milliseconds).toBeGreaterThanOrEqual(690);
  const storage = await waited(
    blobs,
    'f0.txt',
    { kind: 'refused', status: 429, headers: { 'retry-after': '1' } },
    () => fetch(`${url}${file}`),
  );
  expect(storage.status).toBe(200);
  expect(storage.milliseconds).toBeGreaterThanOrEqual(990);
});
