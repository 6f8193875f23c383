import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createVersion } from '../../shared/registry/index.ts';
import { experimentOfRun } from '../../shared/tracking/index.ts';
import { type JsonObject } from '../support/server.ts';
import { rule } from './grants.ts';
import { type Caller, type GuardedServer, guardedServer } from './support.ts';
import { makeWorld, nowhere, secret, type World } from './world.ts';

/*
 * What requests name inside: sources, runs, rows, and what belongs to several things at once. A caller may change
 * one model and is denied another, with its experiment and its endpoint.
 */

const mlflow = '/api/2.0/mlflow';

let server: GuardedServer;
let hidden: World;
let own: World;
let maker: Caller;
let root: Caller;

beforeAll(async () => {
  server = await guardedServer();
  root = server.as(`Bearer ${server.adminToken}`);
  hidden = await makeWorld(server, server.ctx, root, 'omega');
  own = await makeWorld(server, server.ctx, root, 'delta');
  maker = server.as(await server.person('con', 'operator'));
  for (const resource of [
    { type: 'experiment', id: hidden.experiment },
    { type: 'model', id: hidden.modelId },
    { type: 'endpoint', id: hidden.endpoint },
  ] as const)
    await rule(server, 'con', 'deny', { resource });
  await rule(server, 'con', 'admin', { resource: { type: 'model', id: own.modelId } });
}, 120_000);
afterAll(() => server.close());

/** How many versions a model ever had. */
async function versionsOf(model: string): Promise<number> {
  return Number((await root('GET', `/api/v1/models/${model}`)).body['versions']);
}

function register(from: Readonly<Record<string, unknown>>) {
  return maker('POST', `${mlflow}/model-versions/create`, { name: own.model, ...from });
}

describe('a new version', () => {
  test.each([
    ['a run', (w: World) => ({ source: `runs:/${w.run}/model` })],
    ['a run however it is written', (w: World) => ({ source: `RUNS:/${w.run}/model/` })],
    ['a run beside another source', (w: World) => ({ source: 'https://example.com/m', run_id: w.run })],
    [
      'the place of a run',
      (w: World) => ({
        source: `mlflow-artifacts:/${w.experiment}/${w.run}/artifacts/model`,
      }),
    ],
    [
      'the place, escaped',
      (w: World) => ({
        source: `mlflow-artifacts:/%${w.experiment.charCodeAt(0).toString(16)}${w.experiment.slice(1)}/${w.run}/artifacts/model`,
      }),
    ],
    [
      'the place by its URL',
      (w: World) => ({
        source: `http://127.0.0.1/api/2.0/mlflow-artifacts/artifacts/${w.experiment}/${w.run}/artifacts/model`,
      }),
    ],
    ['a logged model', (w: World) => ({ source: `models:/m-${w.run}` })],
    [
      'a logged model beside another source',
      (w: World) => ({
        source: 'https://example.com/m',
        model_id: `m-${w.run}`,
      }),
    ],
    [
      'rows to judge by',
      (w: World) => ({
        source: 'https://example.com/m',
        tags: [{ key: 'cairn.evaluation', value: `runs:/${w.run}/rows.csv` }],
      }),
    ],
  ])('is not made from %s that the caller may not see, be it there or not', async (_, from) => {
    const before = await versionsOf(own.model);
    const ghost = { ...hidden, run: nowhere(hidden, 'default').run };
    const [refused, unknown] = [await register(from(hidden)), await register(from(ghost))];
    expect(refused.status).toBe(403);
    expect(refused.body['error_code']).toBe('PERMISSION_DENIED');
    expect(JSON.stringify(refused.body).replaceAll(hidden.run, ghost.run)).toBe(JSON.stringify(unknown.body));
    expect(JSON.stringify(refused.body)).not.toContain(secret);
    expect(await versionsOf(own.model)).toBe(before);
  });

  test.each(['/1', '@champion', '/latest', '/Production', '/99'])(
    'is not copied from models:/<name>%s of a model that the caller may not see: it is not there',
    async (which) => {
      const [refused, unknown] = [
        await register({ source: `models:/${hidden.model}${which}` }),
        await register({ source: `models:/Nobodys${which}` }),
      ];
      expect(refused.status).toBe(404);
      expect(JSON.stringify(refused.body).replaceAll(hidden.model, 'Nobodys')).toBe(
        JSON.stringify(unknown.body),
      );
    },
  );

  test('is made from what the caller may see, in their name', async () => {
    const made = await register({ source: `runs:/${own.run}/model`, user_id: 'someone', run_id: own.run });
    expect(made).toMatchObject({ status: 200, body: { model_version: { user_id: 'con', run_id: own.run } } });
    const copied = await register({ source: `models:/${own.model}/1` });
    expect(copied.status).toBe(200);
  });
});

