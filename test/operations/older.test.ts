import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cairn, eventually, type Json, list } from '../../examples/client.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { unpack } from './older/archive.ts';
import { exported, jobOf, newRun, ran } from './restore-support.ts';

/*
 * The data folder of an older release, made by calls of it (older/main.ts), and what that release answered. Of what has
 * changed its shape since, the monitors and their results, `monitor.checked` and the job's report tell.
 */

type Older = {
  readonly run: string;
  readonly uri: string;
  readonly monitor: string;
  readonly experiment: string;
  readonly job: string;
  readonly output: string;
  readonly text: string;
  readonly calls: readonly { method: string; path: string; body?: object; answer: Json }[];
};

let folder: string;
let stack: Stack;
let cairn: Cairn;
let older: Older;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-older-'));
  await unpack(new URL('older/data.br', import.meta.url), folder);
  older = JSON.parse(await readFile(join(folder, 'answers.json'), 'utf8')) as Older;
  stack = await startStack({ data: folder, port: 0, env: { CAIRN_AUTH: 'off' } });
  cairn = new Cairn(stack.url);
  await eventually('the endpoint', 60, async () =>
    (await fetch(`${stack.url}/endpoints/iris/ping`)).ok ? true : undefined,
  );
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const callTo = (part: string) => {
  const call = older.calls.find(({ path }) => path.includes(part));
  if (!call) throw new Error(`Nothing was asked of ${part}.`);
  return call;
};

describe('the data of an older release', () => {
  test.each([
    'experiments/get',
    'runs/get',
    'metrics/get-history',
    'runs/search',
    'artifacts/list',
    'logged-models/',
    'registered-models/get',
    'model-versions/get',
    'model-versions/search',
    'endpoints/iris',
    'data-policy',
    'batch-jobs/',
    'access/principals',
    'workspaces',
    'lineage?',
  ])('is shown with all that the older release showed of it: %s', async (part) => {
    const { method, path, body, answer } = callTo(part);
    expect(await cairn.call(method, path, body)).toMatchObject(answer);
  });

  test('has its monitors, and what they found, in the shape of today', async () => {
    const monitor = await cairn.call('GET', `/api/v1/monitors/${older.monitor}`);
    expect(monitor).toMatchObject({ name: older.monitor, endpoint: 'iris' });
    const { results } = await cairn.call('GET', `/api/v1/monitors/${older.monitor}/results`);
    expect(list(results).map(({ rows }) => Number(rows?.['current']))).toContain(60);
  });

  test('holds its files and outputs byte for byte', async () => {
    expect((await cairn.getArtifact(older.uri, 'notes.txt')).toString()).toBe('of an older release');
    expect(await (await cairn.send(`/api/v1/batch-outputs/${older.output}`)).text()).toBe(older.text);
  });

  test('scores as it did, by calls and by files', async () => {
    const { path, body, answer } = callTo('invocations');
    expect((await cairn.call('POST', path, body))['predictions']).toEqual(answer['predictions']);
    const rows = older.text.trimEnd().split('\n');
    const input = rows.map((row) => row.split(',').slice(0, 4).join(','));
    await cairn.send('/api/v1/batch-inputs/iris/second.csv', {
      method: 'PUT',
      body: `${input.join('\n')}\n`,
    });
    const job = await jobOf(stack, 'second.csv', 'succeeded');
    const { output } = await cairn.call<{ output: { name: string } }>(
      'GET',
      `/api/v1/batch-jobs/${String(job['id'])}`,
    );
    expect(await (await cairn.send(`/api/v1/batch-outputs/${output.name}`)).text()).toBe(older.text);
  });

  test('can be changed: runs, models, aliases, endpoints, monitors, policies, grants', async () => {
    const { run: id, experiment } = older;
    await cairn.mlflow('POST', 'runs/log-metric', {
      run_id: id,
      key: 'loss',
      value: 0,
      timestamp: 9000,
      step: 20,
    });
    const { metrics } = await cairn.mlflow('GET', `metrics/get-history?run_id=${id}&metric_key=loss`);
    expect(list(metrics)).toHaveLength(21);
    await cairn.mlflow('POST', 'runs/set-tag', { run_id: id, key: 'team', value: 'green' });
    await newRun(cairn, experiment, 'second');
    const { model_version: version } = await cairn.mlflow('POST', 'model-versions/create', {
      name: 'iris',
      source: `runs:/${id}/second`,
      run_id: id,
    });
    expect(String(version?.['version'])).toBe('3');
    await cairn.call('PUT', `/api/v1/monitors/${older.monitor}`, { min_rows: 77 });
    await cairn.call('PUT', '/api/v1/endpoints/iris/data-policy', {
      purpose: 'To tell kinds apart.',
      retention_days: 500,
      pii: {},
    });
    await cairn.call('POST', '/api/v1/tokens', { name: 'anew', principal: 'ci', expires_in_seconds: 3600 });
    await cairn.mlflow('POST', 'registered-models/alias', { name: 'iris', alias: 'champion', version: '2' });
    const changed = await eventually('the rollout', 60, async () => {
      const endpoint = await cairn.call('GET', '/api/v1/endpoints/iris');
      return JSON.stringify(endpoint).includes('"version":2') ? endpoint : undefined;
    });
    expect(changed).toMatchObject({ name: 'iris' });
    await cairn.mlflow('POST', 'experiments/delete', { experiment_id: experiment });
    await cairn.mlflow('POST', 'experiments/restore', { experiment_id: experiment });
    expect((await cairn.mlflow('GET', `runs/get?run_id=${id}`))['run']?.['info']).toMatchObject({
      lifecycle_stage: 'active',
    });
  });

  test('goes on with its audit log, whole from its first entry', async () => {
    await exported(stack);
    const { code, output } = await ran('audit-verify', '--data', folder);
    expect([code, output]).toEqual([0, expect.stringContaining('The audit log is whole.')]);
    const entries = Number(/(\d+) entries/.exec(output)?.[1]);
    expect(entries).toBeGreaterThan(list(callTo('audit?').answer['entries']).length);
  });
});
