import { afterAll, beforeAll, expect, test } from 'vitest';
import { getIncident, resolveIncident } from '../../shared/alerts/index.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { classifier, deploy, hour } from '../monitoring/support.ts';
import { items, type TestServer, testServer } from '../support/server.ts';
import { failing } from './failing.ts';
import { keepIncident } from './support.ts';

const start = Date.UTC(2026, 2, 2);

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, server.ctx, 'iris', classifier([1, 1, 1]));
});
afterAll(() => server.close());

/** Has an Alertmanager tell of a group whose alerts began so many hours after the start; the id of its incident. */
async function say(groupKey: string, instances: readonly string[], hours = 0): Promise<string> {
  const alerts = instances.map((instance) => ({
    ...{ status: 'firing', labels: { alertname: 'Down', instance, endpoint: 'iris' } },
    ...{ annotations: { summary: 'It does not answer.' }, startsAt: new Date(start + hours * hour) },
  }));
  const sent = { version: '4', groupKey, alerts };
  const { status, body } = await server.call('POST', '/api/v1/alertmanager', sent);
  expect(status).toBe(200);
  return String(body['incident']);
}
const resolve = (id: string, body: object = {}) =>
  server.call('POST', `/api/v1/incidents/${id}/resolve`, body);
const incident = async (id: string) => (await server.call('GET', `/api/v1/incidents/${id}`)).body;
const named = (count: number) => Array.from({ length: count }, (_, i) => String(i));

/** What was told of an incident, and whether channels were. */
async function told(id: string): Promise<string[]> {
  const events = await server.ctx.stores.documents('monitors').query<CairnEvent>(
    {
      text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
      values: { aggregate: `incident/~alertmanager/${id.split('-').at(-1)}` },
    },
    { key: ['default', '~alertmanager'], consistency: 'strong' },
  );
  return events
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ type, subject }) => [type, subject['told']].filter(Boolean).join(' '));
}

test('an incident of an Alertmanager ends with its alerts when somebody says so, once', async () => {
  const id = await say('once', ['a', 'b']);
  const token = ['AKIA', 'ABCDEFGH23456723'].join('');
  const { status, body } = await resolve(id, { comment: `gone, as is ${token}` });
  expect([status, body]).toMatchObject([
    200,
    {
      ...{ state: 'resolved', resolved_at: expect.any(Number) },
      alerts: [{ state: 'resolved' }, { state: 'resolved' }],
      timeline: [
        { kind: 'opened' },
        { kind: 'opened' },
        { kind: 'alert-resolved', text: 'Down (endpoint=iris,instance=a): It does not answer.' },
        { kind: 'alert-resolved' },
        {
          kind: 'resolved',
          by: expect.any(String),
          text: expect.stringMatching(/^Closed by hand: gone, as/),
        },
      ],
    },
  ]);
  expect(JSON.stringify(body)).not.toContain(token);
  const again = await resolve(id, { comment: 'once more' });
  expect([again.status, again.body]).toEqual([200, body]);
  expect(await told(id)).toEqual(['incident.opened', 'incident.resolved']);
});

test('what is repeated of an incident that was closed stays over, what fires anew opens another', async () => {
  const id = await say('anew', ['a', 'b']);
  const closed = (await resolve(id)).body;
  expect(items(closed['timeline']).at(-1)).toMatchObject({ text: 'Closed by hand.' });
  expect(await say('anew', ['a', 'b'])).toBe('null');
  expect(await incident(id)).toEqual(closed);
  const next = await say('anew', ['a'], 1);
  expect(next).not.toBe(id);
  const opened = await incident(next);
  expect([opened['state'], items(opened['alerts']).length]).toEqual(['open', 1]);
  expect(await incident(id)).toMatchObject({ state: 'resolved' });
});

test('of an incident of which nobody was told nobody is told that it is over', async () => {
  const silence = { monitor: '~alertmanager', until: Date.now() + hour };
  const { body } = await server.call('POST', '/api/v1/silences', silence);
  const id = await say('silent', ['a']);
  await server.call('DELETE', `/api/v1/silences/${String(body['id'])}`);
  await resolve(id);
  expect(await told(id)).toEqual(['incident.opened false', 'incident.resolved false']);
});

