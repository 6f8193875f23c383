import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getEndpoint, getStored } from '../../shared/endpoints/index.ts';
import { enqueueDue } from '../../shared/events/index.ts';
import { aliasHolder, getReady, modelByName, moveAlias } from '../../shared/registry/index.ts';
import { advanceRollouts } from '../../shared/rollouts/index.ts';
import { classifier, publish, register } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { at, calls, deploymentOf, eventsOf, lookAfter, minute, rolling, watched } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const champion = async (name: string) => aliasHolder(await modelByName(server.ctx, name), 'champion');
const move = async (name: string, version: number) => {
  await moveAlias(server.ctx, { name, alias: 'champion', version });
  await server.drain();
};

describe('a rollout', () => {
  test('begins when the alias moves, and gives the new version the share of its step', async () => {
    await rolling(server, 'begun');
    expect(await watched(server.ctx, 'begun')).toBe(true);
    const versions = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const response = await server.fetch('/v2/models/begun/infer', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }],
        }),
      });
      const { model_version: version } = (await response.json()) as { model_version: string };
      versions.set(version, (versions.get(version) ?? 0) + 1);
    }
    expect([...versions.keys()].toSorted((a, b) => Number(a) - Number(b))).toEqual(['1', '2']);
    expect(versions.get('2')).toBeGreaterThan(300 * 0.03);
    expect(versions.get('2')).toBeLessThan(300 * 0.2);
  });

  test('goes step by step while nothing speaks against the new version, takes over, and is not looked at any more', async () => {
    const { ctx } = server;
    const first = await rolling(server, 'good');
    await lookAfter(ctx, 'good', first, 1);
    expect((await deploymentOf(ctx, 'good')).rollout).toMatchObject({
      step: 0,
      judged: { verdict: 'waiting', requests: { stable: 0, canary: 0 } },
    });
    await calls(ctx, 'good', first);
    await lookAfter(ctx, 'good', first);
    const { rollout: second } = await deploymentOf(ctx, 'good');
    expect(second).toMatchObject({ id: first.id, step: 1, since: first.since + 5 * minute });
    expect(second?.judged).toMatchObject({ verdict: 'passing', requests: { stable: 400, canary: 400 } });
    await calls(ctx, 'good', second ?? first);
    await lookAfter(ctx, 'good', second ?? first);
    const done = await deploymentOf(ctx, 'good');
    expect(done.rollout).toBeUndefined();
    expect(done.stable?.version).toBe(2);
    expect(done.lastRollout).toMatchObject({ id: first.id, outcome: 'finished', step: 1 });
    expect(await watched(ctx, 'good')).toBe(false);
    expect((await eventsOf(ctx, await getEndpoint(ctx, 'good'))).slice(-3)).toEqual([
      'rollout.started',
      'rollout.advanced',
      'rollout.finished',
    ]);
    expect(await champion('good')).toBe(2);
  });

  test('to a worse version gives its calls back at once, then the alias, and tells why', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'bad');
    await calls(ctx, 'bad', rollout, { failing: 50 }, 1);
    await lookAfter(ctx, 'bad', rollout, 2);
    const broken = await deploymentOf(ctx, 'bad');
    const shown = (await server.call('GET', '/api/v1/endpoints/bad')).body;
    expect(shown['deployments']).toMatchObject([
      {
        last_rollout: {
          judged: {
            verdict: 'breached',
            guards: [
              { guard: 'errors', breached: true, evidence: expect.any(Number), evidence_limit: 800 },
              { guard: 'latency', breached: false, evidence_limit: 800 },
              { guard: 'non-finite', breached: false, evidence_limit: 800 },
              { guard: 'scores', breached: false, evidence_limit: 800 },
            ],
          },
        },
      },
    ]);
    expect(broken.rollout).toBeUndefined();
    expect(broken.stable?.version).toBe(1);
    expect(broken.lastRollout).toMatchObject({
      outcome: 'rolled-back',
      reason:
        'Step 1 of 2 (10 %): 33.3 % of the calls of version 2 fail, against 0 % of those of version 1; as much is allowed.',
    });
    expect(await champion('bad')).toBe(1);
    expect(server.logged.join('\n')).toMatch(/rollout broken off .*"endpoint":"bad"/);
    await server.drain();
    // The alias is back where the endpoint is: nothing begins anew.
    expect((await deploymentOf(ctx, 'bad')).rollout).toBeUndefined();
    expect(await watched(ctx, 'bad')).toBe(false);
  });

  test('that was broken off begins again only when somebody gives the version the alias anew', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'again');
    await calls(ctx, 'again', rollout, { failing: 50 }, 1);
    await lookAfter(ctx, 'again', rollout, 0.5);
    await lookAfter(ctx, 'again', rollout, 2);
    await server.drain();
    const before = await getEndpoint(ctx, 'again');
    const { lastRollout } = await deploymentOf(ctx, 'again');
    // The look was in the future, as its clock has it.
    const later = at(ctx, (lastRollout?.endedAt ?? 0) + minute);
    await moveAlias(later, { name: 'again', alias: 'champion', version: 2 });
    await server.drain();
    const { rollout: next } = await deploymentOf(ctx, 'again');
    expect(next).toMatchObject({ to: { version: 2 }, step: 0 });
    expect(next?.id).not.toBe(rollout.id);
    expect((await getEndpoint(ctx, 'again')).seq).toBe(before.seq + 1);
  });

  test('undoes nothing that somebody has done to the alias meanwhile', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'meddled');
    await register(ctx, 'meddled', classifier(2));
    await server.drain();
    await calls(ctx, 'meddled', rollout, { failing: 50 }, 1);
    // Moved, and the endpoint has not been told yet.
    await moveAlias(ctx, { name: 'meddled', alias: 'champion', version: 3 });
    await lookAfter(ctx, 'meddled', rollout, 2);
    expect(await champion('meddled')).toBe(3);
    await server.drain();
    expect((await deploymentOf(ctx, 'meddled')).rollout?.to.version).toBe(3);
    expect(await watched(ctx, 'meddled')).toBe(true);
  });

  test('is superseded by the next move, and ended by a move back', async () => {
    const { ctx } = server;
    const first = await rolling(server, 'moved');
    await publish(server, 'moved', classifier(2));
    const { rollout, lastRollout } = await deploymentOf(ctx, 'moved');
    expect(rollout).toMatchObject({ from: { version: 1 }, to: { version: 3 }, step: 0 });
    expect(lastRollout).toMatchObject({ id: first.id, outcome: 'superseded' });
    // A look for the one before comes late.
    await lookAfter(ctx, 'moved', first);
    expect((await deploymentOf(ctx, 'moved')).rollout?.id).toBe(rollout?.id);
    await move('moved', 1);
    const back = await deploymentOf(ctx, 'moved');
    expect(back.rollout).toBeUndefined();
    expect(back).toMatchObject({ stable: { version: 1 }, lastRollout: { outcome: 'superseded' } });
    await lookAfter(ctx, 'moved', first, 60);
    expect(await watched(ctx, 'moved')).toBe(false);
  });

  test('takes one step, ends once and gives the alias back once, however many look at it at once', async () => {
    const alerts: string[] = [];
    const ctx = {
      ...server.ctx,
      log: { ...server.ctx.log, error: (text: string) => void alerts.push(text) },
    };
    const first = await rolling(server, 'raced');
    await calls(ctx, 'raced', first);
    const looks = (of: typeof first) =>
      Promise.all(Array.from({ length: 6 }, (_, i) => lookAfter(ctx, 'raced', of, 5 + i / 100)));
    await looks(first);
    const { rollout: second = first } = await deploymentOf(ctx, 'raced');
    expect(second.step).toBe(1);
    await calls(ctx, 'raced', second, { failing: 100 });
    await looks(second);
    await server.drain();
    await looks(second);
    expect(alerts).toEqual(['rollout broken off']);
    expect((await eventsOf(ctx, await getEndpoint(ctx, 'raced'))).slice(-3)).toEqual([
      'rollout.started',
      'rollout.advanced',
      'rollout.rolled-back',
    ]);
    const { aliases, seq } = await modelByName(ctx, 'raced');
    expect(aliases['champion']).toBe(1);
    await looks(second);
    expect((await modelByName(ctx, 'raced')).seq).toBe(seq);
  });

  test('to a version that does not load is broken off with the reason', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'spoilt');
    const { modelId } = await modelByName(ctx, 'spoilt');
    // No other version is served by these bytes.
    await publish(server, 'spoilt', classifier(0.987_654));
    const { served } = await getReady(ctx, modelId, 3);
    await ctx.stores.blobs('models').remove(served.blob);
    await lookAfter(ctx, 'spoilt', rollout, 1);
    const { lastRollout, stable } = await deploymentOf(ctx, 'spoilt');
    expect(lastRollout).toMatchObject({ to: { version: 3 }, outcome: 'rolled-back' });
    expect(lastRollout?.reason).toMatch(/^Version 3 cannot answer: /);
    expect(stable?.version).toBe(1);
    expect(await champion('spoilt')).toBe(2);
  });

  test('is looked at by the timer, by way of the queue, and what is found is told once', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'timed');
    const { doc, etag } = await getStored(ctx, 'timed');
    await enqueueDue(at(ctx, rollout.since + 2 * minute));
    await server.drain();
    const judged = await getStored(ctx, 'timed');
    expect(judged.etag).not.toBe(etag);
    expect((await deploymentOf(ctx, 'timed')).rollout?.judged?.verdict).toBe('waiting');
    // A look is no event, and one that finds the same is no write.
    await enqueueDue(at(ctx, rollout.since + 4 * minute));
    await server.drain();
    expect(await getStored(ctx, 'timed')).toMatchObject({ etag: judged.etag, doc: { seq: doc.seq } });
    const shown = await server.call('GET', '/api/v1/endpoints/timed');
    expect(shown.body['deployments']).toMatchObject([
      {
        rollout: { percent: 10, step: 0, judged: { verdict: 'waiting', requests: { stable: 0, canary: 0 } } },
      },
    ]);
  });

  test('is not made back to the version that people take an alias back to: it answers alone at once', async () => {
    const first = await rolling(server, 'regretted');
    const back = () =>
      server.call('POST', '/api/v1/models/regretted/aliases/champion/rollback', { reason: 'complaints' });
    const finish = '/api/v1/endpoints/regretted/deployments/main/rollout/finish';
    expect((await server.call('POST', finish, { reason: 'a test' })).status).toBe(200);
    expect((await deploymentOf(server.ctx, 'regretted')).stable?.version).toBe(2);
    expect((await back()).body).toMatchObject({ from: 2, to: 1 });
    await server.drain();
    const after = await deploymentOf(server.ctx, 'regretted');
    expect(after).toMatchObject({
      stable: { version: 1 },
      lastRollout: { id: first.id, outcome: 'finished' },
    });
    expect(after.rollout).toBeUndefined();
    await move('regretted', 2);
    expect((await deploymentOf(server.ctx, 'regretted')).rollout).toMatchObject({ to: { version: 2 } });
  });

  test('leaves the etag of what people change as it is while it begins, is judged, goes on and ends', async () => {
    const { ctx } = server;
    const read = async () => {
      const response = await server.fetch('/api/v1/endpoints/steady');
      return response.headers.get('etag') ?? '';
    };
    const change = async (rows: number, ifMatch: string) => {
      const response = await server.fetch('/api/v1/endpoints/steady', {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', 'if-match': ifMatch },
        body: JSON.stringify({ limits: { rows_max: rows } }),
      });
      return response.status;
    };
    const first = await rolling(server, 'steady');
    const etag = await read();
    await lookAfter(ctx, 'steady', first, 1);
    expect((await deploymentOf(ctx, 'steady')).rollout?.judged).toBeDefined();
    expect(await read()).toBe(etag);
    expect(await change(7, etag)).toBe(200);
    expect(await change(8, etag)).toBe(409);
    const changed = await read();
    await calls(ctx, 'steady', first);
    await lookAfter(ctx, 'steady', first);
    const { rollout: second = first } = await deploymentOf(ctx, 'steady');
    expect(second.step).toBe(1);
    expect(await read()).toBe(changed);
    await calls(ctx, 'steady', second);
    await lookAfter(ctx, 'steady', second);
    expect((await deploymentOf(ctx, 'steady')).stable?.version).toBe(2);
    expect(await read()).toBe(changed);
    expect(await change(8, changed)).toBe(200);
    const policy = { purpose: 'tests', retention_days: 30 };
    await server.call('PUT', '/api/v1/endpoints/steady/data-policy', policy);
    expect(await change(9, changed)).toBe(409);
  });

  test('goes with its deployment, and the alias stays where it is', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'removed');
    await publish(server, 'spare', classifier());
    const spare = { name: 'spare', model: 'spare', alias: 'champion' };
    const change = { deployments: [spare], traffic: { spare: 100 } };
    const { status, body } = await server.call('PATCH', '/api/v1/endpoints/removed', change);
    expect(status).toBe(200);
    expect(body['deployments']).toMatchObject([{ name: 'spare', rollout: null, last_rollout: null }]);
    await calls(ctx, 'removed', rollout, { failing: 50 }, 1);
    await lookAfter(ctx, 'removed', rollout, 2);
    await server.drain();
    expect(await watched(ctx, 'removed')).toBe(false);
    expect(await champion('removed')).toBe(2);
    expect((await deploymentOf(ctx, 'removed')).name).toBe('spare');
    // By the same name it is another one, which begins with the version that the alias holds.
    const main = { name: 'main', model: 'removed', alias: 'champion' };
    const again = await server.call('PATCH', '/api/v1/endpoints/removed', { deployments: [spare, main] });
    expect(again.body['deployments']).toMatchObject([{}, { stable: { version: 2 }, rollout: null }]);
  });

  test('of an endpoint that is gone is looked at no more', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'gone');
    await server.call('DELETE', '/api/v1/endpoints/gone');
    await lookAfter(ctx, 'gone', rollout);
    expect(await watched(ctx, 'gone')).toBe(false);
    await advanceRollouts(ctx, { endpoint: 'never-was' });
  });
});

