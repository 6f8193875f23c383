import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier, deploy, hour, lagging } from '../monitoring/support.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { keepIncident } from './support.ts';

const start = Date.UTC(2026, 2, 2);

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  for (const name of ['iris', 'oak']) await deploy(server, server.ctx, name, classifier([1, 1, 1]));
  for (let n = 1; n <= 5; n++)
    await keepIncident(server.ctx, 'oak', 'oak', {
      number: n,
      at: start + n * hour,
      incident: n < 5 ? { state: 'resolved', resolvedAt: start + n * hour + 1 } : {},
      alerts: [
        { signal: 'latency', metric: 'p95-ms', segment: `n=${n}`, ...(n < 5 ? { state: 'resolved' } : {}) },
      ],
    });
  await keepIncident(server.ctx, 'iris', 'iris', {
    at: start,
    incident: { severity: 'critical' },
    alerts: [
      {},
      {
        signal: 'performance',
        metric: 'accuracy',
        value: 0.71,
        bounds: { lower: 0.9 },
        severity: 'critical',
        version: 2,
      },
    ],
  });
});
afterAll(() => server.close());

const get = async (path: string) => (await server.call('GET', path)).body;
const post = (path: string, body: unknown) => server.call('POST', path, body);

/** One property of all of a list, page by page. */
async function paged(list: string, property: string, query = ''): Promise<string[]> {
  const found: string[] = [];
  for (let token = '', pages = 0; pages < 20; pages++) {
    const page = await get(`/api/v1/${list}?max_results=2${query}${token}`);
    found.push(...items(page[list]).map((each) => String(each[property])));
    if (page['next_page_token'] === undefined) break;
    token = `&page_token=${String(page['next_page_token'])}`;
  }
  return found;
}

describe('lists', () => {
  test('of incidents are those opened last first, page by page', async () => {
    await expect
      .poll(() => paged('incidents', 'id'), lagging)
      .toEqual(['oak-5', 'oak-4', 'oak-3', 'oak-2', 'oak-1', 'iris-1']);
    await expect
      .poll(() => paged('incidents', 'title', '&state=open'), lagging)
      .toEqual(['oak: latency of n=5', 'iris: feature drift and accuracy']);
  });

  test('of alerts are those that changed last first, page by page, also of one time', async () => {
    await expect
      .poll(() => paged('alerts', 'segment'), lagging)
      .toEqual(['n=5', 'n=4', 'n=3', 'n=2', 'n=1', '', '']);
    expect(new Set(await paged('alerts', 'fingerprint')).size).toBe(7);
  });

  test.each([
    ['incidents', 'endpoint=iris', 1],
    ['incidents', 'monitor=oak&state=resolved', 4],
    ['incidents', 'severity=critical', 1],
    ['incidents', 'severity=info', 0],
    ['alerts', 'state=firing', 3],
    ['alerts', 'monitor=oak&state=resolved', 4],
    ['alerts', 'signal=performance&severity=critical&endpoint=iris', 1],
    ['alerts', 'monitor=nobody', 0],
  ])('of %s are filtered by %s', async (list, query, count) => {
    await expect
      .poll(async () => items((await get(`/api/v1/${list}?${query}`))[list]).length, lagging)
      .toBe(count);
  });

  test.each([
    ['state', 'alerts?state=burning'],
    ['signal', 'alerts?signal=weather'],
    ['max_results', 'alerts?max_results=0'],
    ['max_results', 'alerts?max_results=1001'],
    ['page_token', 'alerts?page_token=e30'],
    ['page_token', 'alerts?page_token=%00'],
    ['monitor', 'alerts?monitor='],
    ['monitor', 'alerts?monitor=a&monitor=b'],
    ['limit', 'alerts?limit=3'],
    ['state', 'incidents?state=firing'],
    ['severity', 'incidents?severity=bad'],
    ['signal', 'incidents?signal=latency'],
    ['page_token', 'incidents?page_token=x'],
    ['endpoint', `incidents?endpoint=${'x'.repeat(201)}`],
    ['state', 'silences?state=firing'],
    ['page_token', 'silences?page_token=x'],
    ['from', 'silences?from=1'],
  ])('refuse a wrong %s: %.40s', async (field, query) => {
    const { status, body } = await server.call('GET', `/api/v1/${query}`);
    expect([status, String(body['field'])]).toEqual([400, field]);
  });
});

