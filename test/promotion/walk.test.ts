import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { signingServer } from '../signing/support.ts';
import { items, type JsonObject, type TestServer } from '../support/server.ts';
import { callsOf, classifier, evaluationCsv } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await signingServer();
});
afterAll(() => server.close());

describe('from two runs to a decision and back', () => {
  test('a failing gate refuses, a better version passes, waits for an approval, moves the alias, is rolled back, and the evidence tells all of it', async () => {
    const ada = callsOf(server, 'ada');
    const bob = callsOf(server, 'bob');
    const admin = callsOf(server, 'root');
    const mlflow = '/api/2.0/mlflow';

    const { body: experiment } = await ada('POST', `${mlflow}/experiments/create`, { name: 'churn' });
    const registerRun = async (errors: number, accuracy: number) => {
      const { body } = await ada('POST', `${mlflow}/runs/create`, {
        experiment_id: experiment['experiment_id'],
        start_time: Date.now(),
      });
      const info = body['run']?.['info'];
      const runId = String(info?.['run_id']);
      await ada('POST', `${mlflow}/runs/log-metric`, {
        run_id: runId,
        key: 'accuracy',
        value: accuracy,
        timestamp: Date.now(),
      });
      const folder = String(info?.['artifact_uri']).replace('mlflow-artifacts:/', '');
      const put = (path: string, bytes: BodyInit) =>
        server.fetch(`/api/2.0/mlflow-artifacts/artifacts/${folder}/${path}`, { method: 'PUT', body: bytes });
      expect((await put('model/model.onnx', Buffer.from(classifier(errors)))).status).toBe(200);
      expect((await put('evaluation.csv', evaluationCsv(600))).status).toBe(200);
      const { status, body: made } = await ada('POST', `${mlflow}/model-versions/create`, {
        name: 'churn',
        source: `runs:/${runId}/model`,
        run_id: runId,
        tags: [
          {
            key: 'cairn.evaluation',
            value: JSON.stringify({
              kind: 'artifact',
              uri: `runs:/${runId}/evaluation.csv`,
              labelColumn: 'label',
            }),
          },
        ],
      });
      expect(status).toBe(200);
      return Number(made['model_version']?.['version']);
    };

    await ada('POST', `${mlflow}/registered-models/create`, { name: 'churn' });
    const first = await registerRun(0.1, 0.9);
    await server.drain();
    expect(
      (
        await ada('POST', `${mlflow}/registered-models/alias`, {
          name: 'churn',
          alias: 'champion',
          version: '1',
        })
      ).status,
    ).toBe(200);

    const policy = {
      aliases: ['champion'],
      gates: [
        { gate: 'required-tags', tags: ['owner'] },
        { gate: 'metric', key: 'accuracy', at_least: 0.92 },
        { gate: 'no-regression', metric: 'accuracy', margin: 0.005, rows_min: 100, confidence: 0.95 },
        { gate: 'schema' },
        { gate: 'inspection' },
        { gate: 'signature' },
        { gate: 'approvals', count: 1 },
      ],
    };
    expect((await admin('PUT', '/api/v1/models/churn/policy', policy)).body['version']).toBe(1);

    const worse = await registerRun(0.3, 0.7);
    await server.drain();
    const asked = await ada('POST', '/api/v1/models/churn/promotions', { version: worse, alias: 'champion' });
    expect([asked.status, asked.body['status']]).toEqual([201, 'evaluating']);
    await server.drain();
    const refused = (await ada('GET', '/api/v1/models/churn/promotions/1')).body;
    expect(refused['status']).toBe('refused');
    expect(refused['champion']).toEqual({ version: first });
    expect(statuses(refused)).toEqual({
      'required-tags': 'failed',
      metric: 'failed',
      'no-regression': 'failed',
      schema: 'passed',
      inspection: 'passed',
      signature: 'passed',
      approvals: 'waiting',
    });

    const better = await registerRun(0.02, 0.98);
    await ada('POST', `${mlflow}/model-versions/set-tag`, {
      name: 'churn',
      version: String(better),
      key: 'owner',
      value: 'ada',
    });
    await server.drain();
    // MLflow's own call goes the same way, and says what it waits for and where.
    const byMlflow = await ada('POST', `${mlflow}/registered-models/alias`, {
      name: 'churn',
      alias: 'champion',
      version: String(better),
    });
    expect([byMlflow.status, byMlflow.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
    expect(byMlflow.body['message']).toContain('/api/v1/models/churn/promotions/2');
    expect((await ada('POST', '/api/v1/models/churn/promotions/2/approve', {})).status).toBe(403);
    expect((await bob('POST', '/api/v1/models/churn/promotions/2/approve', { comment: 'fine' })).status).toBe(
      200,
    );
    await server.drain();
    const promoted = (await ada('GET', '/api/v1/models/churn/promotions/2')).body;
    expect(promoted['status']).toBe('promoted');
    expect(new Set(Object.values(statuses(promoted)))).toEqual(new Set(['passed']));
    expect(await holder()).toBe(String(better));

    const back = await bob('POST', '/api/v1/models/churn/aliases/champion/rollback', {
      reason: 'complaints',
      expected: better,
    });
    expect(back.body).toMatchObject({ alias: 'champion', from: better, to: first });
    expect(await holder()).toBe(String(first));
    await server.drain();
    await eventually(async () => {
      const { body } = await ada('GET', '/api/v1/models/churn/aliases/champion/history');
      const moves = items(body['moves']).map(({ from, to, cause, actor }) => [
        from,
        to,
        cause?.['kind'],
        actor,
      ]);
      expect(moves).toEqual([
        [better, first, 'rollback', 'bob'],
        [first, better, 'promotion', 'ada'],
        [null, first, 'set', 'ada'],
      ]);
      const zip = await server.fetch(`/api/v1/models/churn/versions/${better}/evidence`);
      const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
      const json = (name: string) => JSON.parse(strFromU8(files[name] ?? new Uint8Array())) as JsonObject;
      expect(items(json('promotions.json')['promotions'])).toMatchObject([
        { number: 2, status: 'promoted', approvals: [{ by: 'bob', comment: 'fine' }] },
      ]);
      expect(JSON.stringify(json('alias-history.json'))).toContain('complaints');
    });

    async function holder(): Promise<unknown> {
      const answer = await ada('GET', `${mlflow}/registered-models/alias?name=churn&alias=champion`);
      return answer.body['model_version']?.['version'];
    }
  });
});

function statuses(promotion: JsonObject): Record<string, unknown> {
  return Object.fromEntries(items(promotion['gates']).map(({ gate, status }) => [String(gate), status]));
}
