import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, type GuardedServer, guardedServer } from '../access/support.ts';
import { classifier, deploy, hour, lagging } from '../monitoring/support.ts';
import { items } from '../support/server.ts';
import { keepIncident } from './support.ts';

let server: GuardedServer;
let admin: Caller;
/** Sees iris alone. */
let viewer: Caller;
/** Works at iris alone. */
let operator: Caller;
/** Sees all but oak, and works there. */
let denied: Caller;
/** Sees everything. */
let everything: Caller;
const silences: Record<string, string> = {};
const until = Date.now() + hour;

beforeAll(async () => {
  server = await guardedServer();
  ({ admin } = server);
  for (const name of ['iris', 'oak']) {
    await deploy(server, server.ctx, name, classifier([1, 1, 1]));
    await keepIncident(server.ctx, name, name);
    silences[name] = await silence({ monitor: name });
  }
  silences['any'] = await silence({});
  await tell('of oak', 'oak');
  await tell('of nothing', 'nobody');
  const person = async (name: string, rules: readonly object[]) => {
    const caller = server.as(await server.person(name));
    for (const rule of rules)
      await ok('POST', '/api/v1/access/grants', {
        subject: `principal:${name}`,
        workspace: 'default',
        ...rule,
      });
    return caller;
  };
  const on = (id: string) => ({ resource: { type: 'endpoint', id } });
  viewer = await person('vera', [{ effect: 'allow', role: 'viewer', ...on('iris') }]);
  operator = await person('otto', [{ effect: 'allow', role: 'operator', ...on('iris') }]);
  denied = await person('dan', [
    { effect: 'allow', role: 'operator' },
    { effect: 'deny', ...on('oak') },
  ]);
  everything = await person('eve', [{ effect: 'allow', role: 'viewer' }]);
}, 60_000);
afterAll(() => server.close());

async function ok(method: string, path: string, body?: unknown) {
  const answer = await admin(method, path, body);
  expect([answer.status < 300, answer.body]).toEqual([true, expect.anything()]);
  return answer.body;
}
const silence = async (of: object) => String((await ok('POST', '/api/v1/silences', { ...of, until }))['id']);
const tell = (groupKey: string, endpoint: string) =>
  ok('POST', '/api/v1/alertmanager', {
    ...{ version: '4', groupKey },
    alerts: [{ status: 'firing', labels: { alertname: 'Down', endpoint }, startsAt: '2026-01-01T00:00:00Z' }],
  });

describe('who reads', () => {
  const listed = async (caller: Caller, list: string, property: string) =>
    items((await caller('GET', `/api/v1/${list}`)).body[list])
      .map((each) => String(each[property]))
      .toSorted();

  test('sees what is of endpoints that they may see, and who sees all what is of none', async () => {
    const seenBy = async (caller: Caller) => [
      await listed(caller, 'incidents', 'id'),
      await listed(caller, 'alerts', 'endpoint'),
      await listed(caller, 'silences', 'monitor'),
    ];
    await expect
      .poll(() => seenBy(everything), lagging)
      .toEqual([
        ['iris-1', 'oak-1', '~alertmanager-1', '~alertmanager-2'],
        ['', 'iris', 'oak', 'oak'],
        ['iris', 'null', 'oak'],
      ]);
    expect(await seenBy(viewer)).toEqual([['iris-1'], ['iris'], ['iris', 'null']]);
    expect(await seenBy(denied)).toEqual([
      ['iris-1', '~alertmanager-2'],
      ['', 'iris'],
      ['iris', 'null'],
    ]);
  });

  test.each(['oak-1', '~alertmanager-1'])(
    'finds in %s, where it is hidden, nothing that is there',
    async (id) => {
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['POST', '/acknowledge', {}],
        ['POST', '/notes', { text: 'x' }],
        ['POST', '/resolve', {}],
      ] as const) {
        const hidden = await denied(method, `/api/v1/incidents/${id}${path}`, body);
        const nothing = await denied(method, `/api/v1/incidents/${id}9${path}`, body);
        expect([hidden.status, hidden.body['detail']]).toEqual([404, `There is no incident '${id}'.`]);
        expect([nothing.status, nothing.body['detail']]).toEqual([404, `There is no incident '${id}9'.`]);
      }
      expect((await viewer('GET', `/api/v1/incidents/${id}`)).status).toBe(403);
      expect((await viewer('GET', `/api/v1/incidents/${id}9`)).status).toBe(403);
    },
  );
});

