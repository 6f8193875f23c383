import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allLogged, getEndpoint } from '../../shared/endpoints/index.ts';
import {
  endEmptyLogs,
  erase,
  expire,
  placeHold,
  requestErasure,
  sweepRetention,
} from '../../shared/erasure/index.ts';
import { dropGrants } from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import { checkOnTime, endMonitors, getMonitor, monitorsOf } from '../../shared/monitoring/index.ts';
import { readPredictions } from '../../shared/predictions/index.ts';
import { setModelTag } from '../../shared/registry/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import { askAbout, at, fresh, hour, keyedServer, peopleModel, putPolicy } from '../privacy/support.ts';
import { deploy } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { items, type TestServer } from '../support/server.ts';
import { eventsOf, get, patch } from './support.ts';

const day = 24 * hour;
let server: TestServer;
beforeAll(async () => {
  server = await keyedServer();
});
afterAll(() => server.close());

const remove = async (name: string, ifMatch?: string) =>
  (
    await server.fetch(`/api/v1/endpoints/${name}`, {
      method: 'DELETE',
      headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
    })
  ).status;
const make = (name: string) =>
  server.call('POST', '/api/v1/endpoints', {
    name,
    model: name,
    alias: 'champion',
    rollout: { plan: [100] },
  });

async function people(endpoint: string, now = Date.now() + day): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const part of readPredictions(server.ctx, { endpoint, from: now - 30 * day, to: now }))
    found.push(...part.column('in.amount'));
  return found.map(Number).toSorted((a, b) => a - b);
}

async function agenda(): Promise<string[]> {
  const stored = await server.ctx.stores
    .documents('jobs')
    .read<{ id: string; type: string; v: number; workspace: string; entries: object }>(['agenda'], 'agenda');
  return Object.keys(stored?.doc.entries ?? {});
}

describe('an endpoint that is deleted', () => {
  test('is gone from every list, answers no more, and cannot be deleted twice', async () => {
    await deploy(server, 'gone', peopleModel());
    const { etag } = await get(server, 'gone');
    await patch(server, 'gone', { limits: { rows_max: 3 } });
    expect(await remove('gone', etag ?? '')).toBe(409);
    expect((await targetOf(server.ctx, 'gone')).endpoint.name).toBe('gone');
    expect(await remove('gone')).toBe(204);
    expect(await remove('gone')).toBe(404);
    expect((await get(server, 'gone')).status).toBe(404);
    expect((await patch(server, 'gone', { limits: { rows_max: 1 } })).status).toBe(404);
    const listed = async () =>
      items((await server.call('GET', '/api/v1/endpoints')).body['endpoints']).map(({ name }) => name);
    await expect.poll(listed, { timeout: 5_000 }).not.toContain('gone');
    // An instance that served it a moment ago knows within 10 seconds.
    await expect(targetOf(fresh(server.ctx), 'gone')).rejects.toMatchObject({ code: 'not-found' });
    const events = await eventsOf(server, 'gone');
    expect(events.at(-1)).toMatchObject({ type: 'endpoint.deleted', subject: { retentionDays: '400' } });
  });

  test('in another workspace is not', async () => {
    await deploy(server, 'elsewhere', peopleModel());
    const headers = { 'x-mlflow-workspace': 'other' };
    expect((await server.fetch('/api/v1/endpoints/elsewhere', { method: 'DELETE', headers })).status).toBe(
      404,
    );
    expect((await get(server, 'elsewhere')).status).toBe(200);
  });

  test('by several at once is deleted by one', async () => {
    await deploy(server, 'contended', peopleModel());
    const statuses = await Promise.all(Array.from({ length: 5 }, () => remove('contended')));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([204, 404, 404, 404, 404]);
    const deleted = (await eventsOf(server, 'contended')).filter(({ type }) => type === 'endpoint.deleted');
    expect(deleted).toHaveLength(1);
  });

  test('lets its model and version be deleted', async () => {
    await deploy(server, 'freed', peopleModel());
    const version = { name: 'freed', version: '1' };
    const path = '/api/2.0/mlflow/model-versions/delete';
    expect((await server.call('DELETE', path, version)).status).toBe(400);
    await remove('freed');
    await server.call('DELETE', '/api/2.0/mlflow/registered-models/alias', {
      name: 'freed',
      alias: 'champion',
    });
    expect((await server.call('DELETE', path, version)).status).toBe(200);
    expect(
      (await server.call('DELETE', '/api/2.0/mlflow/registered-models/delete', { name: 'freed' })).status,
    ).toBe(200);
  });

  test('ends its monitors, takes them off the agenda, and keeps their results', async () => {
    await deploy(server, 'watched', peopleModel());
    await server.drain();
    await server.call('PUT', '/api/v1/monitors/second', { endpoint: 'watched' });
    expect(await agenda()).toEqual(
      expect.arrayContaining(['monitor:default:watched', 'monitor:default:second']),
    );
    await remove('watched');
    await server.drain();
    for (const name of ['watched', 'second'])
      expect((await server.call('GET', `/api/v1/monitors/${name}`)).status).toBe(404);
    const left = await agenda();
    expect(left).not.toContain('monitor:default:watched');
    expect(left).not.toContain('monitor:default:second');
    expect(await monitorsOf(server.ctx, 'watched')).toEqual(['second', 'watched']);
    await checkOnTime(server.ctx, { monitorId: 'watched' });
    await eventually(async () => {
      const list = await server.call('GET', '/api/v1/monitors');
      expect(JSON.stringify(list.body)).not.toContain('watched');
    });
  });

  test('takes the rules about it along save denials, and not those about what is named like it later', async () => {
    await deploy(server, 'ruled', peopleModel());
    const grant = (rule: object = { effect: 'allow', role: 'viewer' }) =>
      server.call('POST', '/api/v1/access/grants', {
        ...rule,
        subject: 'entra-group:00000000-0000-0000-0000-000000000001',
        workspace: 'default',
        resource: { type: 'endpoint', name: 'ruled' },
      });
    const grants = async () =>
      items((await server.call('GET', '/api/v1/access/grants?resource_type=endpoint')).body['grants']).length;
    expect((await grant()).status).toBe(201);
    expect((await grant({ effect: 'deny' })).status).toBe(201);
    expect(await grants()).toBe(2);
    await remove('ruled');
    await server.drain();
    expect(await grants()).toBe(1);
    await make('ruled');
    expect((await grant()).status).toBe(201);
    const deleted = (await eventsOf(server, 'ruled')).find(({ type }) => type === 'endpoint.deleted');
    expect(deleted).toBeDefined();
    // The event of before, served again.
    if (deleted) await dropGrants(server.ctx, deleted);
    if (deleted) await endMonitors(server.ctx, deleted);
    expect(await grants()).toBe(2);
    await server.drain();
    expect((await getMonitor(server.ctx, 'ruled')).doc.type).toBe('monitor');
  });

  test('is shown as deleted where data and models came from and went to', async () => {
    await deploy(server, 'traced', peopleModel());
    await server.drain();
    await remove('traced');
    await server.drain();
    await eventually(async () => {
      const { body } = await server.call('GET', '/api/v1/lineage?node=endpoint:traced');
      const node = items(body['nodes']).find(({ id }) => String(id) === 'endpoint:traced');
      expect(node).toMatchObject({ label: 'traced', facts: { state: 'deleted' } });
      expect(items(body['edges'])).toMatchObject([{ kind: 'deployed-to' }]);
    });
  });
});

