import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportSegments, recordAudit } from '../../shared/audit/index.ts';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';
import { eventOf, hours, minutes, ten, timed } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  process.env['CAIRN_KEYS_FOLDER'] = await mkdtemp(join(tmpdir(), 'cairn-audit-keys-'));
  server = await testServer();
  const { ctx } = server;
  // Three hours of two workspaces, an empty month between them.
  const events = [
    { now: ten, event: eventOf('model/a', 1, ten, { type: 'model.created' }), workspace: 'default' },
    { now: ten, event: eventOf('model/a', 2, ten, { type: 'version.created' }), workspace: 'default' },
    {
      now: ten + hours(1),
      event: eventOf('model/a', 3, ten + hours(1), { type: 'version.ready', actor: '=bob()' }),
      workspace: 'default',
    },
    {
      now: ten + hours(1),
      event: eventOf('endpoint/b', 1, ten + hours(1), { reason: 'because, "so"' }),
      workspace: 'team',
    },
    {
      now: ten + hours(700),
      event: eventOf('denials/x', 1, ten + hours(700), {
        type: 'access.denied',
        subject: { route: 'getRun', count: '7' },
      }),
      workspace: 'team',
    },
  ];
  for (const { now, event, workspace } of events) {
    await recordAudit(timed(ctx, now), [{ event, workspace }]);
    await exportSegments(timed(ctx, now + minutes(5)));
  }
  await eventually(async () => {
    if (items((await get('')).body['entries']).length < 5) throw new Error('Not all entries show yet.');
  });
});
afterAll(async () => {
  await server.close();
  delete process.env['CAIRN_KEYS_FOLDER'];
});

const get = (query: string) => server.call('GET', `/api/v1/audit${query}`);
const seqs = (body: JsonObject) => items(body['entries']).map(({ seq }) => Number(seq));

