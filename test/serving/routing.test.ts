import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getEndpoint } from '../../shared/endpoints/index.ts';
import { CairnError } from '../../shared/http/index.ts';
import { flushPredictions, readPredictions } from '../../shared/predictions/index.ts';
import { type Caller, choose, liveOf, predict, type Target, targetOf } from '../../shared/serving/index.ts';
import { flushSummaries, readSummaries, requestsOf } from '../../shared/summaries/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { classifier, publish } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await publish(server, 'blue', classifier());
  await publish(server, 'green', classifier(1));
});
afterAll(() => server.close());

const hour = 3_600_000;
const inputs = { input: { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } } as const;

async function create(name: string, more: Record<string, unknown>): Promise<void> {
  const deployments = ['blue', 'green'].map((model) => ({ name: model, model, alias: 'champion' }));
  const { status, body } = await server.call('POST', '/api/v1/endpoints', { name, deployments, ...more });
  if (status !== 201) throw new Error(JSON.stringify(body));
}

const chosen = async (name: string, caller: Caller = {}): Promise<Target> =>
  choose(server.ctx, await liveOf(server.ctx, name), caller) as Target;

const counts = async (endpoint: string) => {
  await flushSummaries(server.ctx.stores);
  const now = Date.now();
  return readSummaries(server.ctx, endpoint, now - hour, now + hour);
};

