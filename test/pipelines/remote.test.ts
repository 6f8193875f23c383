import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { putMonitor } from '../../shared/monitoring/index.ts';
import {
  askForRetraining,
  getRetraining,
  recoverRetraining,
  type RetrainingJob,
} from '../../shared/pipelines/index.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { type Claims, openIssuer, signed, type TestIssuer } from '../access/issuer.ts';
import { type Caller, type GuardedServer, guardedServer } from '../access/support.ts';
import { openGithub } from '../executors/github.ts';
import { openFront } from '../support/front.ts';
import {
  ask,
  at,
  classifier,
  deploy,
  hour,
  label,
  lagging,
  registerVersion,
  rowsOf,
  type Truth,
} from '../monitoring/support.ts';

const keys = mkdtempSync(join(tmpdir(), 'cairn-keys-'));
const githubToken = 'of-the-repository';
const audience = 'https://cairn.example';
const start = (Math.floor(Date.now() / hour) - 2) * hour;
const window = { from: start, to: start + hour };

let issuer: TestIssuer;
let github: Awaited<ReturnType<typeof openGithub>>;
let server: GuardedServer;
let operator: Caller;
let contributor: Caller;
const tasks: Record<string, unknown>[] = [];
const receiver = createServer((request, response) => {
  void (async () => {
    tasks.push(JSON.parse(Buffer.concat(await request.toArray()).toString()) as Record<string, unknown>);
    response.writeHead(202).end();
  })();
});
beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  mkdirSync(join(keys, 'secrets'));
  writeFileSync(join(keys, 'secrets', 'github'), githubToken);
  issuer = await openIssuer();
  github = await openGithub(githubToken);
  const where = { owner: 'Acme', repo: 'models', token_secret: 'github', api_url: github.url };
  server = await guardedServer({
    CAIRN_GITHUB_ISSUER: issuer.url,
    CAIRN_PUBLIC_URL: audience,
    CAIRN_KEYS_FOLDER: keys,
    CAIRN_WEBHOOK_TARGETS: 'any',
    CAIRN_EXECUTORS: JSON.stringify({
      github: { github: { ...where, owner: 'acme', workflow: 'train.yml' } },
      hook: { webhook: { url, heartbeat_seconds: 60 } },
      idle: ['sleep', '600'],
    }),
  });
  operator = server.as(await server.person('olga', 'operator'));
  contributor = server.as(await server.person('carl', 'contributor'));
});
afterAll(async () => {
  await server.close();
  github.close();
  issuer.close();
  receiver.close();
  receiver.closeAllConnections();
  rmSync(keys, { recursive: true });
});
beforeEach(() => {
  github.runs.length = 0;
  github.requests.length = 0;
  tasks.length = 0;
  Object.assign(github.state, { dispatch: 'named', reading: 200 });
});

const truth: Truth = ([a = 0, b = 0]) => 0.4 * a + b > 0;
const better = () => classifier([0.4, 1, 0]);
const seconds = () => Math.floor(Date.now() / 1000);
const idToken = (claims: Claims) =>
  signed(issuer.key(), {
    ...{ iss: issuer.url, aud: audience, sub: 'repo:acme/models:ref:refs/heads/main' },
    ...{ repository: 'acme/models', run_id: '100', iat: seconds() - 5, exp: seconds() + 300 },
    ...claims,
  });
const later = (secondsMore: number): Context => at(server.ctx, Date.now() + secondsMore * 1000);
const path = (id: string, rest = '') => `/api/v1/retraining-jobs/${id}${rest}`;

/** An endpoint whose model no longer knows the truth, labelled. */
async function degraded(name: string): Promise<void> {
  const ctx = at(server.ctx, start - hour);
  await deploy(server, ctx, name, classifier([1, 0, 0]));
  const rows = rowsOf(2, 600);
  const during = at(ctx, start + 1000);
  await label(during, name, await ask(during, name, rows), rows, truth);
}

/** Asks for a retraining by hand; what was asked to train has been asked when it returns. */
async function asked(name: string, executor: string, more: object = {}): Promise<string> {
  const body = { endpoint: name, executor, reason: 'It is old.', ...window, ...more };
  const { status, body: job } = await operator('POST', '/api/v1/retraining-jobs', body);
  expect(status).toBe(201);
  await server.drain();
  return String(job['id']);
}

