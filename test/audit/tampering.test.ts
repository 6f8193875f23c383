import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EntryDocument, type HeadDocument, hourOf } from '../../shared/audit/chain/documents.ts';
import { hashOf } from '../../shared/audit/entry.ts';
import { type AuditEntry, exportSegments, recordAudit, verifySegments } from '../../shared/audit/index.ts';
import type { PublicKey } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { type EventDocument, flushRelay } from '../../shared/events/index.ts';
import { type ContainerName, containers } from '../../shared/resources.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { anyEdit, type Files } from './edits.ts';
import { hours, minutes, sourceOf, storedFiles, ten, timed, wholeLog } from './support.ts';

const long = process.env['CAIRN_TEST'] === 'long';

let server: TestServer;
let ctx: Context;
let keys: readonly PublicKey[];
let files: Files;
let head: { seq: number; hash: string };
const now = ten + hours(30);

beforeAll(async () => {
  server = await testServer({
    CAIRN_KEYS_FOLDER: await mkdtemp(join(tmpdir(), 'cairn-audit-keys-')),
  });
  ({ ctx } = server);
  // A day of changes made by HTTP, entered over four hours and exported twice in each.
  let quarter = 0;
  for (const hour of [0, 1, 2, 5])
    for (const part of [0, 30]) {
      await changeThings(quarter++);
      const then = ten + hours(hour) + minutes(part);
      await recordAudit(timed(ctx, then), await pendingEvents());
      await exportSegments(timed(ctx, then + minutes(5)));
    }
  await exportSegments(timed(ctx, now));
  keys = (await ctx.stores.keys?.publicKeys()) ?? [];
  files = new Map([...(await storedFiles(ctx))].map(([name, bytes]) => [name, bytes.toString()]));
  const last = (await wholeLog(ctx)).at(-1);
  head = { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
});
afterAll(async () => {
  await server.close();
  delete process.env['CAIRN_KEYS_FOLDER'];
});

async function changeThings(i: number): Promise<void> {
  const post = (path: string, body: unknown) => server.call('POST', `/api/2.0/mlflow/${path}`, body);
  const { body } = await post('experiments/create', { name: `experiment ${i} ä€😀` });
  const experiment = { experiment_id: body['experiment_id'] };
  for (let n = 0; n < 3; n++)
    await post('experiments/set-experiment-tag', { ...experiment, key: 'k', value: String(n) });
  await post('experiments/delete', experiment);
  await post('registered-models/create', { name: `model ${i}` });
  await flushRelay(ctx.stores);
}

const seen = new Set<string>();

/** Events that are not entered yet, as the queue would name them. */
async function pendingEvents() {
  const found: EventDocument[] = [];
  for (const name of Object.keys(containers) as ContainerName[]) {
    const documents = ctx.stores.documents(name);
    found.push(
      ...(await documents.query<EventDocument>(
        { text: "SELECT * FROM c WHERE c.type = 'event'" },
        { consistency: 'strong' },
      )),
    );
  }
  const fresh = found.filter(({ id }) => !seen.has(id));
  for (const { id } of fresh) seen.add(id);
  return fresh;
}

const verify = (changed: Files, expectedHead: typeof head | undefined = head) =>
  verifySegments(sourceOf(new Map([...changed].map(([name, text]) => [name, Buffer.from(text)]))), {
    keys,
    now,
    ...(expectedHead ? { expectedHead } : {}),
  });
const kindsOf = async (changed: Files, expectedHead?: typeof head) => [
  ...new Set((await verify(changed, expectedHead)).problems.map(({ kind }) => kind)),
];
const same = (a: Files, b: Files) =>
  a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);

describe('a log of changes made by HTTP', () => {
  test('is whole as it stands', async () => {
    const result = await verify(files);
    expect(result).toMatchObject({ ok: true, problems: [], unsignedEntries: 0, verifiedTo: head });
    expect(result.entries).toBeGreaterThan(40);
    expect(result.segments).toBe(4);
  });

  test('is not whole after any edit at any place, by whoever has no key', async () => {
    const tried = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(anyEdit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let changed: Files = files;
        for (const [i, edit] of edits.entries()) {
          // Edits that read what they change need a log that can be read.
          if (i > 0 && edit.name.startsWith('rebuild')) continue;
          changed = await edit.do(changed);
          tried.set(edit.name, (tried.get(edit.name) ?? 0) + 1);
        }
        fc.pre(!same(changed, files));
        expect((await verify(changed)).ok).toBe(false);
      }),
      { numRuns: long ? 10_000 : 300 },
    );
    expect(tried.size).toBe(15);
  });

  const first = '2026/03/01/10';
  const change = (name: string, edit: (lines: string[]) => string[]): Files => {
    const lines = (files.get(name) ?? '').split('\n').slice(0, -1);
    return new Map(files).set(
      name,
      edit(lines)
        .map((line) => `${line}\n`)
        .join(''),
    );
  };
  const without = (...names: string[]): Files =>
    new Map([...files].filter(([name]) => !names.includes(name)));

  test('tells by its kind and number what was done', async () => {
    const entries = `${first}.jsonl`;
    const tampered = await verify(
      change(entries, (lines) => lines.with(2, (lines[2] ?? '').replace('local', 'eve'))),
    );
    expect(tampered.problems[0]).toMatchObject({ kind: 'tampered', segment: '2026-03-01T10', seq: 3 });
    const missing = await verify(change(entries, (lines) => lines.toSpliced(2, 2)));
    expect(missing.problems[0]).toMatchObject({
      kind: 'missing',
      segment: '2026-03-01T10',
      seq: 3,
      message: 'Entries 3 to 4 are gone.',
    });
    expect(await kindsOf(change(entries, (lines) => lines.slice(0, -1)))).toContain('truncated');
    expect(await kindsOf(change(entries, (lines) => lines.toReversed()))).toContain('out-of-order');
    expect(await kindsOf(change(entries, (lines) => [...lines, lines[0] ?? '']))).toContain('out-of-order');
    expect(await kindsOf(without(entries))).toContain('missing');
    expect(await kindsOf(without(`${first}.heads.jsonl`))).toContain('missing-checkpoint');
    const heads = `${first}.heads.jsonl`;
    expect(await kindsOf(change(heads, (lines) => lines.toSpliced(0, 1)))).toContain('missing-checkpoint');
    expect(await kindsOf(change(heads, (lines) => lines.slice(0, 2)))).toContain('missing-checkpoint');
    const restated = change(heads, (lines) =>
      lines.with(0, (lines[0] ?? '').replace(/"entries":\d+/, '"entries":1')),
    );
    expect(await kindsOf(restated)).toContain('signature');
  });

  test('that lost its end whole is told by what is known of it from elsewhere, and by nothing else', async () => {
    const end = '2026/03/01/15';
    const cut = without(`${end}.jsonl`, `${end}.heads.jsonl`);
    expect(await kindsOf(cut)).toEqual(['head']);
    const unknown = await verifySegments(
      sourceOf(new Map([...cut].map(([name, text]) => [name, Buffer.from(text)]))),
      { keys, now },
    );
    expect(unknown.ok).toBe(true);
  });

  test('is not believed by keys that are not those that signed it', async () => {
    const result = await verifySegments(
      sourceOf(new Map([...files].map(([name, text]) => [name, Buffer.from(text)]))),
      { keys: [] },
    );
    expect(new Set(result.problems.map(({ kind }) => kind))).toEqual(new Set(['unknown-key']));
    expect(result.verifiedTo.seq).toBe(0);
  });
});