describe('an incident', () => {
  test('is told with its alerts and what happened to it', async () => {
    const whole = await get('/api/v1/incidents/iris-1');
    const { alerts, ...incident } = whole;
    expect(incident).toEqual({
      ...{ id: 'iris-1', monitor: 'iris', endpoint: 'iris', number: 1, state: 'open', severity: 'critical' },
      ...{ title: 'iris: feature drift and accuracy', opened_at: start, resolved_at: null },
      ...{ acknowledged: null, silenced_until: null, told_at: start },
      ...{ signals: ['feature-drift', 'performance'], versions: [2, 3], retraining: [] },
      timeline: [{ at: start, kind: 'opened', text: 'it began' }],
    });
    expect(items(alerts)[1]).toEqual({
      fingerprint: expect.stringMatching(/^[\da-f]{16}$/),
      ...{ monitor: 'iris', endpoint: 'iris', signal: 'performance', segment: '', severity: 'critical' },
      ...{ state: 'firing', since: start, fired_at: start, metric: 'accuracy', value: 0.71 },
      ...{ bounds: { lower: 0.9 }, window_end: start, version: 2, text: null, incident: 'iris-1' },
      silenced_until: null,
    });
  });

  test.each([
    'iris-2',
    'iris',
    'iris-0',
    'iris-01',
    'iris-x',
    '-1',
    'nobody-1',
    'iris-99999999999',
    '~silences-1',
  ])('that there is not, as %s, is not found', async (id) => {
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['POST', '/acknowledge', {}],
      ['POST', '/notes', { text: 'x' }],
    ] as const) {
      const answer = await server.call(method, `/api/v1/incidents/${id}${path}`, body);
      expect([answer.status, String(answer.body['field'])]).toEqual([404, 'id']);
    }
  });

  test('is silenced while all that fires in it is', async () => {
    const until = (hours: number) => Date.now() + hours * hour;
    const silence = async (body: object) => String((await post('/api/v1/silences', body)).body['id']);
    const silencedUntil = async () => (await get('/api/v1/incidents/iris-1'))['silenced_until'] as unknown;
    const first = until(2);
    const ids = [await silence({ monitor: 'iris', signal: 'performance', until: first })];
    expect(await silencedUntil()).toBeNull();
    ids.push(await silence({ until: until(4), severity: 'warning' }));
    expect(await silencedUntil()).toBe(first);
    const seen = await get('/api/v1/incidents?monitor=iris');
    expect(items(seen['incidents'])[0]?.['silenced_until']).toBe(first);
    for (const id of ids) await server.call('DELETE', `/api/v1/silences/${id}`);
    expect(await silencedUntil()).toBeNull();
  });
});

