import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { surfaces } from '../../functions/http/surfaces.ts';
import type { AuditEntry } from '../../shared/audit/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { tellStory, type Told } from './story.ts';
import { wholeLog } from './support.ts';

/** Routes that change nothing, or nothing of the control plane, and why that is so. */
const exempt: Readonly<Record<string, readonly string[]>> = {
  'It reads; its question is too long for a URL.': [
    'POST /api/2.0/mlflow/experiments/search',
    'POST /api/2.0/mlflow/runs/search',
    'POST /api/2.0/mlflow/experiments/search-datasets',
    'POST /api/2.0/mlflow/metrics/get-history-bulk-interval',
    'POST /api/2.0/mlflow/logged-models/search',
    'POST /api/2.0/mlflow/registered-models/get-latest-versions',
    'POST /api/v1/runs/search',
    'POST /graphql',
    'POST /api/3.0/mlflow/traces/search',
    'POST /api/3.0/mlflow/traces/metrics',
    'POST /api/3.0/mlflow/datasets/search',
    'POST /api/v1/audit/verify',
    'POST /api/v1/models/{m}/versions/{v}/verify',
  ],
  'What a run or a logged model measures and says of itself is the record itself, of which each value would be an entry.':
    [
      'POST /api/2.0/mlflow/runs/log-metric',
      'POST /api/2.0/mlflow/runs/log-parameter',
      'POST /api/2.0/mlflow/runs/set-tag',
      'POST /api/2.0/mlflow/runs/delete-tag',
      'POST /api/2.0/mlflow/runs/log-batch',
      'POST /api/2.0/mlflow/runs/log-model',
      'POST /api/2.0/mlflow/runs/outputs',
      'PATCH /api/2.0/mlflow/logged-models/{model_id}',
      'PATCH /api/2.0/mlflow/logged-models/{model_id}/tags',
      'DELETE /api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key*}',
      'POST /api/2.0/mlflow/logged-models/{model_id}/params',
    ],
  'Bytes of artifacts and inputs; a job that an input starts, or a model that is made of them, is an entry.':
    [
      'PUT /api/2.0/mlflow-artifacts/artifacts/{path*}',
      'DELETE /api/2.0/mlflow-artifacts/artifacts/{path*}',
      'POST /api/2.0/mlflow-artifacts/mpu/create/{folder*}',
      'POST /api/2.0/mlflow-artifacts/mpu/complete/{folder*}',
      'POST /api/2.0/mlflow-artifacts/mpu/abort/{folder*}',
      'POST /api/2.0/mlflow/artifacts/presigned-upload-url',
      'PUT /api/v1/batch-inputs/{endpoint}/{path*}',
      'POST /api/v1/batch-uploads',
    ],
  'It hands out a file; of a model that is an entry, model.downloaded.': [
    'POST /api/2.0/mlflow/artifacts/presigned-download-url',
  ],
  'Facts of other systems about their own runs; each keeps its origin in the lineage.': [
    'POST /api/v1/lineage',
    'POST /api/v1/lineage/batch',
    'POST /api/v1/lineage/record',
  ],
  'A training says that it goes on, or how it ended; what becomes of it is an entry of the platform.': [
    'POST /api/v1/retraining-jobs/{id}/heartbeat',
    'POST /api/v1/retraining-jobs/{id}/report',
  ],
  'It gives a run the token of its job, which is an entry of the platform: token.created.': [
    'POST /api/v1/retraining-jobs/{id}/token',
  ],
  'It only does again what was asked for before: what changes by it is an entry of the platform.': [
    'POST /api/v1/models/{m}/versions/{v}/inspect',
    'POST /api/v1/monitors/{name}/check',
    'POST /api/v1/monitors/{name}/backfill',
    'POST /api/2.0/mlflow/webhooks/{webhook_id}/test',
    'POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver',
  ],
};

/** What changes something in the control plane, unless it says above why it does not. */
const changing = surfaces
  .filter(({ part }) => part !== 'inference')
  .flatMap(({ routes }) => routes)
  .filter(({ method, path }) => method !== 'GET' && !path.startsWith('/ajax-api/'))
  .map(({ method, path }) => `${method} ${path}`);
const exempted = Object.values(exempt).flat();

let server: TestServer;
let told: Told[];
let log: AuditEntry[];
beforeAll(async () => {
  server = await testServer({
    CAIRN_KEYS_FOLDER: await mkdtemp(join(tmpdir(), 'cairn-audit-keys-')),
    CAIRN_EXECUTORS: JSON.stringify({ train: [process.execPath, '-e', 'process.exit(1)'] }),
    CAIRN_CONVERTER: JSON.stringify([process.execPath, '-e', 'process.exit(1)']),
  });
  told = await tellStory(server);
  await server.drain();
  log = await wholeLog(server.ctx);
});
afterAll(async () => {
  await server.close();
  delete process.env['CAIRN_KEYS_FOLDER'];
  delete process.env['CAIRN_CONVERTER'];
  delete process.env['CAIRN_EXECUTORS'];
});

describe('every route that can change something', () => {
  test('is called below, or stands among those that leave no entry, with the reason', () => {
    const called = new Set(told.map(({ route }) => route));
    const missing = changing.filter((route) => !called.has(route) && !exempted.includes(route));
    expect(missing).toEqual([]);
    expect(exempted.filter((route) => !changing.includes(route) || called.has(route))).toEqual([]);
  });

  test('leaves an entry in the name of who called it', () => {
    const entered = new Set(log.filter(({ actor }) => actor !== 'cairn').map(({ request_id: id }) => id));
    expect(told.filter(({ requestId }) => !entered.has(requestId)).map(({ route }) => route)).toEqual([]);
  });
});

describe('the log of all that', () => {
  test('has every event of every aggregate, numbered from 1 without gaps', () => {
    const numbers = Map.groupBy(log, ({ workspace, aggregate }) => `${workspace} ${aggregate}`);
    const gaps = [...numbers].flatMap(([aggregate, entries]) => {
      const found = entries.map(({ aggregate_seq: seq }) => seq).toSorted((a, b) => a - b);
      return found.every((seq, i) => seq === i + 1) ? [] : [[aggregate, found]];
    });
    expect(gaps).toEqual([]);
  });

  test('has the reasons that were given', () => {
    const reasonOf = (action: string) => log.find((entry) => entry.action === action)?.reason;
    expect(reasonOf('promotion.rejected')).toBe('not yet');
    expect(reasonOf('promotion.overridden')).toBe('it must be');
    expect(log.some(({ action, reason }) => action === 'alias.moved' && reason === 'it was worse')).toBe(
      true,
    );
  });

  test('holds nothing that was kept secret', () => {
    const text = JSON.stringify(log);
    expect(text).not.toContain('a long password');
    expect(text).not.toMatch(/cairn_[0-9a-z]+_/i);
  });
});
