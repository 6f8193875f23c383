import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { items, type TestServer, testServer } from '../support/server.ts';
import { callsOf, registered } from './support.ts';

let server: TestServer;
let ada: ReturnType<typeof callsOf>;
let bob: ReturnType<typeof callsOf>;
beforeAll(async () => {
  server = await testServer();
  ada = callsOf(server, 'ada');
  bob = callsOf(server, 'bob');
});
afterAll(() => server.close());

const api = '/api/v1/models';
const mlflow = '/api/2.0/mlflow';
const terms = {
  aliases: ['champion'],
  stages: ['Production'],
  gates: [{ gate: 'required-tags', tags: ['owner'] }],
};

describe('a policy', () => {
  test('is kept as it was put, with what was left out, and its ETag guards it', async () => {
    await registered(server.ctx, 'p', [{}]);
    expect((await ada('GET', `${api}/p/policy`)).status).toBe(404);
    const gates = [
      { gate: 'required-tags', tags: ['owner'] },
      { gate: 'metric', key: 'auc', at_least: 0.8 },
      { gate: 'no-regression', metric: 'auc' },
      { gate: 'schema' },
      { gate: 'inspection' },
      { gate: 'signature' },
      { gate: 'evaluation-drift' },
      { gate: 'approvals', count: 2 },
      {
        gate: 'freeze',
        windows: [
          { from: '2026-12-24T00:00:00+01:00', to: 1_798_758_000_000, reason: 'holidays' },
          { weekdays: ['fri'], from: '16:00', to: '08:00', timezone: 'Europe/Berlin', reason: 'weekend' },
        ],
      },
    ];
    const put = await ada('PUT', `${api}/p/policy`, { ...terms, gates });
    expect([put.status, put.headers.get('etag')]).toEqual([200, '"1"']);
    const got = await ada('GET', `${api}/p/policy`);
    expect(got.body).toMatchObject({
      version: 1,
      author: 'ada',
      aliases: ['champion'],
      stages: ['Production'],
    });
    expect(got.body['gates']).toEqual([
      ...gates.slice(0, 2),
      { gate: 'no-regression', metric: 'auc', margin: 0, rows_min: 200, confidence: 0.95 },
      ...gates.slice(3, 6),
      { gate: 'evaluation-drift', threshold: 0.25 },
      gates[7],
      {
        gate: 'freeze',
        windows: [
          { from: Date.UTC(2026, 11, 23, 23), to: 1_798_758_000_000, reason: 'holidays' },
          { weekdays: ['fri'], from: '16:00', to: '08:00', timezone: 'Europe/Berlin', reason: 'weekend' },
        ],
      },
    ]);
    expect((await ada('PUT', `${api}/p/policy`, terms, { 'if-none-match': '*' })).status).toBe(409);
    expect((await ada('PUT', `${api}/p/policy`, terms, { 'if-match': '"7"' })).status).toBe(409);
    expect((await ada('PUT', `${api}/p/policy`, { ...terms, expected_version: 7 })).body['field']).toBe(
      'expected_version',
    );
    expect((await ada('PUT', `${api}/p/policy`, terms, { 'if-match': 'now' })).body['field']).toBe(
      'if-match',
    );
    expect((await ada('PUT', `${api}/p/policy`, terms, { 'if-match': '"1"' })).body['version']).toBe(2);
    expect((await ada('GET', `${api}/p`)).body['policy']).toMatchObject({
      version: 2,
      aliases: ['champion'],
    });
    expect((await ada('DELETE', `${api}/p/policy`, undefined, { 'if-match': '"1"' })).status).toBe(409);
    expect((await ada('DELETE', `${api}/p/policy`)).status).toBe(204);
    expect((await ada('DELETE', `${api}/p/policy`)).status).toBe(404);
    const first = await eventually(async () => {
      const page = await ada('GET', `${api}/p/policies?max_results=2`);
      expect(items(page.body['policies']).map(({ version }) => version)).toEqual([3, 2]);
      return page.body;
    });
    const rest = await ada(
      'GET',
      `${api}/p/policies?max_results=2&page_token=${String(first['next_page_token'])}`,
    );
    expect(items(rest.body['policies']).map(({ version }) => version)).toEqual([1]);
  });

  const gate = (one: unknown) => ({ ...terms, gates: [one] });
  const freeze = (window: unknown) => gate({ gate: 'freeze', windows: [window] });
  const weekly = { weekdays: ['fri'], from: '16:00', to: '08:00', timezone: 'UTC', reason: 'r' };
  test.each([
    ['aliases', { aliases: [], gates: [] }],
    ['aliases[1]', { ...terms, aliases: ['champion', 'champion'] }],
    ['alias', { ...terms, aliases: ['v1'] }],
    ['stages[0]', { ...terms, stages: ['None'] }],
    ['gates', { aliases: ['champion'] }],
    ['surprise', { ...terms, surprise: 1 }],
    ['gates[0].gate', gate({ gate: 'luck' })],
    ['gates[0].tags', gate({ gate: 'required-tags', tags: [] })],
    ['gates[0].tags[0]', gate({ gate: 'required-tags', tags: ['t'.repeat(251)] })],
    ['gates[0].key', gate({ gate: 'metric', key: 'k'.repeat(251), at_least: 0 })],
    ['gates[0].at_least', gate({ gate: 'metric', key: 'auc' })],
    ['gates[0].at_most', gate({ gate: 'metric', key: 'auc', at_most: 'much' })],
    ['gates[0].metric', gate({ gate: 'no-regression', metric: 'luck' })],
    ['gates[0].margin', gate({ gate: 'no-regression', metric: 'auc', margin: -1 })],
    ['gates[0].confidence', gate({ gate: 'no-regression', metric: 'auc', confidence: 1 })],
    ['gates[0].rows_min', gate({ gate: 'no-regression', metric: 'auc', rows_min: 1.5e9 })],
    [
      'gates[0].evaluation.digest',
      gate({ gate: 'no-regression', metric: 'auc', evaluation: { uri: 'runs:/a/b', digest: 'md5' } }),
    ],
    ['gates[0].evaluation.uri', gate({ gate: 'no-regression', metric: 'auc', evaluation: {} })],
    ['gates[0].threshold', gate({ gate: 'evaluation-drift', threshold: 0 })],
    ['gates[0].count', gate({ gate: 'approvals', count: 0 })],
    ['gates[0].extra', gate({ gate: 'schema', extra: 1 })],
    ['gates[1]', { ...terms, gates: [{ gate: 'schema' }, { gate: 'schema' }] }],
    ['gates[0].windows', gate({ gate: 'freeze', windows: [] })],
    ['gates[0].windows[0].to', freeze({ from: 2, to: 1, reason: 'r' })],
    ['gates[0].windows[0].from', freeze({ from: 'soon', to: 1, reason: 'r' })],
    ['gates[0].windows[0].reason', freeze({ from: 1, to: 2 })],
    ['gates[0].windows[0].timezone', freeze({ ...weekly, timezone: 'Mars/Olympus' })],
    ['gates[0].windows[0].weekdays[0]', freeze({ ...weekly, weekdays: ['someday'] })],
    ['gates[0].windows[0].from', freeze({ ...weekly, from: '24:00' })],
  ])('with a wrong %s is refused, and the field is named', async (field, body) => {
    const answer = await ada('PUT', `${api}/p/policy`, body);
    expect([answer.status, answer.body['field']]).toEqual([400, field]);
  });
});

