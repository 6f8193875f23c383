import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { surfaces } from '../../functions/http/surfaces.ts';
import { inTurns } from '../../shared/turns.ts';
import { rule, workspace } from './grants.ts';
import { namingNothing, type Sample, samples } from './samples.ts';
import { type Caller, type GuardedServer, guardedServer } from './support.ts';
import { makeWorld, nowhere, secret, snapshot, type World } from './world.ts';
import { eventually } from '../support/eventually.ts';

/** Surfaces whose routes are about models, endpoints and what belongs to them. */
const looked = [
  'registry',
  'models',
  'webhooks',
  'webhook deliveries',
  'lineage',
  'endpoints',
  'feedback',
  'invocations',
  'open-inference',
  'batch',
  'monitoring',
  'pipelines',
];
const atOnce = 32;
const lists = [
  '/api/2.0/mlflow/registered-models/search',
  '/api/2.0/mlflow/model-versions/search',
  '/api/v1/endpoints',
  '/api/v1/monitors',
  '/api/v1/batch-jobs',
  '/api/v1/retraining-jobs',
];

let server: GuardedServer;
/** In workspace `team-a`, and in `default`. */
let theirs: World;
let hidden: World;
/** What somebody else works with in `default`, who is to see just this. */
let shown: World;
/** An admin of `team-b` and nothing else, in the name of `team-b`. */
let stranger: Caller;
let strangerInTeamA: Caller;
/** An admin of `default` to whom all of `hidden` is denied. */
let denied: Caller;
/** A viewer of one model in `default`, and nothing else. */
let guest: Caller;

beforeAll(async () => {
  server = await guardedServer();
  const { ctx, adminToken } = server;
  await workspace(server, 'team-a');
  await workspace(server, 'team-b');
  const root = (name: string) => server.as(`Bearer ${adminToken}`, { 'x-mlflow-workspace': name });
  theirs = await makeWorld(server, { ...ctx, workspace: 'team-a' }, root('team-a'), 'alpha');
  hidden = await makeWorld(server, ctx, root('default'), 'omega');
  shown = await makeWorld(server, ctx, root('default'), 'delta');
  const ofTeamB = await server.person('bob', 'admin', 'team-b');
  stranger = server.as(ofTeamB, { 'x-mlflow-workspace': 'team-b' });
  strangerInTeamA = server.as(ofTeamB, { 'x-mlflow-workspace': 'team-a' });
  denied = server.as(await server.person('dan', 'admin'));
  for (const resource of [
    { type: 'experiment', id: hidden.experiment },
    { type: 'model', id: hidden.modelId },
    { type: 'endpoint', id: hidden.endpoint },
  ] as const)
    await rule(server, 'dan', 'deny', { resource });
  guest = server.as(await server.person('eve'));
  await rule(server, 'eve', 'viewer', { resource: { type: 'model', id: shown.modelId } });
}, 120_000);
afterAll(() => server.close());

type Told = { readonly status: number; readonly text: string };

async function told(caller: Caller, key: string, { path, body }: Sample): Promise<Told> {
  const [method = ''] = key.split(' ');
  const answer = await caller(method, path, body);
  const { requestId, ...said } = answer.body;
  return { status: answer.status, text: JSON.stringify(said) };
}

/** It answers by what was asked for: nothing will be written of what is not there. */
const takesAnything = 'POST recordLineage';

/** An answer with what the caller named themselves taken out of it. */
function unnamed({ status, text }: Told, world: World): Told {
  const names = Object.entries(world)
    .filter(([, value]) => value.length > 3 && value !== world.alias)
    .toSorted(([, a], [, b]) => b.length - a.length);
  return { status, text: names.reduce((left, [name, value]) => left.replaceAll(value, `<${name}>`), text) };
}

/** The calls by which a caller learned or changed something of a world that is not told of where nothing is. */
async function differences(
  caller: Caller,
  world: World,
  where: string,
  tried: (key: string) => boolean = () => true,
): Promise<unknown[]> {
  const absent = nowhere(world, where);
  // Many at once: a refusal is answered when it stands in the audit log, which is written in batches.
  const found = await inTurns(
    Object.entries(samples).filter(([key]) => tried(key)),
    atOnce,
    async ([key, sample]) => {
      const [toWorld, toNothing] = await Promise.all([
        told(caller, key, sample(world)).then((each) => unnamed(each, world)),
        told(caller, key, sample(absent)).then((each) => unnamed(each, absent)),
      ]);
      const isSame = toWorld.status === toNothing.status && toWorld.text === toNothing.text;
      const isTaken = toWorld.status < 400 && key !== takesAnything;
      return !isSame || isTaken || toWorld.text.includes(secret) ? [{ key, toWorld, toNothing }] : [];
    },
  );
  return found.flat();
}