describe('rows that are read later in the name of the platform', () => {
  test.each([
    ['of a run', (w: World) => `runs:/${w.run}/rows.csv`],
    ['of a run, as JSON', (w: World) => JSON.stringify({ kind: 'artifact', uri: `runs:/${w.run}/rows.csv` })],
    ['of a place', (w: World) => `mlflow-artifacts:/${w.experiment}/${w.run}/artifacts/rows.csv`],
    [
      'of predictions',
      (w: World) =>
        JSON.stringify({ kind: 'blob', uri: `predictions/default/${w.endpoint}/parts/x.parquet` }),
    ],
    ['of batch inputs', (w: World) => JSON.stringify({ kind: 'blob', uri: `batch-input/${w.input}` })],
    [
      'of artifacts as blobs',
      (w: World) =>
        JSON.stringify({
          kind: 'blob',
          uri: `artifacts/default/${w.experiment}/${w.run}/artifacts/rows.csv`,
        }),
    ],
  ])('are named by a tag only by who may see them: %s', async (_, value) => {
    const set = (w: World, key: string) =>
      maker('POST', `${mlflow}/model-versions/set-tag`, {
        name: own.model,
        version: '1',
        key,
        value: value(w),
      });
    expect((await set(hidden, 'cairn.reference')).status).toBe(403);
    expect((await set(hidden, 'cairn.evaluation')).status).toBe(403);
    expect((await set(own, 'cairn.reference')).status).toBe(200);
    expect((await set(hidden, 'note')).status).toBe(200);
  });

  test('are named by a policy only by who may see them', async () => {
    const put = (w: World) =>
      maker('PUT', `/api/v1/models/${own.model}/policy`, {
        aliases: ['judged'],
        gates: [
          { gate: 'no-regression', metric: 'accuracy', evaluation: { uri: `runs:/${w.run}/rows.csv` } },
        ],
      });
    expect((await put(hidden)).status).toBe(403);
    expect((await put(own)).status).toBe(200);
  });

  test('are scored by an endpoint only from a folder that the caller may see', async () => {
    const submit = (input: string) => maker('POST', '/api/v1/batch-jobs', { endpoint: own.endpoint, input });
    expect((await submit(hidden.input)).status).toBe(404);
    expect((await submit(own.input)).status).toBe(200);
  });
});

describe('a monitor', () => {
  test('retrains a model only where whoever says so may change that model', async () => {
    const watcher = server.as(await server.person('wes'));
    await rule(server, 'wes', 'operator', { resource: { type: 'endpoint', id: own.endpoint } });
    const changed = await watcher('PUT', `/api/v1/monitors/${own.monitor}`, { min_rows: 50 });
    expect(changed.status).toBe(200);
    const retraining = { executor: 'any', alias: 'champion' };
    const refused = await watcher('PUT', `/api/v1/monitors/${own.monitor}`, { retraining });
    expect(refused.status).toBe(403);
    const allowed = await maker('PUT', `/api/v1/monitors/${own.monitor}`, { retraining });
    expect(allowed).toMatchObject({ status: 400, body: { field: 'retraining.executor' } });
  });
});

describe('what was made of what the caller may not see', () => {
  let reader: Caller;
  beforeAll(async () => {
    reader = server.as(await server.person('rae', 'viewer'));
    await rule(server, 'rae', 'deny', { resource: { type: 'experiment', id: own.experiment } });
  });

  test('is shown without the run that made it', async () => {
    const shown = await reader('GET', `/api/v1/models/${own.model}/versions/1`);
    expect(shown).toMatchObject({ status: 200, body: { run: null, name: own.model } });
    const card = await reader('GET', `/api/v1/models/${own.model}/versions/1/card?format=json`);
    expect(card.body['run']).toBeNull();
    expect(JSON.stringify(card.body['limits'])).toContain('may not be seen by whoever asked');
    const whole = await root('GET', `/api/v1/models/${own.model}/versions/1/card?format=json`);
    expect(whole.body['run']).toMatchObject({ run_id: own.run });
  });

  test('has a lineage without it, and without what lies behind it', async () => {
    const ask = (caller: Caller) =>
      caller('GET', `/api/v1/lineage?node=${encodeURIComponent(`endpoint:${own.endpoint}`)}&depth=5`);
    const kinds = ({ body }: { body: JsonObject }) =>
      new Set((body['nodes'] as unknown as { kind: string }[]).map(({ kind }) => kind));
    const [all, some] = [await ask(root), await ask(reader)];
    expect(kinds(all)).toContain('run');
    expect(kinds(some)).toContain('version');
    expect(kinds(some)).not.toContain('run');
    expect(JSON.stringify(some.body)).not.toContain(own.run);
    const edges = some.body['edges'] as unknown as { from: string; to: string }[];
    const nodes = new Set((some.body['nodes'] as unknown as { id: string }[]).map(({ id }) => id));
    expect(edges.filter(({ from, to }) => !nodes.has(from) || !nodes.has(to))).toEqual([]);
  });

  test('leads nowhere from the run itself, as from one that is not there', async () => {
    const ask = (run: string) => reader('GET', `/api/v1/lineage?node=run:${run}`);
    expect((await ask(own.run)).status).toBe(404);
    expect((await ask(nowhere(own, 'default').run)).status).toBe(404);
  });

  test('says nothing of an endpoint that the caller may not see, on which it depends', async () => {
    await rule(server, 'con', 'deny', { resource: { type: 'endpoint', id: own.endpoint } });
    const refused = await maker('DELETE', `${mlflow}/registered-models/delete`, { name: own.model });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('an endpoint that you may not see');
    expect(JSON.stringify(refused.body)).not.toContain(`'${own.endpoint}'`);
  });
});