describe('what is altered in the metadata store', () => {
  const documents = () => ctx.stores.documents('audit');

  async function rowsOf(segment: string): Promise<EntryDocument[]> {
    const rows = await documents().query<EntryDocument>(
      { text: "SELECT * FROM c WHERE c.type = 'audit-entry'" },
      { key: [segment], consistency: 'strong' },
    );
    return rows.toSorted((a, b) => a.entry.seq - b.entry.seq);
  }

  async function replace(segment: string, id: string, doc: object | undefined): Promise<void> {
    const { etag = '' } = (await documents().read([segment], id)) ?? {};
    await documents().write(
      [segment],
      doc ? { op: 'replace', doc: doc as never, etag } : { op: 'delete', id, etag },
    );
  }

  const verified = async () =>
    (await server.call('POST', '/api/v1/audit/verify', {})).body as unknown as {
      ok: boolean;
      problems: { kind: string; seq: number }[];
    };

  test('after it was exported is found, each entry that was changed, added or deleted', async () => {
    expect(await verified()).toMatchObject({ ok: true });
    const segment = '2026-03-01T11';
    const rows = await rowsOf(segment);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(rows.length - 1),
        fc.constantFrom('change', 'rehash', 'delete', 'add'),
        async (i, what) => {
          const row = rows[i];
          const entry: AuditEntry = { ...row.entry, actor: 'mallory' };
          const doc = { ...row, entry: what === 'rehash' ? { ...entry, hash: hashOf(entry) } : entry };
          if (what === 'add')
            await documents().write([segment], { op: 'create', doc: { ...doc, id: 'added' } });
          else await replace(segment, row.id, what === 'delete' ? undefined : doc);
          const { problems } = await verified();
          expect(problems.map(({ kind, seq }) => [kind, seq])).toContainEqual(['store', row.entry.seq]);
          if (what === 'add') await replace(segment, 'added', undefined);
          else if (what === 'delete') await documents().write([segment], { op: 'create', doc: row });
          else await replace(segment, row.id, row);
        },
      ),
      { numRuns: long ? 200 : 12 },
    );
    expect(await verified()).toMatchObject({ ok: true });
  });

  test('before it was exported is exported as it is, and found in the segment', async () => {
    for (const what of ['change', 'delete'] as const) {
      const then = now + hours(what === 'change' ? 1 : 2);
      const event = (seq: number) => ({
        workspace: 'default',
        event: {
          type: 'endpoint.changed' as const,
          aggregate: `endpoint/${what}`,
          seq,
          actor: 'ada',
          requestId: 'r',
          traceparent: '',
          at: then,
          subject: {},
        },
      });
      await recordAudit(timed(ctx, then), [1, 2, 3].map(event));
      const segment = hourOf(then);
      const [, row] = await rowsOf(segment);
      await replace(
        segment,
        row.id,
        what === 'delete' ? undefined : { ...row, entry: { ...row.entry, actor: 'mallory' } },
      );
      await exportSegments(timed(ctx, then + minutes(5)));
      const { problems } = await verified();
      expect(problems.map(({ kind, seq }) => [kind, seq])).toContainEqual([
        what === 'change' ? 'tampered' : 'missing',
        row.entry.seq,
      ]);
    }
  });

  test('as the head of an hour is found when the log goes on from it', async () => {
    const then = now + hours(3);
    const segment = hourOf(now + hours(2));
    const stored = await documents().read<HeadDocument>([segment], 'head');
    const back = { ...stored?.doc, lastSeq: 5, lastHash: `sha256:${'0'.repeat(64)}` };
    await replace(segment, 'head', back);
    await recordAudit(timed(ctx, then), await pendingEvents()).catch(() => undefined);
    await exportSegments(timed(ctx, then + minutes(5))).catch(() => undefined);
    expect((await verified()).ok).toBe(false);
  });
});