describe('the log of a deleted endpoint', () => {
  test('stays for as long as its data policy says', async () => {
    await deploy(server, 'expiring', peopleModel());
    await putPolicy(server, 'expiring', { retention_days: 10 });
    const now = Date.now();
    await askAbout(at(server.ctx, now - 9 * day), 'expiring', [{ person: 'Ann', age: 1n, amount: 1 }]);
    await askAbout(at(server.ctx, now - 2 * day), 'expiring', [{ person: 'Bob', age: 1n, amount: 2 }]);
    await remove('expiring');
    await server.drain();
    await expire(server.ctx, { endpoint: 'expiring' });
    expect(await people('expiring')).toEqual([1, 2]);
    const later = at(server.ctx, now + 2 * day);
    await sweepRetention(later);
    await expire(later, { endpoint: 'expiring' });
    expect(await people('expiring')).toEqual([2]);
  });

  test('of a high-risk system is kept for six months, whatever becomes of its model', async () => {
    await deploy(server, 'risky', peopleModel());
    await putPolicy(server, 'risky', { retention_days: 10 });
    const now = Date.now();
    await askAbout(at(server.ctx, now - day), 'risky', [{ person: 'Ann', age: 1n, amount: 1 }]);
    await setModelTag(server.ctx, 'risky', { key: 'risk', value: 'high' });
    await remove('risky');
    await setModelTag(server.ctx, 'risky', { key: 'risk', value: 'low' });
    await make('risky');
    await expire(at(server.ctx, now + 100 * day), { endpoint: 'risky' });
    expect(await people('risky')).toEqual([1]);
    await expire(at(server.ctx, now + 190 * day), { endpoint: 'risky' });
    expect(await people('risky')).toEqual([]);
  });

  test('is searched by erasures, and held by holds', async () => {
    await deploy(server, 'erased', peopleModel());
    await putPolicy(server, 'erased', { subject_key: 'person' });
    await askAbout(fresh(server.ctx), 'erased', [
      { person: 'Ann', age: 1n, amount: 1 },
      { person: 'Bob', age: 1n, amount: 2 },
    ]);
    await remove('erased');
    await server.drain();
    expect((await allLogged(server.ctx)).map(({ name }) => name)).toContain('erased');
    const ctx = at(server.ctx, Date.now() + hour);
    const asked = { subject: { column: 'person', value: 'Ann' }, reason: 'asked', dryRun: false };
    await expect(
      requestErasure(ctx, { ...asked, subject: { column: 'salary', value: 1 }, endpoint: 'erased' }),
    ).rejects.toMatchObject({ code: 'invalid', field: 'subject.column' });
    const { jobId } = await requestErasure(ctx, { ...asked, endpoint: 'erased' });
    await erase(at(server.ctx, Date.now() + 2 * hour), { jobId });
    expect(await people('erased')).toEqual([2]);
    await placeHold(ctx, { endpoint: 'erased', reason: 'a lawsuit' });
    await expect(requestErasure(ctx, { ...asked, endpoint: 'erased' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('an endpoint by the name of a deleted one', () => {
  test('is made, counts its events on, and takes over the log with its policy', async () => {
    await deploy(server, 'again', peopleModel());
    await putPolicy(server, 'again', { retention_days: 77, pii: { age: 'mask' } });
    await server.call('PUT', '/api/v1/monitors/again', { min_rows: 77 });
    await remove('again');
    expect(await make('again')).toMatchObject({ status: 201, body: { status: 'ready' } });
    expect((await make('again')).body).toMatchObject({ title: 'Already exists' });
    await server.drain();
    expect((await get(server, 'again')).body['logging']).toMatchObject({
      masked_columns: ['age'],
      retention_days: 77,
    });
    expect((await getMonitor(server.ctx, 'again')).doc.minRows).not.toBe(77);
    expect(await agenda()).toContain('monitor:default:again');
    const events = await eventsOf(server, 'again');
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect((await getEndpoint(server.ctx, 'again')).seq).toBe(events.length);
    expect((await targetOf(fresh(server.ctx), 'again')).model.ready.version).toBe(1);
  });

  test('shows nobody the labelled rows of that one', async () => {
    await deploy(server, 'labelled', peopleModel());
    const ask = async (ctx: Context, person: string) => {
      const asked = Array.from({ length: 20 }, () => ({ person, age: 1n, amount: 1 }));
      const ids = await askAbout(ctx, 'labelled', asked);
      const labels = ids.map((prediction_id) => ({ prediction_id, label: person }));
      const answer = await server.call('POST', '/api/v1/feedback', { endpoint: 'labelled', labels });
      expect(answer.status).toBe(200);
    };
    const rows = async () => {
      const window = `from=${Date.now() - hour}&to=${Date.now() + hour}`;
      return (await server.fetch(`/api/v1/endpoints/labelled/labelled?${window}`)).text();
    };
    await ask(server.ctx, 'Ann');
    expect(await rows()).toContain('Ann');
    await remove('labelled');
    await make('labelled');
    expect(await rows()).not.toContain('Ann');
    await ask(fresh(server.ctx), 'Bob');
    expect(await rows()).toContain('Bob');
    expect(await rows()).not.toContain('Ann');
    expect(await people('labelled')).toHaveLength(40);
  });

  test('leaves its workspace in place while anything of its log may be left', async () => {
    const headers = { 'content-type': 'application/json', 'x-mlflow-workspace': 'leaving' };
    const made = async (name: string, more = {}) => {
      const deployments = [{ name: 'far', url: 'https://scoring.example.com/' }];
      const body = JSON.stringify({ name, deployments, logging: { retention_days: 1 }, ...more });
      const { status } = await server.fetch('/api/v1/endpoints', { method: 'POST', headers, body });
      expect(status).toBe(201);
      await server.fetch(`/api/v1/endpoints/${name}`, { method: 'DELETE', headers });
    };
    const end = () => server.call('DELETE', '/api/v1/workspaces/leaving', { reason: 'done' });
    expect((await server.call('POST', '/api/v1/workspaces', { name: 'leaving' })).status).toBe(201);
    await made('left');
    await made('silent');
    await server.ctx.stores
      .blobs('predictions')
      .write(`leaving/left/labels/2026-01-01/00/some.json`, Buffer.from('{}'));
    await server.drain();
    // One that never logged is not in the way, one that did is.
    expect(await end()).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('is not empty: 1 deleted endpoints whose logs are kept') },
    });
    await server.ctx.stores.blobs('predictions').removeBelow('leaving/left/');
    expect((await end()).status).toBe(204);
  });

  test('waits a minute for what it may have logged last', async () => {
    await deploy(server, 'called', peopleModel());
    await remove('called');
    const isKept = async (now: number) => {
      await endEmptyLogs(at(server.ctx, now), 'default');
      const endpoint = (await allLogged(server.ctx)).find(({ name }) => name === 'called');
      return endpoint?.type === 'gone-endpoint' && endpoint.keepsUntil > now;
    };
    expect(await isKept(Date.now() + 30_000)).toBe(true);
    expect(await isKept(Date.now() + 90_000)).toBe(false);
    // Made again it is there, whatever was said of it before.
    await make('called');
    await endEmptyLogs(at(server.ctx, Date.now() + day), 'default');
    expect((await getEndpoint(server.ctx, 'called')).type).toBe('endpoint');
  });

  test('is made by one of several at once', async () => {
    await deploy(server, 'fought', peopleModel());
    await remove('fought');
    const statuses = (await Promise.all(Array.from({ length: 5 }, () => make('fought')))).map(
      ({ status }) => status,
    );
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 400, 400, 400, 400]);
  });
});
