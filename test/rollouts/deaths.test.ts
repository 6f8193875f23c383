import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { follow, getEndpoint } from '../../shared/endpoints/index.ts';
import { aliasHolder, modelByName, moveAlias } from '../../shared/registry/index.ts';
import { classifier, publish, register } from '../serving/support.ts';
import { dyingAfter } from '../support/dying.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { calls, deploymentOf, eventsOf, lookAfter, policy, rolling, watched } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

/** For one death after the other, on a machine that others use as well. */
const deathsMilliseconds = 180_000;
const mortal = ['endpoints', 'models', 'jobs'] as const;

/** Does something in a process that dies before its first write, its second, and so on until it gets through. */
async function atEveryDeath(
  prepare: (name: string) => Promise<void>,
  live: (ctx: typeof server.ctx, name: string) => Promise<unknown>,
  check: (name: string) => Promise<void>,
  prefix: string,
): Promise<number> {
  for (let writes = 0; ; writes++) {
    const name = `${prefix}-${writes}`;
    await prepare(name);
    const { dying, died } = dyingAfter(server.ctx, writes, mortal);
    await live(dying, name).catch(() => undefined);
    await check(name);
    if (!died()) return writes;
  }
}

describe('a process that dies between any two writes', () => {
  test(
    'while a rollout begins leaves none, or one that the timer looks at',
    async () => {
      const { ctx } = server;
      const deaths = await atEveryDeath(
        async (name) => {
          await publish(server, name, classifier());
          await server.call('POST', '/api/v1/endpoints', {
            name,
            model: name,
            alias: 'champion',
            rollout: policy,
          });
          await server.drain();
          await register(ctx, name, classifier(1));
          await server.drain();
          await moveAlias(ctx, { name, alias: 'champion', version: 2 });
        },
        (dying, name) => follow(dying, name),
        async (name) => {
          const { rollout } = await deploymentOf(ctx, name);
          expect(rollout === undefined || (await watched(ctx, name))).toBe(true);
          await server.drain();
          expect((await deploymentOf(ctx, name)).rollout?.to.version).toBe(2);
          expect(await watched(ctx, name)).toBe(true);
        },
        'beginning',
      );
      expect(deaths).toBeGreaterThanOrEqual(2);
    },
    deathsMilliseconds,
  );

  test(
    'while a rollout goes on a step leaves it at one step or the next, never further',
    async () => {
      const { ctx } = server;
      const deaths = await atEveryDeath(
        async (name) => calls(ctx, name, await rolling(server, name)),
        async (dying, name) => {
          const { rollout } = await deploymentOf(ctx, name);
          await lookAfter(dying, name, rollout ?? (await rolling(server, name)));
        },
        async (name) => {
          const { rollout } = await deploymentOf(ctx, name);
          expect([0, 1]).toContain(rollout?.step);
          expect(await watched(ctx, name)).toBe(true);
          const { startedAt = 0 } = rollout ?? {};
          await lookAfter(ctx, name, { ...(rollout ?? (await rolling(server, name))), since: startedAt });
          expect((await deploymentOf(ctx, name)).rollout?.step).toBe(1);
        },
        'stepping',
      );
      expect(deaths).toBeGreaterThanOrEqual(1);
    },
    deathsMilliseconds,
  );

  test(
    'while a rollout is broken off leaves work that the next look finishes, once',
    async () => {
      const { ctx } = server;
      const deaths = await atEveryDeath(
        async (name) => calls(ctx, name, await rolling(server, name), { failing: 50 }, 1),
        async (dying, name) => {
          const { rollout } = await deploymentOf(ctx, name);
          await lookAfter(dying, name, rollout ?? (await rolling(server, name)), 2);
        },
        async (name) => {
          const { rollout, lastRollout } = await deploymentOf(ctx, name);
          // Unless all is done, the timer still looks; and nothing begins anew in between.
          const isDone =
            lastRollout !== undefined && aliasHolder(await modelByName(ctx, name), 'champion') === 1;
          expect(isDone || (await watched(ctx, name))).toBe(true);
          await server.drain();
          expect((await deploymentOf(ctx, name)).rollout?.id).toBe(rollout?.id);
          const since = (rollout ?? lastRollout)?.startedAt ?? 0;
          for (let again = 0; again < 2; again++) {
            await lookAfter(ctx, name, { ...(rollout ?? lastRollout), since } as never, 2);
            await server.drain();
          }
          const endpoint = await getEndpoint(ctx, name);
          const types = (await eventsOf(ctx, endpoint)).filter((type) => type.startsWith('rollout.'));
          expect(types).toEqual(['rollout.started', 'rollout.rolled-back']);
          const root = await modelByName(ctx, name);
          expect(aliasHolder(root, 'champion')).toBe(1);
          expect(await watched(ctx, name)).toBe(false);
        },
        'breaking',
      );
      expect(deaths).toBeGreaterThanOrEqual(3);
    },
    deathsMilliseconds,
  );
});