describe('who writes', () => {
  test('does so as an operator of the endpoint', async () => {
    const note = (caller: Caller) => caller('POST', '/api/v1/incidents/iris-1/notes', { text: 'seen' });
    const statuses = [];
    for (const caller of [viewer, everything, operator, denied]) statuses.push((await note(caller)).status);
    expect(statuses).toEqual([403, 403, 201, 201]);
    const { body } = await operator('GET', '/api/v1/incidents/iris-1');
    expect(items(body['timeline']).map(({ by }) => String(by))).toEqual(['undefined', 'otto', 'dan']);
    expect((await operator('POST', '/api/v1/incidents/~alertmanager-2/acknowledge', {})).status).toBe(403);
    expect((await denied('POST', '/api/v1/incidents/~alertmanager-2/acknowledge', {})).status).toBe(200);
    const close = (caller: Caller) => caller('POST', '/api/v1/incidents/~alertmanager-2/resolve', {});
    expect([(await close(everything)).status, (await close(operator)).status]).toEqual([403, 403]);
    expect((await close(denied)).body).toMatchObject({ state: 'resolved' });
  });

  test('silences what is theirs, and who works in the workspace everything', async () => {
    const make = async (caller: Caller, of: object) => {
      const { status, body } = await caller('POST', '/api/v1/silences', { ...of, until });
      return [status, String(body['detail'] ?? '')] as const;
    };
    expect((await make(operator, { monitor: 'iris' }))[0]).toBe(201);
    expect((await make(operator, {}))[0]).toBe(403);
    expect((await make(operator, { monitor: 'oak' }))[0]).toBe(403);
    expect((await make(operator, { monitor: '~alertmanager' }))[0]).toBe(403);
    expect((await make(everything, { monitor: 'iris' }))[0]).toBe(403);
    expect((await make(denied, {}))[0]).toBe(201);
    expect((await make(denied, { monitor: '~alertmanager' }))[0]).toBe(201);
    expect(await make(denied, { monitor: 'oak' })).toEqual([404, "There is no monitor named 'oak'."]);
    expect(await make(denied, { monitor: 'elm' })).toEqual([404, "There is no monitor named 'elm'."]);
  });

  test('ends the silences that they could have made', async () => {
    const end = async (caller: Caller, of: string) =>
      (await caller('DELETE', `/api/v1/silences/${silences[of]}`)).status;
    expect([await end(viewer, 'iris'), await end(everything, 'iris'), await end(everything, 'any')]).toEqual([
      403, 403, 403,
    ]);
    expect([await end(operator, 'oak'), await end(operator, 'any')]).toEqual([403, 403]);
    expect(await end(denied, 'oak')).toBe(404);
    expect([await end(operator, 'iris'), await end(denied, 'any')]).toEqual([200, 200]);
  });

  test('takes in what an Alertmanager tells as an operator of the workspace alone', async () => {
    const statuses = [];
    for (const caller of [viewer, operator, everything, server.as(null)])
      statuses.push((await caller('POST', '/api/v1/alertmanager', {})).status);
    expect(statuses).toEqual([403, 403, 403, 401]);
    const answer = await denied('POST', '/api/v1/alertmanager', {
      ...{ version: '4', groupKey: 'by dan' },
      alerts: [{ status: 'firing', labels: { endpoint: 'oak' }, startsAt: '2026-01-01T00:00:00Z' }],
    });
    // Of what they may not see they say nothing.
    const incident = await admin('GET', `/api/v1/incidents/${String(answer.body['incident'])}`);
    expect([answer.status, incident.body['endpoint']]).toEqual([200, '']);
  });
});