describe('people', () => {
  const end = (
    name: string,
    how: string,
    body: unknown = { reason: 'we know better' },
    deployment = 'main',
  ) => server.call('POST', `/api/v1/endpoints/${name}/deployments/${deployment}/rollout/${how}`, body);

  test('finish a rollout at once', async () => {
    await rolling(server, 'finished');
    const { status, body } = await end('finished', 'finish');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      stable: { version: 2 },
      deployments: [
        { rollout: null, last_rollout: { outcome: 'finished', reason: 'we know better' }, waiting_for: null },
      ],
    });
    expect((await server.call('GET', '/api/v1/endpoints/finished')).body).toEqual(body);
    expect(await end('finished', 'finish')).toMatchObject({ status: 409, body: { field: 'deployment' } });
  });

  test('stop a rollout, which leaves the alias where it is and begins no other', async () => {
    const { ctx } = server;
    const rollout = await rolling(server, 'stopped');
    const ended = await end('stopped', 'stop');
    expect(ended).toMatchObject({
      status: 200,
      body: { stable: { version: 1 }, deployments: [{ last_rollout: { outcome: 'stopped' } }] },
    });
    expect((await server.call('GET', '/api/v1/endpoints/stopped')).body).toEqual(ended.body);
    await server.drain();
    await lookAfter(ctx, 'stopped', rollout);
    expect(await champion('stopped')).toBe(2);
    expect((await deploymentOf(ctx, 'stopped')).rollout).toBeUndefined();
    // What is told late changes nothing, a later version is another matter.
    await move('stopped', 2);
    expect((await deploymentOf(ctx, 'stopped')).rollout).toBeUndefined();
    await publish(server, 'stopped', classifier(2));
    expect((await deploymentOf(ctx, 'stopped')).rollout?.to.version).toBe(3);
  });

  test('say why, of a rollout that there is', async () => {
    await rolling(server, 'asked');
    for (const body of [{}, { reason: '' }, { reason: ' ' }, { reason: 7 }, { reason: 'x'.repeat(2001) }])
      expect(await end('asked', 'stop', body)).toMatchObject({ status: 400, body: { field: 'reason' } });
    expect(await end('asked', 'stop', { reason: 'r', more: 1 })).toMatchObject({ status: 400 });
    expect(await end('asked', 'stop', undefined, 'other')).toMatchObject({ status: 404 });
    expect(await end('nobody', 'stop')).toMatchObject({ status: 404 });
    expect(await end('asked', 'pause')).toMatchObject({ status: 404 });
    expect((await deploymentOf(server.ctx, 'asked')).rollout).toBeDefined();
  });
});