describe('a promotion', () => {
  test('is not approved by its author under another spelling of the name', async () => {
    await registered(server.ctx, 'spelling', [{}]);
    const own = `${api}/spelling`;
    await ada('PUT', `${own}/policy`, { ...terms, gates: [{ gate: 'approvals', count: 1 }] });
    expect((await ada('POST', `${own}/promotions`, { version: 1, alias: 'champion' })).status).toBe(201);
    expect((await callsOf(server, 'Ada')('POST', `${own}/promotions/1/approve`, {})).status).toBe(403);
  });

  test('is made once per Idempotency-Key, listed by what is asked for, and says where it is', async () => {
    await registered(server.ctx, 'list', [{}, {}, {}]);
    await ada('PUT', `${api}/list/policy`, { ...terms, gates: [{ gate: 'approvals', count: 1 }] });
    const ask = (version: number, more = {}, headers = {}) =>
      ada('POST', `${api}/list/promotions`, { version, alias: 'champion', ...more }, headers);
    const made = await ask(1, { comment: 'please' }, { 'idempotency-key': 'ci-1' });
    expect([made.status, made.headers.get('location')]).toEqual([201, `${api}/list/promotions/1`]);
    expect((await ask(1)).status).toBe(200);
    expect((await ask(1, {}, { 'idempotency-key': 'ci-1' })).body['number']).toBe(1);
    expect((await ask(2, {}, { 'idempotency-key': 'ci-1' })).body['field']).toBe('idempotency-key');
    await ask(2);
    await ada('POST', `${api}/list/promotions`, { version: 3, stage: 'Production' });
    await server.drain();
    const numbers = async (query: string) =>
      items((await ada('GET', `${api}/list/promotions?${query}`)).body['promotions']).map(
        ({ number }) => number,
      );
    await eventually(async () => expect(await numbers('')).toEqual([3, 2, 1]));
    expect(await numbers('alias=champion')).toEqual([2, 1]);
    expect(await numbers('version=3')).toEqual([3]);
    await eventually(async () => expect(await numbers('status=waiting&max_results=2')).toEqual([3, 2]));
    expect((await ada('GET', `${api}/list/promotions/3`)).body).toMatchObject({
      target: { stage: 'Production' },
      status: 'waiting',
      champion: null,
      policy_version: 1,
      requested_by: 'ada',
      gates: [{ gate: 'approvals', status: 'waiting', inputs: { wanted: 1 } }],
    });
    await bob('POST', `${api}/list/promotions/3/approve`, {});
    await server.drain();
    const { body } = await ada('GET', `${mlflow}/model-versions/get?name=list&version=3`);
    expect(body['model_version']?.['current_stage']).toBe('Production');
  });

  test.each([
    ['POST', '/promotions', {}, 400, 'version'],
    ['POST', '/promotions', { version: 1 }, 400, 'alias'],
    ['POST', '/promotions', { version: 1, alias: 'a', stage: 'Staging' }, 400, 'alias'],
    ['POST', '/promotions', { version: 1, stage: 'None' }, 400, 'stage'],
    ['POST', '/promotions', { version: 1, alias: 'latest' }, 400, 'alias'],
    ['POST', '/promotions', { version: 9, alias: 'a' }, 404, 'version'],
    ['GET', '/promotions?status=good', undefined, 400, 'status'],
    ['GET', '/promotions?page_token=x', undefined, 400, 'page_token'],
    ['GET', '/promotions/x', undefined, 400, 'n'],
    ['GET', '/promotions/99', undefined, 404, 'number'],
    ['POST', '/promotions/99/approve', {}, 404, 'number'],
    ['POST', '/promotions/1/reject', {}, 400, 'reason'],
    ['POST', '/promotions/1/override', { reason: '' }, 400, 'reason'],
    ['POST', '/promotions/1/cancel', { why: 'x' }, 400, 'why'],
    ['POST', '/aliases/champion/rollback', {}, 400, 'reason'],
    ['POST', '/aliases/champion/rollback', { reason: 'r', expected: 'x' }, 400, 'expected'],
    ['POST', '/aliases/never/rollback', { reason: 'r' }, 404, 'alias'],
    ['GET', '/aliases/latest/history', undefined, 400, 'alias'],
  ])('%s %s with %j is %d and names %s', async (method, path, body, status, field) => {
    await registered(server.ctx, 'errors', [{}]).catch(() => undefined);
    await ada('POST', `${api}/errors/promotions`, { version: 1, stage: 'Archived' });
    const answer = await ada(method, `${api}/errors${path}`, body);
    expect([answer.status, answer.body['field']]).toEqual([status, field]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test.each(['policy', 'policies', 'promotions', 'promotions/1', 'aliases/a/history'])(
    'of a model that there is not: %s is not found',
    async (path) => {
      expect((await ada('GET', `${api}/nowhere/${path}`)).status).toBe(404);
    },
  );

  test('overridden says who did it, why, and which gates it let pass', async () => {
    await registered(server.ctx, 'burning', [{}]);
    await ada('PUT', `${api}/burning/policy`, terms);
    await ada('POST', `${api}/burning/promotions`, { version: 1, alias: 'champion' });
    await server.drain();
    await bob('POST', `${api}/burning/promotions/1/override`, { reason: 'it burns' });
    await server.drain();
    expect((await ada('GET', `${api}/burning/promotions/1`)).body).toMatchObject({
      status: 'promoted',
      gates: [{ gate: 'required-tags', status: 'overridden' }],
      override: { by: 'bob', reason: 'it burns', gates: ['required-tags'] },
    });
  });
});

describe("MLflow's calls on a guarded model", () => {
  test('answer in its own terms: which gate failed, and that an alias is not removed', async () => {
    await registered(server.ctx, 'm', [{}, {}]);
    const alias = (version: string) => ({ name: 'm', alias: 'champion', version });
    expect((await ada('POST', `${mlflow}/registered-models/alias`, alias('1'))).status).toBe(200);
    await ada('PUT', `${api}/m/policy`, terms);
    const moved = await ada('POST', `${mlflow}/registered-models/alias`, alias('2'));
    expect([moved.status, moved.body['error_code']]).toEqual([400, 'INVALID_STATE']);
    expect(moved.body['message']).toMatch(/required-tags.*owner.*\/api\/v1\/models\/m\/promotions\/1/);
    const removed = await ada('DELETE', `${mlflow}/registered-models/alias`, {
      name: 'm',
      alias: 'champion',
    });
    expect([removed.status, removed.body['error_code']]).toEqual([400, 'INVALID_STATE']);
    const staged = await ada('POST', `${mlflow}/model-versions/transition-stage`, {
      name: 'm',
      version: '2',
      stage: 'Production',
    });
    expect([staged.status, staged.body['error_code']]).toEqual([400, 'INVALID_STATE']);
    await ada('POST', `${mlflow}/model-versions/set-tag`, {
      name: 'm',
      version: '2',
      key: 'owner',
      value: 'ada',
    });
    expect((await ada('POST', `${mlflow}/registered-models/alias`, alias('2'))).status).toBe(200);
    const back = await bob('POST', `${api}/m/aliases/champion/rollback`, { reason: 'errors', expected: 1 });
    expect([back.status, back.body['detail']]).toEqual([409, expect.stringContaining('held by version 2')]);
    const key = { 'idempotency-key': 'rollout-9' };
    const rollback = () =>
      bob('POST', `${api}/m/aliases/champion/rollback`, { reason: 'errors', expected: 2 }, key);
    const first = await rollback();
    expect(first.body).toMatchObject({ alias: 'champion', from: 2, to: 1 });
    expect((await rollback()).body).toEqual(first.body);
  });
});
