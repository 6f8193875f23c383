import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier, deploy, hour, lagging } from '../monitoring/support.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

const start = Date.UTC(2026, 2, 2);
const unknown = '0001-01-01T00:00:00Z';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  for (const name of ['iris', 'oak']) await deploy(server, server.ctx, name, classifier([1, 1, 1]));
});
afterAll(() => server.close());

type Said = { readonly labels?: Record<string, string>; readonly [field: string]: unknown };
const time = (hours: number) => new Date(start + hours * hour).toISOString();

/** An alert in the words of an Alertmanager, that began so many hours after the start; `until` another, it is over. */
function alert(from: number, { labels = {}, ...more }: Said = {}, until?: number) {
  return {
    status: until === undefined ? 'firing' : 'resolved',
    labels: { alertname: 'Down', severity: 'critical', ...labels },
    annotations: { summary: 'It does not answer.' },
    startsAt: time(from),
    endsAt: until === undefined ? unknown : time(until),
    generatorURL: 'http://prometheus.example/graph',
    fingerprint: '1a30ba71cca2921f',
    ...more,
  };
}
function body(groupKey: string, alerts: readonly object[], more: object = {}) {
  return {
    ...{ receiver: 'cairn', status: 'firing', groupLabels: {}, commonLabels: {}, commonAnnotations: {} },
    ...{ externalURL: 'http://alertmanager.example', version: '4', truncatedAlerts: 0 },
    groupKey,
    alerts,
    ...more,
  };
}
const post = (sent: unknown) => server.call('POST', '/api/v1/alertmanager', sent);
const say = async (groupKey: string, ...alerts: readonly object[]) => {
  const { status, body: answer } = await post(body(groupKey, alerts));
  expect([status, answer]).toEqual([200, expect.anything()]);
  return answer['incident'] as unknown as string | null;
};
const incident = async (id: string | null) => (await server.call('GET', `/api/v1/incidents/${id}`)).body;
const kinds = (of: JsonObject) => items(of['timeline']).map((entry) => String(entry['kind']));

/** What was told of an incident, and whether channels were. */
async function told(id: string | null): Promise<string[]> {
  const events = await server.ctx.stores.documents('monitors').query<CairnEvent>(
    {
      text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
      values: { aggregate: `incident/~alertmanager/${String(id).split('-').at(-1)}` },
    },
    { key: ['default', '~alertmanager'], consistency: 'strong' },
  );
  return events
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ type, subject }) => [type, subject['why'], subject['told']].filter(Boolean).join(' '));
}

