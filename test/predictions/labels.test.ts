import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flushPredictions, readLabels, recordLabels } from '../../shared/predictions/index.ts';
import { classifier, deploy, features } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { askAt } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'logged', classifier());
});
afterAll(() => server.close());

const hour = 3_600_000;

async function ask(name: string, count = 3): Promise<string[]> {
  const { status, body } = await server.call('POST', `/endpoints/${name}/invocations`, {
    dataframe_split: { columns: features, data: Array.from({ length: count }, (_, i) => [i, 1, 2]) },
  });
  expect(status).toBe(200);
  return body['prediction_ids'] as unknown as string[];
}

const feedback = (endpoint: string, labels: unknown) =>
  server.call('POST', '/api/v1/feedback', { endpoint, labels });

async function sendFile(endpoint: string, type: string, body: string | Uint8Array) {
  const response = await server.fetch(`/api/v1/feedback?endpoint=${endpoint}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: Buffer.from(body),
  });
  return {
    status: response.status,
    body: (await response.json()) as { detail?: string; field?: string; recorded?: number },
  };
}

const known = (endpoint: string) =>
  readLabels(server.ctx, { endpoint, from: Date.now() - 48 * hour, to: Date.now() + hour });

async function parts(endpoint: string): Promise<{ name: string }[]> {
  const all = [];
  for await (const part of server.ctx.stores.blobs('predictions').walk(`default/${endpoint}/`))
    all.push(part);
  return all;
}

describe('labels', () => {
  test('may come before their part, join by prediction id, and a repeated call changes nothing', async () => {
    await deploy(server, 'labelled', classifier());
    const [a = '', b = ''] = await ask('labelled');
    const labels = [
      { prediction_id: a, label: 'setosa' },
      { prediction_id: b, label: 4.5 },
    ];
    for (let i = 0; i < 3; i++)
      expect(await feedback('labelled', labels)).toEqual({ status: 200, body: { recorded: 2 } });
    await flushPredictions(server.ctx.stores);
    expect(await known('labelled')).toEqual(
      new Map<string, unknown>([
        [a, 'setosa'],
        [b, 4.5],
      ]),
    );
    const blobs = await parts('labelled');
    expect(blobs.filter(({ name }) => name.includes('/labels/'))).toHaveLength(1);
    expect(blobs.filter(({ name }) => name.includes('/parts/'))).toHaveLength(1);
  });

  test('are filed under the hour of the prediction, the later counts, and a call repeated word for word is no later one', async () => {
    const { ctx } = server;
    await deploy(server, 'corrected', classifier());
    const yesterday = Date.now() - 24 * hour;
    const id = await askAt(ctx, 'corrected', yesterday);
    let now = Date.now();
    const later = () => ({ ...ctx, clock: { now: () => (now += 1000) } });
    for (const label of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'a'])
      await recordLabels(later(), 'corrected', [{ predictionId: id, label }]);
    const range = { endpoint: 'corrected', from: yesterday, to: yesterday + 1 };
    expect(await readLabels(ctx, range)).toEqual(new Map([[id, 'g']]));
    expect(await readLabels(ctx, { endpoint: 'corrected', from: yesterday + 2 * hour, to: now })).toEqual(
      new Map(),
    );
  });

  test('a bad id is refused by its index, and nothing of the call is kept', async () => {
    await deploy(server, 'checked', classifier());
    const [good = ''] = await ask('checked');
    const [foreign = ''] = await ask('logged');
    for (const bad of [
      '',
      'x',
      foreign,
      good.replace(/.$/, (end) => (end === '0' ? '1' : '0')),
      '../../etc',
    ]) {
      const { status, body } = await feedback('checked', [
        { prediction_id: good, label: 'a' },
        { prediction_id: bad, label: 'a' },
      ]);
      expect(status).toBe(400);
      expect(body).toMatchObject({
        field: 'labels[1].prediction_id',
        detail: expect.stringContaining('labels[1]'),
      });
    }
    expect(await known('checked')).toEqual(new Map());
  });

  test('calls that are no feedback are refused', async () => {
    const [id = ''] = await ask('logged');
    const nobody = await feedback('nobody', [{ prediction_id: id, label: 'a' }]);
    expect([nobody.status, nobody.body['field']]).toEqual([404, 'endpoint']);
    for (const labels of [
      undefined,
      [],
      {},
      [id],
      [{ prediction_id: id }],
      [{ prediction_id: id, label: null }],
      [{ prediction_id: id, label: true }],
      [{ prediction_id: id, label: 'x'.repeat(501) }],
      [{ label: 'a' }],
      Array.from({ length: 10_001 }, () => ({ prediction_id: id, label: 'a' })),
    ])
      expect(await feedback('logged', labels)).toMatchObject({ status: 400 });
  });
});

describe('a label of one prediction', () => {
  test('is sent without a list, and refused by the name of its field', async () => {
    await deploy(server, 'single', classifier());
    const [id = ''] = await ask('single');
    const send = (body: object) => server.call('POST', '/api/v1/feedback', { endpoint: 'single', ...body });
    const sent = { prediction_id: id, label: 'setosa' };
    for (let i = 0; i < 2; i++) expect(await send(sent)).toEqual({ status: 200, body: { recorded: 1 } });
    expect(await known('single')).toEqual(new Map([[id, 'setosa']]));
    expect(await send({ ...sent, prediction_id: 'x' })).toMatchObject({
      status: 400,
      body: { field: 'prediction_id' },
    });
    for (const bad of [
      {},
      { prediction_id: id },
      { label: 'a' },
      { ...sent, labels: [sent] },
      { ...sent, more: 1 },
    ])
      expect(await send(bad)).toMatchObject({ status: 400 });
  });
});

describe('a file of labels', () => {
  const csv = (lines: readonly string[]) => `prediction_id,label\n${lines.join('\n')}\n`;

  test('is read as CSV and as lines of JSON, and sent again changes nothing', async () => {
    await deploy(server, 'filed', classifier());
    const [a = '', b = '', c = ''] = await ask('filed');
    const files: [type: string, text: string][] = [
      ['text/csv; charset=utf-8', csv([`${a},setosa`, `"${b}","a ""b"""`, '', `${c},2.5`])],
      ['text/csv', `\ufefflabel,prediction_id\r\nsetosa,${a}\r\n"a ""b""",${b}\r\n2.5,${c}`],
      [
        'application/x-ndjson',
        `{"prediction_id":"${a}","label":"setosa"}\n\n{"label":"a \\"b\\"","prediction_id":"${b}"}\r\n{"prediction_id":"${c}","label":2.5}`,
      ],
    ];
    for (const [type, text] of files) {
      for (let i = 0; i < 2; i++)
        expect(await sendFile('filed', type, text)).toEqual({ status: 200, body: { recorded: 3 } });
      expect(await known('filed')).toEqual(
        new Map<string, unknown>([
          [a, 'setosa'],
          [b, 'a "b"'],
          [c, 2.5],
        ]),
      );
    }
    const stored = (await parts('filed')).filter(({ name }) => name.includes('/labels/'));
    expect(stored).toHaveLength(1);
  });

  test('that is wrong anywhere is refused by its row or line, and nothing of it is kept', async () => {
    await deploy(server, 'wrong', classifier());
    const [id = ''] = await ask('wrong');
    const line = `{"prediction_id":"${id}","label":"a"}`;
    const bad: [type: string, text: string | Uint8Array, said: string][] = [
      ['text/csv', csv([`${id},a`, 'x,b']), 'prediction_id in row 2'],
      ['text/csv', csv([`${id},a`, `${id},b,c`]), 'row 2'],
      ['text/csv', csv([`${id},a`, `${id},`]), 'row 2'],
      ['text/csv', csv([`${id},a`, `${id},${'x'.repeat(501)}`]), 'label in row 2'],
      ['text/csv', csv([`${id},a`, `${id},"open`]), 'row 2'],
      ['text/csv', `id,label\n${id},a`, 'the header'],
      ['text/csv', `prediction_id,label,at\n${id},a,1`, 'the header'],
      ['text/csv', '', 'no labels'],
      ['text/csv', csv([]), 'no labels'],
      ['text/csv', Buffer.concat([Buffer.from(csv([`${id},a`])), Buffer.from([0x78, 0xff, 0x0a])]), 'row 2'],
      ['application/jsonl', `${line}\n\n{"prediction_id":"x","label":"a"}`, 'prediction_id in line 3'],
      ['application/jsonl', `${line}\n{`, 'line 2'],
      ['application/jsonl', `${line}\n[]`, 'line 2'],
      ['application/jsonl', `${line}\n{"prediction_id":"${id}"}`, 'line 2'],
      ['application/jsonl', `${line}\n{"prediction_id":"${id}","label":null}`, 'line 2'],
      ['application/jsonl', `{"prediction_id":"${id}","label":true}`, 'which is 1 or 0 for true'],
      ['application/jsonl', `${line}\n{"prediction_id":"${id}","label":"a","at":1}`, 'line 2'],
      ['application/jsonl', `${line}\n${' '.repeat(70_000)}`, 'line 2'],
      ['application/jsonl', Buffer.concat([Buffer.from(`${line}\n`), Buffer.from([0xff])]), 'UTF-8'],
    ];
    for (const [type, text, said] of bad) {
      const { status, body } = await sendFile('wrong', type, text);
      expect([status, body.detail]).toEqual([400, expect.stringContaining(said)]);
    }
    expect(await known('wrong')).toEqual(new Map());
    const nobody = await sendFile('nobody', 'text/csv', csv([`${id},a`]));
    expect([nobody.status, nobody.body['field']]).toEqual([404, 'endpoint']);
    expect((await sendFile('wrong', 'text/csv; charset=latin1', csv([`${id},a`]))).status).toBe(415);
    expect((await sendFile('', 'text/csv', csv([`${id},a`]))).status).toBe(400);
  });

  test('has 100,000 labels and 16 MB at most', { timeout: 120_000 }, async () => {
    await deploy(server, 'large', classifier());
    const ids: string[] = [];
    for (let call = 0; call < 10; call++) ids.push(...(await ask('large', 10_000)));
    const lines = ids.map((id, i) => `${id},${i % 2 ? 'yes' : 'no'}`);
    expect(await sendFile('large', 'text/csv', csv(lines))).toEqual({
      status: 200,
      body: { recorded: 100_000 },
    });
    expect((await known('large')).size).toBe(100_000);
    expect((await sendFile('large', 'text/csv', csv([...lines, `${ids[0]},no`]))).status).toBe(413);
    const long = Array.from({ length: 40_000 }, () => `${ids[0]},${'x'.repeat(450)}`);
    expect((await sendFile('large', 'text/csv', csv(long))).status).toBe(413);
  });
});