describe('the audit log by HTTP', () => {
  test('lists the newest first, with every field of an entry', async () => {
    const { status, body } = await get('');
    expect([status, seqs(body)]).toEqual([200, [5, 4, 3, 2, 1]]);
    expect(items(body['entries'])[0]).toMatchObject({
      seq: 5,
      at: ten + hours(700),
      workspace: 'team',
      action: 'access.denied',
      outcome: 'denied',
      count: 7,
      aggregate_seq: 1,
      before: null,
      reason: null,
      subject: { route: 'getRun' },
    });
  });

  test.each([
    ['?actor=ada', [5, 4, 2, 1]],
    ['?action=version.*', [3, 2]],
    ['?action=model.created', [1]],
    ['?aggregate=model/a', [3, 2, 1]],
    ['?outcome=denied', [5]],
    ['?request_id=request-2', [2]],
    ['?workspace=team', [5, 4]],
    [`?from=${ten + hours(1)}&to=${ten + hours(2)}`, [4, 3]],
    [`?to=${ten + 1}`, [2, 1]],
    ['?actor=ada&action=version.*&outcome=done', [2]],
    ['?actor=nobody', []],
  ])('finds by %s what fits', async (query, expected) => {
    expect(seqs((await get(query)).body)).toEqual(expected);
  });

  test('pages through entries of one time and over empty months, each once', async () => {
    const seen: number[] = [];
    let token = '';
    do {
      const { body } = await get(`?max_results=2${token}`);
      seen.push(...seqs(body));
      const next = body['next_page_token'] as unknown as string | undefined;
      token = next ? `&page_token=${next}` : '';
    } while (token !== '');
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });

  test.each([
    ['?max_results=0', 'max_results'],
    ['?max_results=x', 'max_results'],
    ['?outcome=maybe', 'outcome'],
    ['?acter=ada', 'acter'],
    ['/state?limit=4', 'limit'],
    ['/segments/2026/03/30/14.jsonl?of=all', 'of'],
    ['?from=yesterday', 'from'],
    ['?to=9007199254740991', 'to'],
    ['?page_token=e30', 'page_token'],
    ['/export?format=xml', 'format'],
    ['/segments?page_token=..', 'page_token'],
    ['/segments?order=up', 'order'],
  ])('refuses %s by naming the field', async (query, field) => {
    const { status, body } = await get(query);
    expect([status, body['field']]).toEqual([400, field]);
  });

  test('is exported whole as JSON Lines, an entry as it is hashed, and as CSV that no spreadsheet runs', async () => {
    const jsonl = await server.fetch('/api/v1/audit/export');
    const lines = (await jsonl.text()).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([5, 4, 3, 2, 1]);
    const csv = await (await server.fetch('/api/v1/audit/export?format=csv&workspace=default')).text();
    expect(csv.split('\n')).toHaveLength(5);
    expect(csv).toContain(",'=bob(),");
    const team = await (await server.fetch('/api/v1/audit/export?format=csv&aggregate=endpoint/b')).text();
    expect(team).toContain('"because, ""so"""');
  });

  test('says where it stands', async () => {
    const { body } = await get('/state');
    expect(body).toMatchObject({
      head: { seq: 5, at: ten + hours(700) },
      last_segment: { name: '2026-03-30T14', first_seq: 5, last_seq: 5 },
      unsigned_entries: 0,
      signing: 'on',
      warning: null,
    });
  });

  test('lists and hands out its segments, in either order, and nothing else of the container', async () => {
    const { body } = await get('/segments');
    expect(items(body['segments'])).toMatchObject([
      { name: '2026-03-30T14', files: ['2026/03/30/14.jsonl', '2026/03/30/14.heads.jsonl'] },
      { name: '2026-03-01T11' },
      { name: '2026-03-01T10' },
    ]);
    const first = await get('/segments?max_results=2&order=oldest');
    const second = await get(
      `/segments?max_results=2&order=oldest&page_token=${String(first.body['next_page_token'])}`,
    );
    const names = [first, second].flatMap(({ body: page }) =>
      items(page['segments']).map(({ name }) => name),
    );
    expect(names).toEqual(['2026-03-01T10', '2026-03-01T11', '2026-03-30T14']);
    const file = await server.fetch('/api/v1/audit/segments/2026/03/01/10.jsonl');
    expect((await file.text()).trim().split('\n')).toHaveLength(2);
    const encoded = await server.fetch('/api/v1/audit/segments/2026%2F03%2F01%2F10.jsonl');
    expect((await encoded.text()).trim().split('\n')).toHaveLength(2);
    for (const name of ['2026/03/01/12.jsonl', '../models/a', '..%2Fmodels%2Fa', '2026/03/01/10', 'x'])
      expect((await get(`/segments/${name}`)).status).toBe(404);
  });

  test('is verified on demand, whole or in part, within the hours that are asked for', async () => {
    const verify = (body: object) => server.call('POST', '/api/v1/audit/verify', body);
    const whole = await verify({});
    expect(whole.body).toMatchObject({
      ok: true,
      segments: 3,
      entries: 5,
      problems: [],
      verified_to: { seq: 5 },
      unsigned_entries: 0,
      not_exported_entries: 0,
    });
    expect((await verify({ from: ten + hours(1) })).body).toMatchObject({
      ok: true,
      segments: 2,
      entries: 3,
    });
    expect((await verify({ to: ten + hours(1) })).body).toMatchObject({ ok: true, segments: 2, entries: 4 });
    const expected = { seq: 9, hash: `sha256:${'a'.repeat(64)}` };
    expect((await verify({ expected_head: expected })).body).toMatchObject({
      ok: false,
      problems: [{ kind: 'head', seq: 9 }],
    });
    expect((await verify({ expected_head: { seq: 1, hash: 'x' } })).status).toBe(400);
  });

  test('finds by itself what was changed in the metadata store alone', async () => {
    const { ctx } = server;
    const documents = ctx.stores.documents('audit');
    const key = ['2026-03-01T10'];
    const [row] = await documents.query<{
      id: string;
      type: string;
      v: number;
      workspace: string;
      entry: object;
    }>(
      { text: "SELECT * FROM c WHERE c.type = 'audit-entry' AND c.entry.seq = 2" },
      { key, consistency: 'strong' },
    );
    const stored = await documents.read(key, row?.id ?? '');
    const doc = { ...row, entry: { ...row?.entry, actor: 'mallory' } } as never;
    const written = await documents.write(key, { op: 'replace', doc, etag: stored?.etag ?? '' });
    const changed = await server.call('POST', '/api/v1/audit/verify', {});
    expect(changed.body).toMatchObject({ ok: false, problems: [{ kind: 'store', seq: 2 }] });
    await documents.write(key, {
      op: 'delete',
      id: row?.id ?? '',
      etag: written.outcome === 'applied' ? (written.etags[0] ?? '') : '',
    });
    const gone = await server.call('POST', '/api/v1/audit/verify', {});
    expect(gone.body).toMatchObject({ ok: false, problems: [{ kind: 'store', seq: 2 }] });
  });

  test('says loudly that nothing is signed where there are no keys', async () => {
    const { stores } = server.ctx;
    const keys = stores.keys;
    Object.assign(stores, { keys: undefined });
    const { body } = await get('/state');
    Object.assign(stores, { keys });
    expect(body).toMatchObject({ signing: 'off' });
    expect(String(body['warning'])).toContain('not signed');
  });
});