describe('what an Alertmanager tells', () => {
  test('is an incident of its group, from the first that fires until the last is over', async () => {
    const key = '{}:{alertname="Down"}';
    const id = await say(key, alert(0, { labels: { endpoint: 'iris', instance: 'a' } }));
    expect(await incident(id)).toMatchObject({
      ...{ id, monitor: '~alertmanager', endpoint: 'iris', state: 'open', severity: 'critical' },
      ...{ title: 'iris: Down', signals: ['external'], versions: [], resolved_at: null },
      alerts: [
        {
          ...{ signal: 'external', segment: 'endpoint=iris,instance=a', state: 'firing', metric: 'Down' },
          ...{ since: start, fired_at: start, value: null, bounds: null, incident: id },
          text: 'It does not answer.',
        },
      ],
      timeline: [{ kind: 'opened', text: 'Down (endpoint=iris,instance=a): It does not answer.' }],
    });
    const second = alert(1, { labels: { endpoint: 'iris', instance: 'b' } });
    expect(await say(key, alert(0, { labels: { endpoint: 'iris', instance: 'a' } }, 2), second)).toBe(id);
    expect(await incident(id)).toMatchObject({ state: 'open' });
    expect(await say(key, alert(1, { labels: { endpoint: 'iris', instance: 'b' } }, 3))).toBe(id);
    const over = await incident(id);
    expect(over).toMatchObject({ state: 'resolved', resolved_at: expect.any(Number) });
    expect(kinds(over)).toEqual(['opened', 'joined', 'alert-resolved', 'alert-resolved', 'resolved']);
    expect(await told(id)).toEqual(['incident.opened', 'incident.updated joined', 'incident.resolved']);
    const another = await say(key, alert(5, { labels: { endpoint: 'iris', instance: 'a' } }));
    expect(another).not.toBe(id);
    await expect
      .poll(
        async () =>
          items((await server.call('GET', '/api/v1/incidents?endpoint=iris')).body['incidents']).map((each) =>
            String(each['id']),
          ),
        lagging,
      )
      .toEqual([another, id]);
  });

  test('changes nothing when it comes again, late or to many at once', async () => {
    const key = 'again';
    const first = body(key, [alert(0), alert(0, { labels: { instance: 'b', severity: 'info' } })]);
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(first)));
    const ids = new Set(answers.map(({ status, body: answer }) => `${status} ${String(answer['incident'])}`));
    expect(ids.size).toBe(1);
    const id = String(answers[0]?.body['incident']);
    expect(answers[0]?.body).toEqual({ incident: id, state: 'open' });
    const before = await incident(id);
    await post(first);
    expect(await incident(id)).toEqual(before);
    const last = body(key, [alert(0, {}, 1), alert(0, { labels: { instance: 'b', severity: 'info' } }, 1)]);
    for (const sent of [last, last, first]) expect((await post(sent)).status).toBe(200);
    expect(await told(id)).toEqual(['incident.opened', 'incident.resolved']);
    // What was over before it began now says nothing of it.
    const next = await say(key, alert(3));
    await post(last);
    expect(await incident(next)).toMatchObject({ state: 'open' });
    expect(await say('never', alert(0, {}, 1))).toBeNull();
  });

  test('keeps groups apart, also with the same labels', async () => {
    const [one, two] = [await say('one', alert(0)), await say('two', alert(0))];
    expect(one).not.toBe(two);
    await say('one', alert(0, {}, 1));
    expect([(await incident(one))['state'], (await incident(two))['state']]).toEqual(['resolved', 'open']);
  });

  test('is of an endpoint where all of its labels name one, and of the workspace else', async () => {
    const id = await say('of', alert(0, { labels: { endpoint: 'iris' } }));
    expect(await incident(id)).toMatchObject({ endpoint: 'iris' });
    await say('of', alert(0, { labels: { endpoint: 'oak' } }));
    expect(await incident(id)).toMatchObject({ endpoint: '', title: 'Alertmanager: Down' });
    expect(await incident(await say('none', alert(0, { labels: { endpoint: 'nobody' } })))).toMatchObject({
      endpoint: '',
    });
  });

  test('is no news where it says that it comes from here', async () => {
    expect(await say('own', alert(0, { labels: { origin: 'cairn' } }))).toBeNull();
    const id = await say('own', alert(0, { labels: { origin: 'cairn' } }), alert(0));
    expect(items((await incident(id))['alerts'])).toHaveLength(1);
  });

  test('grows more severe with what joins it', async () => {
    const id = await say('severe', alert(0, { labels: { severity: 'none' } }));
    expect(await incident(id)).toMatchObject({ severity: 'info' });
    await say('severe', alert(0, { labels: { severity: 'page', instance: 'b' } }));
    const grown = await incident(id);
    expect(grown).toMatchObject({ severity: 'critical' });
    expect(kinds(grown)).toEqual(['opened', 'joined', 'escalated']);
  });

  test('is not told while it is silenced, and is when it is repeated after that', async () => {
    const until = Date.now() + hour;
    const made = await server.call('POST', '/api/v1/silences', { monitor: '~alertmanager', until });
    expect(made.status).toBe(201);
    const id = await say('silent', alert(0));
    expect(await incident(id)).toMatchObject({ told_at: null, silenced_until: until });
    const never = await say('silent too', alert(0));
    await say('silent too', alert(0, {}, 1));
    await server.call('DELETE', `/api/v1/silences/${String(made.body['id'])}`);
    await say('silent', alert(0));
    await say('silent', alert(0));
    expect(await incident(id)).toMatchObject({ told_at: expect.any(Number), silenced_until: null });
    expect(await told(id)).toEqual(['incident.opened false', 'incident.updated silence-ended']);
    expect(await told(never)).toEqual(['incident.opened false', 'incident.resolved false']);
  });

  test('of hundreds is one incident, and keeps no secret of what it says', async () => {
    const token = ['AKIA', 'ABCDEFGH23456723'].join('');
    const many = (until?: number) =>
      Array.from({ length: 300 }, (_, i) =>
        alert(0, { labels: { instance: String(i) }, annotations: { description: `with ${token}` } }, until),
      );
    const id = await say('many', ...many());
    expect(items((await incident(id))['alerts'])).toHaveLength(300);
    expect(JSON.stringify(await incident(id))).not.toContain(token);
    await say('many', ...many(1));
    const over = await incident(id);
    expect([over['state'], items(over['timeline']).length <= 300]).toEqual(['resolved', true]);
    expect((await told(id)).filter((each) => !each.startsWith('incident.updated'))).toEqual([
      'incident.opened',
      'incident.resolved',
    ]);
  }, 60_000);

  test('is looked after and noted as others are', async () => {
    const id = await say('noted', alert(0));
    const said = await server.call('POST', `/api/v1/incidents/${id}/acknowledge`, { comment: 'mine' });
    expect(said.body['acknowledged']).toMatchObject({ comment: 'mine' });
    await say('noted', alert(0, {}, 1));
    expect(kinds(await incident(id))).toEqual(['opened', 'acknowledged', 'alert-resolved', 'resolved']);
  });

  const one = alert(0);
  test.each([
    ['version', body('k', [one], { version: '3' })],
    ['version', { groupKey: 'k', alerts: [one] }],
    ['groupKey', body('', [one])],
    ['groupKey', { version: '4', alerts: [one] }],
    ['groupKey', body('x'.repeat(16_385), [one])],
    ['alerts', body('k', [])],
    ['alerts', body('k', {} as never)],
    [
      'alerts',
      body(
        'k',
        Array.from({ length: 1001 }, () => one),
      ),
    ],
    ['alerts[0]', body('k', ['x' as never])],
    ['alerts[0].status', body('k', [{ ...one, status: 'pending' }])],
    ['alerts[1].labels', body('k', [one, { ...one, labels: undefined }])],
    ['alerts[0].labels.n', body('k', [{ ...one, labels: { n: 1 } }])],
    ['alerts[0].labels.n', body('k', [{ ...one, labels: { n: 'x'.repeat(4097) } }])],
    [
      'alerts[0].labels',
      body('k', [
        { ...one, labels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`l${i}`, ''])) },
      ]),
    ],
    ['alerts[0].annotations', body('k', [{ ...one, annotations: 'x' }])],
    ['alerts[0].startsAt', body('k', [{ ...one, startsAt: 'yesterday' }])],
    ['alerts[0].startsAt', body('k', [{ ...one, startsAt: undefined }])],
    ['alerts[0].endsAt', body('k', [{ ...one, endsAt: 5 }])],
  ])('is refused with a wrong %s, case %#', async (field, sent) => {
    const { status, body: answer } = await post(sent);
    expect([status, String(answer['field'])]).toEqual([400, field]);
  });

  test('is refused where it is no JSON object or too long', async () => {
    const send = (sent: string) =>
      server.fetch('/api/v1/alertmanager', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: sent,
      });
    const statuses = [];
    for (const sent of ['[', '[]', 'null', '"x"', '', ' '.repeat(4 * 1024 * 1024 + 1)])
      statuses.push((await send(sent)).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 413]);
  });
});
