import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../support/server.ts';
import { type RunningHosts, startedHosts } from '../support/hosts.ts';
import { classifier } from './support.ts';

let hosts: RunningHosts;
beforeAll(async () => {
  hosts = await startedHosts(3);
  for (const model of ['blue', 'green']) {
    await call('POST', '/api/2.0/mlflow/registered-models/create', { name: model });
    await register(model, classifier());
    await register(model, classifier(1));
    await move(model, 1);
  }
  const deployments = ['blue', 'green'].map((model) => ({ name: model, model, alias: 'champion' }));
  await call('POST', '/api/v1/endpoints', { name: 'live', deployments, traffic: { blue: 100, green: 0 } });
  await follows(() => 'blue/1', 60);
}, 120_000);
afterAll(() => hosts.stop());

/** A call of the first instance; throws where it fails. */
async function call(method: string, path: string, body?: unknown): Promise<JsonObject> {
  const response = await fetch(`${hosts.urls[0]}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as JsonObject;
}

async function register(model: string, bytes: Uint8Array): Promise<void> {
  const { run } = await call('POST', '/api/2.0/mlflow/runs/create', {});
  const path = String(run?.['info']?.['artifact_uri']).replace('mlflow-artifacts:/', '');
  const put = await fetch(`${hosts.urls[0]}/api/2.0/mlflow-artifacts/artifacts/${path}/model/model.onnx`, {
    method: 'PUT',
    body: Buffer.from(bytes),
  });
  if (!put.ok) throw new Error(await put.text());
  const id = String(run?.['info']?.['run_id']);
  await call('POST', '/api/2.0/mlflow/model-versions/create', {
    name: model,
    source: `runs:/${id}/model`,
    run_id: id,
  });
}

const move = (model: string, version: number) =>
  call('POST', '/api/2.0/mlflow/registered-models/alias', {
    name: model,
    alias: 'champion',
    version: String(version),
  });

/** What answers a call, as its headers say: `<deployment>/<version>`. */
async function asked(url: string, key?: string): Promise<{ status: number; by: string }> {
  const response = await fetch(`${url}/v2/models/live/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-caller': key }) },
    body: JSON.stringify({ inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] }),
  });
  await response.arrayBuffer();
  const { headers, status } = response;
  return { status, by: `${headers.get('x-cairn-deployment')}/${headers.get('x-cairn-version')}` };
}

/** Waits until every instance answers by what `by` says; returns the seconds that the last of them took. */
async function follows(by: () => string, secondsMax: number): Promise<number> {
  const started = performance.now();
  const slowest = hosts.urls.map(async (url) => {
    for (;;) {
      if ((await asked(url)).by === by()) return (performance.now() - started) / 1000;
      if (performance.now() - started > secondsMax * 1000)
        throw new Error(`${url} does not follow to ${by()}.`);
      await wait(100);
    }
  });
  return Math.max(...(await Promise.all(slowest)));
}

/** Steady calls of every instance that is not `spared`, while something happens. Returns what was answered. */
async function underTraffic(work: () => Promise<void>, spared: () => number | undefined = () => undefined) {
  const answers: string[] = [];
  const failures: string[] = [];
  const over = new AbortController();
  const callers = hosts.urls.flatMap((url, host) =>
    Array.from({ length: 2 }, async () => {
      while (!over.signal.aborted) {
        if (spared() === host) {
          await wait(20);
          continue;
        }
        const answer = await asked(url).catch((error: unknown) => ({ status: 0, by: String(error) }));
        if (answer.status === 200) answers.push(answer.by);
        else if (spared() !== host) failures.push(`${host}: ${answer.status} ${answer.by}`);
        await wait(40);
      }
    }),
  );
  try {
    await work();
  } finally {
    over.abort();
    await Promise.all(callers);
  }
  return { answers, failures };
}

/** What a change may take to reach an instance; beyond the 10 seconds, the machine of a test has to get round to it. */
const secondsMax = 13;

describe('three instances under traffic', () => {
  test('follow a change of traffic and of settings within ten seconds, without a call that fails', async () => {
    const { answers, failures } = await underTraffic(async () => {
      await call('PATCH', '/api/v1/endpoints/live', { traffic: { blue: 0, green: 100 } });
      await follows(() => 'green/1', secondsMax);
      await call('PATCH', '/api/v1/endpoints/live', {
        traffic: { blue: 100, green: 0 },
        mirror: { green: 20 },
        limits: { rows_max: 10 },
        labels: { team: 'one' },
      });
      await follows(() => 'blue/1', secondsMax);
    });
    expect(failures).toEqual([]);
    expect(answers.length).toBeGreaterThan(100);
    expect(new Set(answers)).toEqual(new Set(['blue/1', 'green/1']));
  }, 60_000);

  test('follow an alias by way of a rollout, from its first calls until it takes over', async () => {
    const { answers, failures } = await underTraffic(async () => {
      await call('PATCH', '/api/v1/endpoints/live', { rollout: { plan: [50, 100] } });
      await move('blue', 2);
      for (const url of hosts.urls)
        await expect
          .poll(async () => (await asked(url)).by, { timeout: 30_000, interval: 50 })
          .toBe('blue/2');
      await call('POST', '/api/v1/endpoints/live/deployments/blue/rollout/finish', { reason: 'a test' });
      await wait(secondsMax * 1000);
      for (let i = 0; i < 30; i++) expect((await asked(hosts.urls[i % 3] ?? '')).by).toBe('blue/2');
    });
    expect(failures).toEqual([]);
    expect(new Set(answers)).toEqual(new Set(['blue/1', 'blue/2']));
  }, 90_000);

  test('go on when one of them is killed, which follows what it missed when it is back', async () => {
    let dead: number | undefined;
    const { failures } = await underTraffic(
      async () => {
        dead = 2;
        await hosts.kill(2);
        await call('PATCH', '/api/v1/endpoints/live', { traffic: { blue: 0, green: 100 }, mirror: {} });
        await wait(2_000);
        await hosts.restart(2);
        dead = undefined;
        await follows(() => 'green/1', secondsMax);
        await call('PATCH', '/api/v1/endpoints/live', { traffic: { blue: 100, green: 0 } });
        await follows(() => 'blue/2', secondsMax);
      },
      () => dead,
    );
    expect(failures).toEqual([]);
  }, 90_000);

  test('count together what each of them was asked', async () => {
    const counted = async () => {
      const { series } = await call('GET', '/api/v1/endpoints/live/metrics');
      const found = series as unknown as { deployment: string; variant: string; version: number }[];
      return found.map(({ deployment, variant, version }) => `${deployment}/${variant}/${version}`);
    };
    await expect
      .poll(counted, { timeout: 30_000 })
      .toEqual(
        expect.arrayContaining([
          'blue/canary/2',
          'blue/stable/1',
          'blue/stable/2',
          'green/mirror/1',
          'green/stable/1',
        ]),
      );
  }, 60_000);
});