describe('who looks after an incident', () => {
  const attend = (id: string, body: unknown = {}) => post(`/api/v1/incidents/${id}/acknowledge`, body);
  const kinds = (body: JsonObject) => items(body['timeline']).map((entry) => String(entry['kind']));

  test('is who said so first, and saying it again changes nothing', async () => {
    const id = await keepIncident(server.ctx, 'iris', 'iris', { number: 2 });
    const first = await attend(id, { comment: 'mine' });
    expect([first.status, String(first.body['acknowledged']?.['comment'])]).toEqual([200, 'mine']);
    const again = await attend(id, { comment: 'mine' });
    expect(again.body).toEqual(first.body);
    expect((await attend(id)).body).toEqual(first.body);
    // What is said besides is not lost.
    const more = await attend(id, { comment: 'also mine' });
    expect(more.body['acknowledged']).toEqual(first.body['acknowledged']);
    expect(kinds(more.body)).toEqual(['opened', 'acknowledged', 'acknowledged']);
  });

  test('is one of many who say so at once', async () => {
    const id = await keepIncident(server.ctx, 'iris', 'iris', { number: 3 });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => attend(id, { comment: `c${i % 6}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const whole = await get(`/api/v1/incidents/${id}`);
    const said = items(whole['timeline']).slice(1);
    expect(said.map((entry) => String(entry['text'])).toSorted()).toEqual(
      Array.from({ length: 6 }, (_, i) => `c${i}`),
    );
    expect(String(whole['acknowledged']?.['comment'])).toBe(String(said[0]?.['text']));
  });

  test('is nobody where it is over', async () => {
    const id = await keepIncident(server.ctx, 'iris', 'iris', { number: 4, incident: { state: 'resolved' } });
    const { status, body } = await attend(id);
    expect([status, String(body['detail'])]).toEqual([
      409,
      `Incident '${id}' is resolved: there is nothing left to look after.`,
    ]);
  });
});

describe('notes', () => {
  const note = (id: string, text: unknown) => post(`/api/v1/incidents/${id}/notes`, { text });

  test('are kept, also of an incident that is over, each with who wrote it, and without secrets', async () => {
    const id = await keepIncident(server.ctx, 'iris', 'iris', { number: 5, incident: { state: 'resolved' } });
    const token = ['AKIA', 'ABCDEFGH23456723'].join('');
    const { status, body } = await note(id, `the key was ${token}`);
    const [, kept] = items(body['timeline']);
    expect(status).toBe(201);
    expect(kept).toMatchObject({ kind: 'note', by: expect.any(String) });
    expect(String(kept?.['text'])).toMatch(/^the key was \[redacted/);
    const all = await server.ctx.stores
      .documents('monitors')
      .query({ text: 'SELECT * FROM c' }, { consistency: 'strong' });
    expect(JSON.stringify(all)).not.toContain(token);
  });

  test.each(['', ' \n\t', undefined])('that say nothing are refused: %j', async (text) => {
    const { status, body } = await note('iris-1', text);
    expect([status, String(body['field'])]).toEqual([400, 'text']);
  });

  test('are not lost where many write at once, and the checks of the monitor too', async () => {
    const id = await keepIncident(server.ctx, 'iris', 'iris', { number: 6 });
    const key = ['default', 'iris'];
    const documents = server.ctx.stores.documents('monitors');
    const changes = 15;
    // As the watcher does it: it reads, and writes by the etag.
    const check = async () => {
      for (let done = 0; done < changes; ) {
        const stored = await documents.read(key, 'incident:00000006');
        const { timeline } = stored!.doc as unknown as { timeline: object[] };
        const entry = { at: start + done, kind: 'joined', text: `joined ${done}` };
        const doc = { ...stored!.doc, timeline: [...timeline, entry] };
        const { outcome } = await documents.write(key, { op: 'replace', doc, etag: stored!.etag });
        if (outcome === 'applied') done++;
      }
    };
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, (_, i) => note(id, `note ${i}`))),
      check(),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const texts = items((await get(`/api/v1/incidents/${id}`))['timeline']).map((each) =>
      String(each['text']),
    );
    expect(texts.toSorted()).toEqual(
      [
        'it began',
        ...Array.from({ length: changes }, (_, i) => `joined ${i}`),
        ...Array.from({ length: 20 }, (_, i) => `note ${i}`),
      ].toSorted(),
    );
  });

  test('are refused where the timeline has no room for them', async () => {
    const entry = { at: start, kind: 'note' as const, text: 'x'.repeat(4000) };
    const timeline = Array.from({ length: 247 }, () => entry);
    const id = await keepIncident(server.ctx, 'iris', 'iris', { number: 7, incident: { timeline } });
    const { status, body } = await note(id, 'x'.repeat(4000));
    expect([status, String(body['title'])]).toEqual([409, 'Conflict']);
  });

  test.each([
    ['text', {}],
    ['text', { text: '' }],
    ['text', { text: 7 }],
    ['text', { text: null }],
    ['text', { text: 'x'.repeat(4001) }],
    ['kind', { text: 'x', kind: 'resolved' }],
    ['by', { text: 'x', by: 'root' }],
  ])('refuse a wrong %s, case %#', async (field, body) => {
    const answer = await post('/api/v1/incidents/iris-1/notes', body);
    expect([answer.status, String(answer.body['field'])]).toEqual([400, field]);
  });
});

describe('silences', () => {
  test('are made, listed and ended', async () => {
    const until = Date.now() + hour;
    const made = await post('/api/v1/silences', {
      monitor: 'oak',
      signal: 'latency',
      until: new Date(until).toISOString(),
      comment: 'moving house',
    });
    const id = String(made.body['id']);
    expect([made.status, made.body]).toEqual([
      201,
      {
        ...{ id, monitor: 'oak', signal: 'latency', segment: null, severity: null, until, state: 'active' },
        ...{ comment: 'moving house', from: expect.any(Number), created_at: expect.any(Number) },
        created_by: expect.any(String),
      },
    ]);
    const listed = async (state: string) =>
      items((await get(`/api/v1/silences?monitor=oak&state=${state}`))['silences']).map((each) =>
        String(each['id']),
      );
    await expect.poll(() => listed('active'), lagging).toEqual([id]);
    const ended = await server.call('DELETE', `/api/v1/silences/${id}`);
    expect([ended.status, String(ended.body['state'])]).toEqual([200, 'expired']);
    await expect.poll(() => listed('active'), lagging).toEqual([]);
    await expect.poll(() => listed('expired'), lagging).toEqual([id]);
    expect((await server.call('DELETE', '/api/v1/silences/none')).status).toBe(404);
  });

  const until = Date.UTC(2100, 0);
  test.each([
    ['until', 400, {}],
    ['until', 400, { until: 'tomorrow' }],
    ['until', 400, { until: '2100-01-01T00:00:00' }],
    ['until', 400, { until: 1 }],
    ['until', 400, { until: -1 }],
    ['until', 400, { until: 1e300 }],
    ['from', 400, { until, from: until }],
    ['from', 400, { until, from: 'x' }],
    ['monitor', 404, { until, monitor: 'nobody' }],
    ['monitor', 400, { until, monitor: '' }],
    ['monitor', 400, { until, monitor: ['iris'] }],
    ['signal', 400, { until, signal: 'weather' }],
    ['severity', 400, { until, severity: 'bad' }],
    ['segment', 400, { until, segment: 'x'.repeat(301) }],
    ['comment', 400, { until, comment: 'x'.repeat(1001) }],
    ['created_by', 400, { until, created_by: 'root' }],
  ])('refuse a wrong %s with %i, case %#', async (field, status, body) => {
    const answer = await post('/api/v1/silences', body);
    expect([answer.status, String(answer.body['field'])]).toEqual([status, field]);
  });

  test.each(['2100-01-01', '2100-01-01T00:00:00'])(
    'say how a time is written that is not %s',
    async (time) => {
      const { body } = await post('/api/v1/silences', { until: time });
      expect(String(body['detail'])).toContain('milliseconds since 1970, or ISO 8601 with a time zone');
    },
  );
});