describe('a promotion', () => {
  let asker: Caller;
  let n: number;
  let requester: string;
  let names = 0;
  const approve = (caller: Caller) =>
    caller('POST', `/api/v1/models/${hidden.model}/promotions/${n}/approve`, { comment: 'well' });
  const approver = async (): Promise<[string, Caller]> => {
    const name = `app${++names}`;
    return [name, server.as(await server.person(name, 'approver'))];
  };
  const holder = async () =>
    (await root('GET', `/api/v1/models/${hidden.model}`)).body['aliases']?.['0']?.['version'];

  beforeEach(async () => {
    requester = `ask${++names}`;
    asker = server.as(await server.person(requester, 'contributor'));
    const made = await asker('POST', `${mlflow}/model-versions/create`, {
      name: hidden.model,
      source: `runs:/${hidden.run}/model`,
    });
    await server.drain();
    const asked = await asker('POST', `/api/v1/models/${hidden.model}/promotions`, {
      version: Number(made.body['model_version']?.['version']),
      alias: 'champion',
    });
    await server.drain();
    n = Number(asked.body['number']);
  });

  test('is approved by who holds that role over its very model when they approve, under their ids', async () => {
    const [lowered, low] = await approver();
    await rule(server, lowered, 'viewer', { resource: { type: 'model', id: hidden.modelId } });
    expect((await approve(low)).status).toBe(403);
    const raised = server.as(await server.person(`one${n}`, 'viewer'));
    await rule(server, `one${n}`, 'approver', { resource: { type: 'model', id: hidden.modelId } });
    const [other, second] = await approver();
    expect((await approve(raised)).status).toBe(200);
    expect((await approve(raised)).body['approvals']).toMatchObject([{ by: `one${n}` }]);
    expect((await approve(second)).status).toBe(200);
    await server.drain();
    const after = await root('GET', `/api/v1/models/${hidden.model}/promotions/${n}`);
    expect(after.body).toMatchObject({
      status: 'promoted',
      approvals: [{ by: `one${n}` }, { by: other }],
      requested_by: requester,
      author: requester,
    });
  });

  test('counts an approval whose giver has lost the role since', async () => {
    const [left, first] = await approver();
    expect((await approve(first)).status).toBe(200);
    await rule(server, left, 'deny');
    expect((await approve(first)).status).toBe(403);
    const [, second] = await approver();
    expect((await approve(second)).status).toBe(200);
    await server.drain();
    const after = await root('GET', `/api/v1/models/${hidden.model}/promotions/${n}`);
    expect(after.body).toMatchObject({ status: 'promoted', approvals: [{ by: left }, {}] });
  });

  test.each(['disabled', 'deleted'])('ends unmade where who asked for it was %s meanwhile', async (how) => {
    const [, first] = await approver();
    expect((await approve(first)).status).toBe(200);
    const before = await holder();
    const gone =
      how === 'disabled'
        ? await root('PATCH', `/api/v1/access/principals/${requester}`, { disabled: true, reason: 'left' })
        : await root('DELETE', `/api/v1/access/principals/${requester}`);
    expect(gone.status).toBeLessThan(300);
    const [, second] = await approver();
    expect((await approve(second)).status).toBe(200);
    await server.drain();
    const after = await root('GET', `/api/v1/models/${hidden.model}/promotions/${n}`);
    expect(after.body).toMatchObject({ status: 'cancelled', cancelled_by: 'cairn' });
    expect(await holder()).toBe(before);
  });
});

test('people stand by their ids, with the names that they go by beside them', async () => {
  const id = `entra:${crypto.randomUUID()}/${crypto.randomUUID()}`;
  const made = await root('POST', '/api/v1/access/principals', { id, name: 'Ada Byron' });
  expect(made.status).toBe(201);
  const ctx = { ...server.ctx, principal: { id, name: 'Ada Byron' } };
  const version = await createVersion(ctx, { name: own.model, source: 'https://example.com/m' });
  const told = await root('GET', `/api/v1/models/${own.model}/versions/${version.version}`);
  expect(told.body).toMatchObject({ user_id: id, names: { [id]: 'Ada Byron' } });
});

test('the experiment of a run stands in its id, which is what these refusals go by', () => {
  expect(experimentOfRun(hidden.run)).toBe(hidden.experiment);
});