test('an incident of a monitor ends by its windows alone, and the answer says what to do', async () => {
  const id = await keepIncident(server.ctx, 'iris', 'iris', {});
  const { status, body } = await resolve(id);
  expect([status, String(body['field'])]).toEqual([409, 'id']);
  expect(String(body['detail'])).toMatch(
    /^Incident 'iris-1' is of monitor 'iris', whose alerts end by themselves .*silences.*incidents\/iris-1\/acknowledge/,
  );
  expect(await incident(id)).toMatchObject({ state: 'open' });
  const over = { number: 2, incident: { state: 'resolved', resolvedAt: start } } as const;
  const resolved = await resolve(await keepIncident(server.ctx, 'iris', 'iris', over));
  expect([resolved.status, resolved.body]).toMatchObject([200, { state: 'resolved', resolved_at: start }]);
});

test('hundreds of alerts end, and the incident with the last of them', async () => {
  const id = await say('many', named(300));
  const { body } = await resolve(id, { comment: 'all of it' });
  expect(body['state']).toBe('resolved');
  expect(new Set(items(body['alerts']).map(({ state }) => state))).toEqual(new Set(['resolved']));
  const ends = items(body['timeline']).filter(({ kind }) => String(kind) === 'resolved');
  expect(ends).toHaveLength(1);
  expect((await told(id)).filter((each) => each === 'incident.resolved')).toHaveLength(1);
});

test('many who close it, note something and tell of more at once lose nothing and end it once', async () => {
  const id = await say('at once', ['a', 'b', 'c']);
  const notes = named(6).map((text) => server.call('POST', `/api/v1/incidents/${id}/notes`, { text }));
  const answers = await Promise.all([
    ...named(6).map((comment) => resolve(id, { comment })),
    ...notes,
    ...named(6).map(async (n) => ({ status: 200, body: { said: await say('at once', [n], 1) } })),
  ]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201]));
  const texts = items((await incident(id))['timeline']).flatMap(({ kind, text }) =>
    String(kind) === 'note' ? [String(text)] : [],
  );
  expect(texts.toSorted()).toEqual(named(6));
  expect((await told(id)).filter((each) => each === 'incident.resolved')).toHaveLength(1);
  // Whatever fired before it ended with it, and what came after is of another that is open.
  const ofIt = items((await incident(id))['alerts']).map(({ incident: last, state }) =>
    String(last) === id ? String(state) : 'resolved',
  );
  expect(new Set(ofIt)).toEqual(new Set(['resolved']));
});

test.each(['before', 'after'] as const)(
  'storage that fails %s any of its calls has it end once all the same',
  async (when) => {
    let nth = 0;
    let isStruck = true;
    while (isStruck) {
      const id = await say(`${when} ${++nth}`, named(90));
      const broken = failing(server.ctx, nth, when);
      // Who is told that it failed tries again.
      await resolveIncident(broken.ctx, id, 'gone').catch(() => resolveIncident(server.ctx, id, 'gone'));
      isStruck = broken.struck();
      const { incident: after, alerts } = await getIncident(server.ctx, id);
      expect(after.timeline.filter(({ kind }) => kind === 'alert-resolved')).toHaveLength(90);
      expect(after.timeline.at(-1)).toMatchObject({ kind: 'resolved', text: 'Closed by hand: gone' });
      expect(alerts.filter(({ alert }) => alert.state !== 'resolved')).toEqual([]);
      expect((await told(id)).filter((each) => each === 'incident.resolved')).toHaveLength(1);
    }
    expect(nth).toBeGreaterThan(6);
  },
);

test.each([
  [404, 'id', '~alertmanager-9999', {}],
  [404, 'id', 'nobody', {}],
  [400, 'comment', '~alertmanager-1', { comment: 7 }],
  [400, 'comment', '~alertmanager-1', { comment: null }],
  [400, 'comment', '~alertmanager-1', { comment: 'x'.repeat(1001) }],
  [400, 'text', '~alertmanager-1', { text: 'x' }],
])('answers %i to a wrong %s, case %#', async (status, field, id, body) => {
  const answer = await resolve(id, body);
  expect([answer.status, String(answer.body['field'])]).toEqual([status, field]);
});