describe('the samples of routes', () => {
  test('stand for every route of these surfaces', () => {
    const routes = surfaces
      .filter(({ name }) => looked.includes(name))
      .flatMap(({ routes: all }) => all.map(({ method, operation }) => `${method} ${operation}`));
    const known = new Set([...Object.keys(samples), ...namingNothing]);
    expect(routes.filter((key) => !known.has(key))).toEqual([]);
  });

  test('reach what they name where the caller may: they are answered otherwise than for nothing', async () => {
    const root = server.as(`Bearer ${server.adminToken}`);
    const absent = nowhere(shown, 'default');
    const alike: unknown[] = [];
    for (const [key, sample] of Object.entries(samples)) {
      // What changes the thing for those that follow; what has no JSON; what says as little of things without facets.
      if (
        /^(DELETE|PATCH)|rename|transition|cancel|ping|Health|endpointVersion|Facets|recordLineage/.test(key)
      )
        continue;
      const toShown = unnamed(await told(root, key, sample(shown)), shown);
      const toNothing = unnamed(await told(root, key, sample(absent)), absent);
      if (toShown.status === toNothing.status && toShown.text === toNothing.text)
        alike.push({ key, toShown });
    }
    expect(alike).toEqual([]);
  });
});

describe('ids of another workspace', () => {
  test('find nothing, change nothing, and are answered as ids of nothing', async () => {
    const before = await snapshot(server);
    expect(await differences(stranger, theirs, 'team-a')).toEqual([]);
    const after = await snapshot(server);
    expect([...before].filter(([key, doc]) => after.get(key) !== doc)).toEqual([]);
  });

  test('are nothing either to who names the workspace, in which they hold no role', async () => {
    const before = await snapshot(server);
    expect(await differences(strangerInTeamA, theirs, 'team-a')).toEqual([]);
    const after = await snapshot(server);
    expect([...before].filter(([key, doc]) => after.get(key) !== doc)).toEqual([]);
  });

  test('are in no list', async () => {
    for (const path of lists) {
      const { status, body } = await stranger('GET', path);
      expect([path, status, JSON.stringify(body).includes(secret)]).toEqual([path, 200, false]);
    }
  });
});

describe('what is denied to a caller', () => {
  test('is answered as what is not there, and stays as it is', async () => {
    const before = await snapshot(server);
    expect(await differences(denied, hidden, 'default', (key) => !/webhook/i.test(key))).toEqual([]);
    const after = await snapshot(server);
    expect([...before].filter(([key, doc]) => after.get(key) !== doc)).toEqual([]);
  });

  test('is not told of by webhooks, which the caller may neither make nor look into', async () => {
    for (const [key, sample] of Object.entries(samples).filter(([each]) =>
      /deliver|PATCH webhooks/.test(each),
    ))
      expect([key, await told(denied, key, sample(hidden))]).toMatchObject([key, { status: 403 }]);
    const made = await denied('POST', '/api/2.0/mlflow/webhooks', {
      name: 'ear',
      url: 'https://example.com/ear',
      events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
    });
    expect(made.status).toBe(403);
  });

  test('is in no list, while all else is', async () => {
    for (const path of lists) {
      const text = await eventually(async () => {
        const { body } = await denied('GET', path);
        expect(JSON.stringify(body)).toContain('delta');
        return JSON.stringify(body);
      });
      expect([path, text.includes(hidden.model), text.includes('omega')]).toEqual([path, false, false]);
    }
  });
});

describe('who holds a role on one model only', () => {
  test('is answered the same for every other thing, be it there or not', async () => {
    const before = await snapshot(server);
    expect(await differences(guest, hidden, 'default')).toEqual([]);
    const after = await snapshot(server);
    expect([...before].filter(([key, doc]) => after.get(key) !== doc)).toEqual([]);
  });

  test('finds this one in searches, and nothing in other lists', async () => {
    const search = await guest('GET', '/api/2.0/mlflow/registered-models/search');
    expect(JSON.stringify(search.body)).toContain(shown.model);
    expect(JSON.stringify(search.body)).not.toContain('omega');
    expect((await guest('GET', '/api/v1/endpoints')).status).toBe(403);
  });
});
