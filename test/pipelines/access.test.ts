import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenDocument } from '../../shared/access/index.ts';
import { stopExecutors } from '../../shared/executors/index.ts';
import { checkDue, checkNow, putMonitor } from '../../shared/monitoring/index.ts';
import { getRetraining, type RetrainingJob } from '../../shared/pipelines/index.ts';
import { unlessCode } from '../../shared/http/index.ts';
import { type GuardedServer, guardedServer } from '../access/support.ts';
import { ask, at, classifier, deploy, hour, label, rowsOf, type Truth } from '../monitoring/support.ts';
import { openFront } from '../support/front.ts';

const start = (Math.floor(Date.now() / hour) - 2) * hour;
const log = join(mkdtempSync(join(tmpdir(), 'cairn-trainer-')), 'log');
const trainer = fileURLToPath(new URL('fixtures/trainer.ts', import.meta.url));

let server: GuardedServer;
let front: Awaited<ReturnType<typeof openFront>>;
beforeAll(async () => {
  front = await openFront();
  server = await guardedServer({
    CAIRN_PUBLIC_URL: front.url,
    CAIRN_EXECUTORS: JSON.stringify(
      Object.fromEntries(['good', 'fails'].map((mode) => [mode, [process.execPath, trainer, mode, log]])),
    ),
  });
  front.serve(server);
});
afterAll(async () => {
  stopExecutors();
  front.close();
  await server.close();
  rmSync(join(log, '..'), { recursive: true });
});

const byFirst: Truth = ([a = 0]) => a > 0;
const bySecond: Truth = ([a = 0, b = 0]) => 0.4 * a + b > 0;

/** The job of the first incident, once it is there. */
async function jobOf(name: string): Promise<RetrainingJob | undefined> {
  return unlessCode(
    getRetraining(server.ctx, `retrain-default-${name}-${start + hour}-incident-1`),
    'not-found',
  );
}

/** Lets an endpoint degrade and its monitor notice; the retraining has ended when it returns. */
async function retrained(name: string, executor: string): Promise<RetrainingJob> {
  const ctx = at(server.ctx, start - hour);
  await deploy(server, ctx, name, classifier([1, 0, 0]));
  const before = rowsOf(1, 300);
  const earlier = at(ctx, start - 30 * 60_000);
  await label(earlier, name, await ask(earlier, name, before), before, byFirst);
  await checkNow(at(ctx, start + 61_000), name, { from: start - hour, to: start });
  await putMonitor(ctx, name, {
    retraining: { executor, on: ['performance'] },
    alerting: { breaches: 1, of: 1 },
  });
  const asked = rowsOf(2, 500);
  const during = at(ctx, start + 1000);
  await label(during, name, await ask(during, name, asked), asked, bySecond);
  await checkDue(at(server.ctx, start + hour + 61_000), { monitorId: name });
  for (const deadline = Date.now() + 25_000; ; ) {
    await server.drain();
    const job = await jobOf(name);
    if (job && ['promoted', 'rejected', 'failed'].includes(job.status)) return job;
    if (Date.now() > deadline) throw new Error(`The job is still ${JSON.stringify(job)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const tokensOf = async (jobId: string) =>
  server.ctx.stores.documents('access').query<TokenDocument>(
    {
      text: "SELECT * FROM c WHERE c.type = 'token' AND c.name = @name",
      values: { name: `Job ${jobId}` },
    },
    { key: ['*'], consistency: 'strong' },
  );

test('a retraining signs in by a token of its own, which is confined to its workspace and ends with it', async () => {
  const job = await retrained('guarded', 'good');
  expect(job).toMatchObject({ status: 'promoted', version: 2 });
  expect(await tokensOf(job.jobId)).toMatchObject([
    {
      principalId: 'cairn-jobs',
      scopes: { role: 'contributor', workspaces: ['default'] },
      revoked: { by: 'cairn', reason: 'The job has ended.' },
    },
  ]);
  const { environment } = JSON.parse(readFileSync(log, 'utf8').split('\n')[0] ?? '') as {
    environment: string[];
  };
  expect(environment).toEqual([
    'CAIRN_RETRAINING',
    'MLFLOW_TRACKING_TOKEN',
    'MLFLOW_TRACKING_URI',
    'MLFLOW_WORKSPACE',
    'PATH',
  ]);
  const { body } = await server.admin('GET', '/api/v1/access/grants?subject=principal:cairn-jobs');
  expect(body).toMatchObject({
    grants: [{ workspace: 'default', role: 'contributor', granted_by: 'cairn' }],
  });
}, 60_000);

test('the token of one that fails ends as well', async () => {
  const job = await retrained('failing', 'fails');
  expect(job.status).toBe('failed');
  expect(await tokensOf(job.jobId)).toMatchObject([{ revoked: { reason: 'The job has ended.' } }]);
}, 60_000);