describe('calls', () => {
  test('are shared out as the endpoint says, whatever order it says it in, and callers stay when a share grows', async () => {
    await create('shared', { traffic: { blue: 90, green: 10 } });
    const live = await liveOf(server.ctx, 'shared');
    const green = (traffic: Record<string, number>) => {
      const changed = { ...live, endpoint: { ...live.endpoint, traffic } };
      const keys = Array.from({ length: 20_000 }, (_, i) => `caller-${i}`);
      return new Set(keys.filter((key) => choose(server.ctx, changed, { key }).deployment.name === 'green'));
    };
    const [at10, turned, at25] = [
      green({ blue: 90, green: 10 }),
      green({ green: 10, blue: 90 }),
      green({ green: 25, blue: 75 }),
    ];
    expect(Math.abs(at10.size / 20_000 - 0.1)).toBeLessThan(0.009);
    expect(turned).toEqual(at10);
    expect([...at10].filter((key) => !at25.has(key))).toEqual([]);
    expect(Math.abs(at25.size / 20_000 - 0.25)).toBeLessThan(0.013);
  });

  test('go where they are asked to by name or version, and are refused where that is not', async () => {
    await create('named', { traffic: { blue: 100, green: 0 } });
    expect((await chosen('named')).deployment.name).toBe('blue');
    expect((await chosen('named', { deployment: 'green' })).deployment.name).toBe('green');
    await expect(chosen('named', { deployment: 'red' })).rejects.toThrow(
      "Endpoint 'named' has no deployment 'red'; it has blue, green.",
    );
    expect((await chosen('named', { version: '1' })).deployment.name).toBe('blue');
    await expect(chosen('named', { version: '9' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(chosen('named', { version: '01' })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('that name one of the two versions of a rollout are counted apart from those that were drawn', async () => {
    await create('tipped', { traffic: { blue: 100 } });
    const live = await liveOf(server.ctx, 'tipped');
    const blue = live.deployments.get('blue');
    if (blue === undefined || blue instanceof CairnError || blue.kind !== 'loaded')
      throw new Error('not loaded');
    const canary = { ...blue.stable, ready: { ...blue.stable.ready, version: 2 } };
    const rolling = { ...live, deployments: new Map([['blue', { ...blue, canary }]]) };
    const asked = (version: string) => choose(server.ctx, rolling, { version }) as Target;
    expect([asked('1'), asked('2')].map(({ variant, model }) => [variant, model.ready.version])).toEqual([
      ['asked', 1],
      ['asked', 2],
    ]);
    expect((choose(server.ctx, live, { version: '1' }) as Target).variant).toBe('stable');
    await predict(server.ctx, asked('2'), inputs);
    expect(await counts('tipped')).toMatchObject([{ variant: 'asked', version: 2, calls: { '2xx': 1 } }]);
  });
});

describe('what an instance has loaded', () => {
  test('is loaded anew for other settings, and for another model of the same version and bytes', async () => {
    await publish(server, 'twin', classifier());
    await create('settled', {});
    let now = Date.now();
    const ctx = { ...server.ctx, clock: { now: () => now } };
    const blue = async () => (await targetOf(ctx, 'settled', { deployment: 'blue' })).model;
    const patched = async (change: Record<string, unknown>, milliseconds = 11_000) => {
      const deployments = [
        { name: 'blue', model: 'blue', alias: 'champion', ...change },
        { name: 'green', model: 'green', alias: 'champion' },
      ];
      const { status } = await server.call('PATCH', '/api/v1/endpoints/settled', { deployments });
      expect(status).toBe(200);
      now += milliseconds;
    };
    const first = await blue();
    now += 11_000;
    const isAsked = (model: Target['model'], by: Target['model']) => Object.is(model['run'], by['run']);
    expect(isAsked(await blue(), first)).toBe(true);
    await patched({ settings: { execution: 'worker' } });
    const second = await blue();
    expect(isAsked(second, first)).toBe(false);
    await patched({ model: 'twin' });
    const third = await blue();
    expect(third.ready.modelId).not.toBe(second.ready.modelId);
    expect(third.ready).toMatchObject({ version: 1, digest: second.ready.digest });
    // Of a clock that is set back nobody waits until it is again as late as it was.
    await patched({}, -3_600_000);
    expect((await blue()).ready.modelId).toBe(first.ready.modelId);
  });
});

describe('mirrors', () => {
  test('get copies of calls that name no deployment, and their answers are logged and counted under their name', async () => {
    await create('mirrored', { traffic: { blue: 100 }, mirror: { green: 50 } });
    for (let i = 0; i < 200; i++) await predict(server.ctx, await chosen('mirrored'), inputs);
    for (let i = 0; i < 20; i++) {
      expect((await chosen('mirrored', { deployment: 'blue' })).mirrors).toBeUndefined();
      expect((await chosen('mirrored', { version: '1' })).mirrors).toBeUndefined();
    }
    await expect
      .poll(async () => (await counts('mirrored')).map(({ variant }) => variant))
      .toEqual(expect.arrayContaining(['stable', 'mirror']));
    const found = await counts('mirrored');
    const of = (variant: string) =>
      found
        .filter((each) => each.variant === variant)
        .reduce((sum, each) => sum + requestsOf(each) + each.dropped, 0);
    expect(of('stable')).toBe(200);
    expect(of('mirror')).toBeGreaterThan(60);
    expect(of('mirror')).toBeLessThan(140);
    await flushPredictions(server.ctx.stores);
    const range = { endpoint: 'mirrored', from: Date.now() - hour, to: Date.now() + hour };
    const logged = async (withMirrors: boolean) => {
      const parts = new Set<string>();
      for await (const part of readPredictions(server.ctx, { ...range, withMirrors }))
        parts.add(`${part.column('deployment')[0]} ${part.column('source')[0]}`);
      return [...parts].toSorted();
    };
    expect(await logged(true)).toEqual(['blue realtime', 'green mirror']);
    // Calls are those of callers.
    expect(await logged(false)).toEqual(['blue realtime']);
  });

  test('slow nobody down and fail nobody: what they cannot keep up with is dropped, and counted', async () => {
    await create('slow', { traffic: { blue: 100 }, mirror: { green: 50 } });
    const target = await chosen('slow', { deployment: 'blue' });
    const green = await chosen('slow', { deployment: 'green' });
    let release: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    const mirror: Target = {
      ...green,
      variant: 'mirror',
      model: {
        ...green.model,
        run: async () => {
          await stuck;
          throw new CairnError('internal', 'It failed.');
        },
      },
    };
    for (let i = 0; i < 100; i++) {
      const { rows } = await predict(server.ctx, { ...target, mirrors: [mirror] }, inputs);
      expect(rows).toBe(1);
      await turn();
    }
    release();
    const failed = async () =>
      (await counts('slow'))
        .filter(({ variant }) => variant === 'mirror')
        .reduce(
          (sum, { calls, dropped }) => ({ calls: sum.calls + calls['500'], dropped: sum.dropped + dropped }),
          {
            calls: 0,
            dropped: 0,
          },
        );
    // One is being asked, 64 wait.
    await expect.poll(failed).toEqual({ calls: 65, dropped: 35 });
  });

  test('that take other inputs are not asked, and count it as a mistake', async () => {
    const target = await chosen('slow', { deployment: 'blue' });
    const green = await chosen('slow', { deployment: 'green' });
    const other = { ...green.model, inputs: [{ name: 'x', type: 'float32', shape: ['n', 3] }] as const };
    const mirror: Target = {
      ...green,
      endpoint: await getEndpoint(server.ctx, 'mirrored'),
      variant: 'mirror',
      model: other,
    };
    await predict(server.ctx, { ...target, mirrors: [mirror] }, inputs);
    await expect
      .poll(async () => (await counts('mirrored')).reduce((sum, { calls }) => sum + calls['4xx'], 0))
      .toBe(1);
  });

  test('answer nobody by themselves', async () => {
    await create('quiet', { traffic: { blue: 100 }, mirror: { green: 50 } });
    for (let i = 0; i < 50; i++) expect((await targetOf(server.ctx, 'quiet')).deployment.name).toBe('blue');
  });
});