/** Carries a job on until it is in a state. */
async function until(id: string, status: RetrainingJob['status'], ctx = server.ctx): Promise<RetrainingJob> {
  await expect
    .poll(async () => {
      await server.drain();
      await recoverRetraining(ctx, { jobId: id });
      return (await getRetraining(server.ctx, id)).status;
    }, lagging)
    .toBe(status);
  return getRetraining(server.ctx, id);
}

test('what can train is told by name and kind, to who sees an endpoint, and nothing else of it', async () => {
  const { status, body } = await server.as(await server.person('vic', 'viewer'))('GET', '/api/v1/executors');
  expect([status, body]).toEqual([
    200,
    {
      executors: [
        { name: 'github', kind: 'github' },
        { name: 'hook', kind: 'webhook' },
        { name: 'idle', kind: 'process' },
      ],
    },
  ]);
  const outsider = server.as(await server.person('oscar'));
  expect((await outsider('GET', '/api/v1/executors')).status).toBe(403);
  expect((await operator('GET', '/api/v1/executors?name=hook')).body['field']).toBe('name');
});

describe('a retraining by GitHub', () => {
  test('leads by a token for its own run to a champion, with every step in its job', async () => {
    await degraded('hub');
    const id = await asked('hub', 'github');
    expect(github.runs).toMatchObject([{ display_title: `cairn_job=${id}/1` }]);
    const { status, body } = await server.as(null)('POST', path(id, '/token'), {
      id_token: await idToken({}),
    });
    expect({ status, body }).toMatchObject({ status: 200, body: { workspace: 'default' } });
    expect(JSON.stringify(github.requests)).not.toContain(String(body['token']));
    const trainer = server.as(`Bearer ${String(body['token'])}`);
    const labelled = `/api/v1/endpoints/hub/labelled?from=${window.from}&to=${window.to}`;
    expect((await trainer('GET', labelled)).status).toBe(200);
    await registerVersion(server, server.ctx, 'hub', better(), { 'cairn.retraining': id });
    await recoverRetraining(server.ctx, { jobId: id });
    expect(await getRetraining(server.ctx, id)).toMatchObject({
      status: 'training',
      run: { attempt: 1, page: github.runs[0]?.html_url },
    });
    // What was learnt of the run does not end its token.
    expect((await trainer('GET', labelled)).status).toBe(200);
    Object.assign(github.runs[0] ?? {}, { status: 'completed', conclusion: 'success' });
    await until(id, 'promoted');
    await server.drain();
    expect((await trainer('GET', labelled)).status).toBe(401);
    const shown = await operator('GET', path(id));
    expect(shown.body).toMatchObject({
      ...{ status: 'promoted', version: 2, monitor_id: null, requested_by: 'olga', why: 'It is old.' },
      ...{ executor: 'github', executor_kind: 'github', run: { page: github.runs[0]?.html_url } },
      rollout: { status: 'at-once', deployment: 'main' },
    });
    const steps = (shown.body['steps'] as unknown as { status: string; at: number }[]) ?? [];
    expect(steps.map((step) => step.status)).toEqual([
      'requested',
      'training',
      'gating',
      'promoting',
      'promoted',
    ]);
    expect((await modelByName(server.ctx, 'hub')).aliases['champion']).toBe(2);
  });

  test('gives its token to no other run, repository or job, nor to who proves nothing', async () => {
    await degraded('claimed');
    const id = await asked('claimed', 'github');
    const claim = async (token: string, job = id) => {
      const answer = await server.as(null)('POST', path(job, '/token'), { id_token: token });
      return [answer.status, answer.body['token'] === undefined];
    };
    expect(await claim(await idToken({ run_id: '101' }))).toEqual([404, true]);
    expect(await claim(await idToken({ repository: 'acme/other' }))).toEqual([404, true]);
    expect(await claim(await idToken({ run_id: undefined }))).toEqual([404, true]);
    expect(await claim(await idToken({}), 'retrain-none')).toEqual([404, true]);
    expect(await claim(await idToken({ aud: 'https://elsewhere.example' }))).toEqual([401, true]);
    expect(await claim(await idToken({ exp: seconds() - 300 }))).toEqual([401, true]);
    expect(await claim('')).toEqual([401, true]);
    expect(await claim(await idToken({ repository: 'ACME/Models' }))).toEqual([200, false]);
    await operator('POST', path(id, '/cancel'), {});
    await until(id, 'cancelled');
    expect(await claim(await idToken({}))).toEqual([404, true]);
  });

  test('that is asked for its token before its run is known says to ask again', async () => {
    await degraded('early');
    github.state.dispatch = 'runless';
    const id = await asked('early', 'github');
    const answer = await server.as(null)('POST', path(id, '/token'), { id_token: await idToken({}) });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('10');
    await operator('POST', path(id, '/cancel'), {});
    await until(id, 'cancelled');
  });

  test('signs in as the documentation has it', async () => {
    await degraded('documented');
    const id = await asked('documented', 'github');
    const page = await readFile(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    const [, script = ''] = /- name: Sign in\n {8}run: \|\n([\s\S]*?)\n {6}- run:/.exec(page) ?? [];
    expect(script).toContain('curl');
    const proof = await idToken({});
    const ofGithub = createServer((request, response) => {
      const isAsked = request.headers.authorization === 'bearer of-the-runner';
      response.writeHead(isAsked ? 200 : 401).end(JSON.stringify({ value: proof }));
    }).listen(0, '127.0.0.1');
    await once(ofGithub, 'listening');
    const { port } = ofGithub.address() as { port: number };
    const [front, out] = [await openFront(), join(keys, 'github-env')];
    front.serve(server);
    const bash = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
      env: {
        PATH: process.env['PATH'],
        ...{ CAIRN_JOB: `${id}/1`, MLFLOW_TRACKING_URI: front.url, GITHUB_ENV: out },
        ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/?version=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = (await bash.stdout.toArray()).join('');
    front.close();
    ofGithub.close();
    const given = Object.fromEntries(
      (await readFile(out, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    );
    expect(said).toBe(`::add-mask::${given['MLFLOW_TRACKING_TOKEN']}\n`);
    expect(given['MLFLOW_WORKSPACE']).toBe('default');
    const trainer = server.as(`Bearer ${given['MLFLOW_TRACKING_TOKEN']}`);
    expect((await trainer('GET', path(id))).status).toBe(200);
    await operator('POST', path(id, '/cancel'), {});
    await until(id, 'cancelled');
  });

  test('ends its first token with the second', async () => {
    await degraded('twice');
    const id = await asked('twice', 'github');
    const claim = async () =>
      server.as(
        `Bearer ${String((await server.as(null)('POST', path(id, '/token'), { id_token: await idToken({}) })).body['token'])}`,
      );
    const first = await claim();
    expect((await first('GET', path(id))).status).toBe(200);
    const second = await claim();
    expect((await first('GET', path(id))).status).toBe(401);
    expect((await second('GET', path(id))).status).toBe(200);
    await operator('POST', path(id, '/cancel'), {});
    await until(id, 'cancelled');
  });

  test('is cancelled there, too, and its token ends', async () => {
    await degraded('stopped');
    const id = await asked('stopped', 'github');
    const answer = await operator('POST', path(id, '/cancel'), { reason: 'Wrong window.' });
    expect(answer).toMatchObject({ status: 200, body: { status: 'cancelling', reason: 'Wrong window.' } });
    expect(await until(id, 'cancelled')).toMatchObject({ reason: 'Wrong window.' });
    expect(github.runs).toMatchObject([{ conclusion: 'cancelled' }]);
    expect((await operator('POST', path(id, '/cancel'), {})).body).toMatchObject({ status: 'cancelled' });
  });

  test('that registers nothing fails with what is missing', async () => {
    await degraded('empty');
    const id = await asked('empty', 'github');
    Object.assign(github.runs[0] ?? {}, { status: 'completed', conclusion: 'success' });
    expect(await until(id, 'failed')).toMatchObject({
      reason: `The training ended well, but registered no version of 'empty' with the tag cairn.retraining=${id}.`,
    });
  });
});

describe('a retraining by a webhook', () => {
  test('is heard of by its own token, and ends as it reports', async () => {
    await degraded('hooked');
    await operator('PATCH', '/api/v1/endpoints/hooked', { rollout: { plan: [50, 100], hold_seconds: 60 } });
    const id = await asked('hooked', 'hook');
    expect(tasks).toMatchObject([{ model: 'hooked', attempt: 1, ...window }]);
    const trainer = server.as(`Bearer ${String(tasks[0]?.['token'])}`);
    expect(await trainer('POST', path(id, '/heartbeat'), {})).toMatchObject({ status: 200 });
    expect((await operator('POST', path(id, '/heartbeat'), {})).status).toBe(403);
    expect((await operator('POST', path(id, '/report'), { status: 'failed' })).status).toBe(403);
    const version = await registerVersion(server, server.ctx, 'hooked', better(), { 'cairn.retraining': id });
    const bad = await trainer('POST', path(id, '/report'), { status: 'well', version });
    expect(bad).toMatchObject({ status: 400, body: { field: 'status' } });
    const report = { status: 'succeeded', version, attempt: 1, log: 'all well' };
    expect((await trainer('POST', path(id, '/report'), { ...report, attempt: 2 })).status).toBe(409);
    expect((await trainer('POST', path(id, '/report'), report)).status).toBe(200);
    expect(await until(id, 'promoted')).toMatchObject({ version });
    await server.drain();
    expect((await operator('GET', path(id))).body).toMatchObject({
      rollout: { status: 'under-way', deployment: 'main', share: 50 },
    });
    expect((await trainer('POST', path(id, '/heartbeat'), {})).status).toBe(401);
  });

  test('that fails says why', async () => {
    await degraded('failing');
    const id = await asked('failing', 'hook');
    const trainer = server.as(`Bearer ${String(tasks[0]?.['token'])}`);
    const report = { status: 'failed', reason: 'No more disk.', log: 'ENOSPC' };
    await trainer('POST', path(id, '/report'), report);
    expect(await until(id, 'failed')).toMatchObject({ reason: 'No more disk. It wrote: ENOSPC' });
  });

  test('that is not heard of is lost, and its next attempt signs in anew', async () => {
    await degraded('silent');
    const id = await asked('silent', 'hook');
    const first = server.as(`Bearer ${String(tasks[0]?.['token'])}`);
    await recoverRetraining(later(61), { jobId: id });
    expect(await getRetraining(server.ctx, id)).toMatchObject({ status: 'training', attempt: 2 });
    expect(tasks.map((task) => task['attempt'])).toEqual([1, 2]);
    expect((await first('POST', path(id, '/heartbeat'), {})).status).toBe(401);
    const second = server.as(`Bearer ${String(tasks[1]?.['token'])}`);
    expect((await second('POST', path(id, '/heartbeat'), {})).status).toBe(200);
    await operator('POST', path(id, '/cancel'), {});
    await until(id, 'cancelled');
  });
});

describe('by hand', () => {
  test('an operator asks, whom the audit log names, and one key is one job', async () => {
    await degraded('hand');
    const body = { endpoint: 'hand', executor: 'github', reason: 'Try.', idempotency_key: 'k', ...window };
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => operator('POST', '/api/v1/retraining-jobs', body)),
    );
    expect(new Set(answers.map((answer) => String(answer.body['id']))).size).toBe(1);
    await server.drain();
    expect(github.dispatches()).toHaveLength(1);
    const other = await operator('POST', '/api/v1/retraining-jobs', { ...body, from: window.from + 1 });
    expect(other).toMatchObject({ status: 409, body: { field: 'idempotency_key' } });
    expect((await contributor('POST', '/api/v1/retraining-jobs', body)).status).toBe(403);
    const id = String(answers[0]?.body['id']);
    expect((await contributor('POST', path(id, '/cancel'), {})).status).toBe(403);
    const listed = async (query: string) => {
      const { body: list } = await contributor('GET', `/api/v1/retraining-jobs?${query}`);
      return (list['jobs'] as unknown as { id: string }[]).map((job) => job.id);
    };
    await expect.poll(() => listed('endpoint=hand&status=training'), lagging).toEqual([id]);
    expect(await listed('endpoint=hand&status=failed')).toEqual([]);
    expect(await listed('executor=hook&model=hand')).toEqual([]);
    expect((await contributor('GET', '/api/v1/retraining-jobs?status=odd')).status).toBe(400);
    await operator('POST', path(id, '/cancel'), {});
    await until(id, 'cancelled');
  });

  test.each([
    [{ reason: 'x' }, 'monitor'],
    [{ endpoint: 'wrong', reason: 'x' }, 'monitor'],
    [{ monitor: 'wrong', endpoint: 'wrong', executor: 'hook', reason: 'x' }, 'monitor'],
    [{ endpoint: 'wrong', executor: 'hook' }, 'reason'],
    [{ endpoint: 'wrong', executor: 'none', reason: 'x' }, 'executor'],
    [{ endpoint: 'wrong', executor: 'hook', reason: 'x', from: 2, to: 1 }, 'from'],
    [{ monitor: 'wrong', reason: 'x' }, 'monitor'],
    [{ endpoint: 'wrong', executor: 'hook', reason: 'x', colour: 'red' }, 'colour'],
  ])('%j is refused at its field', async (body, field) => {
    if (!(await operator('GET', '/api/v1/endpoints/wrong')).body['name']) await degraded('wrong');
    const answer = await operator('POST', '/api/v1/retraining-jobs', body);
    expect(answer).toMatchObject({ status: 400, body: { field } });
  });

  test('what has ended is not cancelled', async () => {
    await degraded('ended');
    const id = await asked('ended', 'hook');
    const trainer = server.as(`Bearer ${String(tasks[0]?.['token'])}`);
    await trainer('POST', path(id, '/report'), { status: 'failed' });
    await until(id, 'failed');
    expect(await operator('POST', path(id, '/cancel'), {})).toMatchObject({ status: 409 });
    expect((await operator('POST', path('none', '/cancel'), {})).status).toBe(404);
    expect((await trainer('POST', path('none', '/heartbeat'), {})).status).toBe(401);
  });

  test('a process on this machine ends with its job', async () => {
    await degraded('local');
    const id = await asked('local', 'idle');
    expect(await until(id, 'training')).toMatchObject({ attempt: 1 });
    expect((await operator('POST', path(id, '/heartbeat'), {})).status).toBe(403);
    await operator('POST', path(id, '/cancel'), {});
    expect(await until(id, 'cancelled')).toMatchObject({ reason: 'olga cancelled it.' });
  });
});

describe("a monitor's budget", () => {
  const asking = (monitorId: string, incident: string) =>
    askForRetraining(server.ctx, { monitorId, windowEnd: window.to, reasons: ['performance'], incident });

  /** A monitor that retrains by GitHub, whose window has been checked. */
  async function watched(name: string): Promise<void> {
    await degraded(name);
    await putMonitor(server.ctx, name, { retraining: { executor: 'github', on: ['performance'] } });
    const checked = await operator('POST', `/api/v1/monitors/${name}/check`, window);
    expect(checked.status).toBe(200);
  }

  test('lets one of several through in a day, and tells once why not the others', async () => {
    await watched('budget');
    const incidents = ['a', 'b', 'c'];
    const jobs = await Promise.all(incidents.map((incident) => asking('budget', incident)));
    const begun = jobs.filter((job) => job?.status === 'requested');
    expect([jobs.length, begun.length]).toEqual([3, 1]);
    const again = await Promise.all(incidents.map((incident) => asking('budget', incident)));
    expect(again.map((job) => job?.jobId)).toEqual(jobs.map((job) => job?.jobId));
    await server.drain();
    expect(github.dispatches()).toHaveLength(1);
    const refused = again.find((job) => job?.status === 'refused');
    expect(refused).toMatchObject({
      reason: expect.stringMatching(/^The monitor may retrain once in 24 hours/),
    });
    const events = await server.ctx.stores
      .documents('jobs')
      .query(
        { text: "SELECT VALUE c.event.type FROM c WHERE c.type = 'event'" },
        { key: [refused?.jobId ?? ''], consistency: 'strong' },
      );
    expect(events).toEqual(['retraining.refused']);
    const byHand = await operator('POST', '/api/v1/retraining-jobs', { monitor: 'budget', reason: 'now' });
    expect(byHand).toMatchObject({ status: 429, body: { field: 'monitor' } });
    expect(Number(byHand.headers.get('retry-after'))).toBeGreaterThan(86_000);
  });

  test('is whole again after a day', async () => {
    await watched('rolling');
    await asking('rolling', 'a');
    const next = await askForRetraining(later(86_401), {
      ...{ monitorId: 'rolling', windowEnd: window.to, reasons: [], incident: 'b' },
    });
    expect(next).toMatchObject({ status: 'requested', incident: 'b' });
  });
});
