import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LineageGraph } from '../../shared/lineage/index.ts';
import { createRun, logInputs } from '../../shared/tracking/index.ts';
import { eventually } from '../support/eventually.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { arrows, dataset } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const schemaURL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
const producer = 'https://example.org/producer';
const facet = (fields: object) => ({
  _producer: producer,
  _schemaURL: 'https://openlineage.io/spec/facets/1-0-1/Facet.json',
  ...fields,
});

let runs = 0;
function newRunId(): string {
  return `0190a1b2-0000-7000-8000-${String(++runs).padStart(12, '0')}`;
}

function runEvent(runId: string, eventType: string, minute: number, more: object = {}) {
  return {
    eventType,
    eventTime: `2026-01-31T12:${String(minute).padStart(2, '0')}:00.5Z`,
    run: { runId },
    job: { namespace: 'airflow', name: 'daily' },
    inputs: [],
    outputs: [],
    producer,
    schemaURL,
    ...more,
  };
}

const post = (body: unknown, path = '') => server.call('POST', `/api/v1/lineage${path}`, body);

async function lineage(node: string, query = '&depth=10'): Promise<LineageGraph> {
  const { body } = await server.call('GET', `/api/v1/lineage?node=${encodeURIComponent(node)}${query}`);
  return body as unknown as LineageGraph;
}

async function factsOf(node: string) {
  return (await lineage(node, '&depth=1')).nodes[0]?.facts;
}

test('names of a dataset that are longer than a dataset can have are no names of it', async () => {
  const identifiers = Array.from({ length: 5 }, (_, i) => ({
    namespace: `s3://bucket-${i}`,
    name: 'x'.repeat(500_000),
    type: 'TABLE',
  }));
  const data = { inputs: [{ namespace: 'n', name: 'd', facets: { symlinks: facet({ identifiers }) } }] };
  expect(await post(runEvent(newRunId(), 'START', 1, data))).toMatchObject({ status: 200 });
});

test('what is told from outside does not crowd out what the platform knows', async () => {
  const { runId } = await createRun(server.ctx, {});
  await server.call('POST', '/api/2.0/mlflow/registered-models/create', { name: 'crowded' });
  await server.call('POST', '/api/2.0/mlflow/model-versions/create', {
    name: 'crowded',
    source: `runs:/${runId}/model`,
  });
  const parent = facet({
    run: { runId: runId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') },
    job: { namespace: 'n', name: 'j' },
  });
  const events = Array.from({ length: 101 }, () => ({
    ...runEvent(newRunId(), 'START', 1),
    eventTime: '9999-12-31T23:59:59Z',
    run: { runId: newRunId(), facets: { parent } },
  }));
  expect((await post(events, '/batch')).body).toMatchObject({ status: 'success' });
  await eventually(async () => {
    await server.drain();
    const { edges, truncated } = await lineage(`run:${runId}`, '&depth=1&direction=down');
    expect(truncated).toBe(true);
    expect(edges).toHaveLength(100);
    expect(edges.map(({ kind }) => kind)).toContain('generated');
  });
});

describe('an OpenLineage run', () => {
  test('is a node with its job and its datasets', async () => {
    const id = newRunId();
    const data = {
      inputs: [{ namespace: 's3://lake', name: 'raw/orders', facets: { schema: facet({ fields: [] }) } }],
      outputs: [{ namespace: 's3://lake', name: 'clean/orders' }],
    };
    expect(await post(runEvent(id, 'START', 1, data))).toMatchObject({ status: 200, body: {} });
    expect((await post(runEvent(id, 'COMPLETE', 2, data))).status).toBe(200);
    await eventually(async () => {
      const graph = await lineage(`openlineage-run:${id}`, '&depth=1');
      expect(arrows(graph)).toEqual(
        [
          `openlineage-job:airflow/daily ran-as openlineage-run:${id}`,
          `openlineage-dataset:s3://lake/raw/orders read openlineage-run:${id}`,
          `openlineage-run:${id} wrote openlineage-dataset:s3://lake/clean/orders`,
        ].toSorted(),
      );
      expect(graph.nodes[0]).toMatchObject({
        kind: 'openlineage-run',
        label: 'daily',
        facts: {
          namespace: 'airflow',
          status: 'COMPLETE',
          started_at: Date.parse('2026-01-31T12:01:00.5Z'),
          ended_at: Date.parse('2026-01-31T12:02:00.5Z'),
          producer,
        },
      });
    });
    const facets = await server.call(
      'GET',
      '/api/v1/lineage/facets?node=openlineage-dataset:s3://lake/raw/orders',
    );
    expect(facets.body['facets']).toEqual({ schema: facet({ fields: [] }) });
  });

  test('ends as it ended, in whatever order and however often its events come', async () => {
    const events = (id: string) => [
      runEvent(id, 'START', 1, { run: { runId: id, facets: { a: facet({ n: 1 }), b: facet({ n: 1 }) } } }),
      runEvent(id, 'RUNNING', 2, { run: { runId: id, facets: { a: facet({ n: 2 }) } } }),
      runEvent(id, 'FAIL', 3, { run: { runId: id, facets: { errorMessage: facet({ message: 'x' }) } } }),
      runEvent(id, 'OTHER', 4, { run: { runId: id, facets: { b: facet({ n: 4 }) } } }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        async (again, order) => {
          const id = newRunId();
          for (const i of [...order, ...again]) expect((await post(events(id)[i])).status).toBe(200);
          const facets = await server.call('GET', `/api/v1/lineage/facets?node=openlineage-run:${id}`);
          expect(facets.body['facets']).toMatchObject({
            a: { n: 2 },
            b: { n: 4 },
            errorMessage: { message: 'x' },
          });
          expect(await factsOf(`openlineage-run:${id}`)).toEqual({
            namespace: 'airflow',
            job: 'daily',
            status: 'FAIL',
            started_at: Date.parse('2026-01-31T12:01:00.5Z'),
            ended_at: Date.parse('2026-01-31T12:03:00.5Z'),
            producer,
            facets: expect.arrayContaining(['a', 'b', 'errorMessage']),
          });
        },
      ),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 200 : 12 },
    );
  });

  test('is the child of its parent, and of a run of this server', async () => {
    const [parent, child] = [newRunId(), newRunId()];
    const { runId } = await createRun(server.ctx, {});
    const uuid = runId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const of = (id: string) => ({
      run: {
        runId: child,
        facets: { parent: facet({ run: { runId: id }, job: { namespace: 'a', name: 'b' } }) },
      },
    });
    await post(runEvent(child, 'START', 1, of(parent)));
    await post(runEvent(child, 'COMPLETE', 2, of(uuid)));
    await eventually(async () => {
      const up = arrows(await lineage(`openlineage-run:${child}`, '&direction=up&depth=1'));
      expect(up).toContain(`openlineage-run:${parent} parent-of openlineage-run:${child}`);
      expect(up).toContain(`run:${runId} parent-of openlineage-run:${child}`);
    });
  });
});

describe('what is known already', () => {
  test.each(['the run first', 'the event first'])('is joined by place and by digest, %s', async (order) => {
    const name = order.replaceAll(' ', '-');
    const digest = `digest-${name}`;
    const written = {
      outputs: [
        { namespace: 's3a://lake', name: `/${name}.csv` },
        { namespace: 'db', name, facets: { version: facet({ datasetVersion: digest }) } },
      ],
    };
    const id = newRunId();
    const tell = () => post(runEvent(id, 'COMPLETE', 5, written));
    const { runId } = await createRun(server.ctx, {});
    const log = async () => {
      const datasets = [dataset('orders', digest, `s3://lake/${name}.csv`)];
      await logInputs(server.ctx, runId, { datasets, modelIds: [] });
      await server.drain();
    };
    for (const act of order === 'the run first' ? [log, tell] : [tell, log]) await act();
    await eventually(async () => {
      const found = arrows(await lineage(`run:${runId}`, '&direction=up&depth=4'));
      expect(found).toContain(`dataset:${digest} same-as openlineage-dataset:s3a://lake//${name}.csv`);
      expect(found).toContain(`dataset:${digest} same-as openlineage-dataset:db/${name}`);
      expect(found).toContain(`openlineage-run:${id} wrote openlineage-dataset:db/${name}`);
      const down = arrows(await lineage(`openlineage-run:${id}`, '&direction=down&depth=4'));
      expect(down).toContain(`dataset:${digest} used run:${runId}`);
    });
  });

  test('is joined at each place where it was found', async () => {
    const id = newRunId();
    const outputs = [{ namespace: 's3://lake', name: 'second.csv' }];
    await post(runEvent(id, 'COMPLETE', 1, { outputs }));
    for (const place of ['first', 'second']) {
      const { runId } = await createRun(server.ctx, {});
      const datasets = [dataset('moved', 'moved', `s3://lake/${place}.csv`)];
      await logInputs(server.ctx, runId, { datasets, modelIds: [] });
      await server.drain();
    }
    await eventually(async () => {
      const up = arrows(await lineage('dataset:moved', '&direction=up&depth=1'));
      expect(up).toEqual(['dataset:moved same-as openlineage-dataset:s3://lake/second.csv']);
    });
  });

  test('may be named in the namespace of this server', async () => {
    const namespace = `cairn://${new URL(server.ctx.settings.publicUrl).host}/default`;
    const id = newRunId();
    await post(
      runEvent(id, 'COMPLETE', 1, { inputs: [{ namespace, name: 'file:batch-output/e/j/rows.csv' }] }),
    );
    await eventually(async () => {
      const down = arrows(await lineage('file:batch-output/e/j/rows.csv', '&direction=down'));
      expect(down.some((arrow) => arrow.endsWith(`read openlineage-run:${id}`))).toBe(true);
    });
  });
});

describe('other events', () => {
  test('tell of a job and of a dataset by themselves', async () => {
    const { eventType: _, run: __, ...event } = runEvent('', '', 1);
    const job = { namespace: 'dbt', name: 'model' };
    await post({
      ...event,
      job,
      inputs: [{ namespace: 'pg', name: 'a' }],
      outputs: [{ namespace: 'pg', name: 'b' }],
    });
    await eventually(async () => {
      expect(arrows(await lineage('openlineage-job:dbt/model', '&depth=1'))).toEqual([
        'openlineage-dataset:pg/a read openlineage-job:dbt/model',
        'openlineage-job:dbt/model wrote openlineage-dataset:pg/b',
      ]);
    });
    const { job: ___, inputs: ____, outputs: _____, ...bare } = event;
    const ownership = facet({ owners: [] });
    await post({ ...bare, dataset: { namespace: 'pg', name: 'alone', facets: { ownership } } });
    expect((await lineage('openlineage-dataset:pg/alone')).nodes[0]?.facts).toMatchObject({
      facets: ['ownership'],
    });
    const gone = { ownership: { ...ownership, _deleted: true } };
    const eventTime = '2026-01-31T13:00:00Z';
    await post({ ...bare, eventTime, dataset: { namespace: 'pg', name: 'alone', facets: gone } });
    expect((await lineage('openlineage-dataset:pg/alone')).nodes[0]?.facts).not.toHaveProperty('facets');
  });

  test('may be compressed', async () => {
    const id = newRunId();
    const send = (body: Uint8Array<ArrayBuffer>) =>
      server.fetch('/api/v1/lineage', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body,
      });
    expect((await send(gzipSync(JSON.stringify(runEvent(id, 'START', 1))))).status).toBe(200);
    expect(await factsOf(`openlineage-run:${id}`)).toMatchObject({ status: 'START' });
    expect((await send(gzipSync(Buffer.alloc(9 * 1024 * 1024)))).status).toBe(413);
    expect((await send(new Uint8Array([1, 2, 3]))).status).toBe(400);
  });

  test('of a batch are judged each for itself', async () => {
    const [a, b] = [newRunId(), newRunId()];
    const { status, body } = await post(
      [runEvent(a, 'START', 1), { nothing: true }, runEvent(b, 'START', 1), 7, runEvent(a, 'COMPLETE', 2)],
      '/batch',
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'partial_success',
      summary: { received: 5, successful: 3, failed: 2, retriable: 0, non_retriable: 2 },
      failed_events: [
        { index: 1, retriable: false },
        { index: 3, retriable: false },
      ],
    });
    expect(await factsOf(`openlineage-run:${a}`)).toMatchObject({ status: 'COMPLETE' });
    expect((await post([], '/batch')).body).toMatchObject({ status: 'success' });
    expect((await post({}, '/batch')).status).toBe(400);
  });
});

describe('an event that is not as the specification says', () => {
  const good = runEvent('0190a1b2-0000-7000-8000-00000000ffff', 'START', 1);
  test.each<[string, object]>([
    ['run.runId', { run: { runId: 'seven' } }],
    ['run.runId', { run: {} }],
    ['job', { job: undefined }],
    ['job.name', { job: { namespace: 'a' } }],
    ['job.namespace', { job: { namespace: '', name: 'a' } }],
    ['job', { job: { namespace: 'a', name: 'x'.repeat(1500) } }],
    ['eventTime', { eventTime: '2026-01-31' }],
    ['eventTime', { eventTime: '2026-01-31T12:00:00' }],
    ['eventTime', { eventTime: '2026-02-31T99:00:00Z' }],
    ['eventType', { eventType: 'ENDED' }],
    ['producer', { producer: 'me' }],
    ['schemaURL', { schemaURL: undefined }],
    ['inputs', { inputs: {} }],
    ['inputs[0].name', { inputs: [{ namespace: 'a' }] }],
    ['run.facets', { run: { runId: newRunId(), facets: [] } }],
    ['run.facets.a', { run: { runId: newRunId(), facets: { a: 1 } } }],
    ['run.facets.a._producer', { run: { runId: newRunId(), facets: { a: { _schemaURL: 'x:y' } } } }],
    ['job.facets.a._schemaURL', { job: { namespace: 'a', name: 'b', facets: { a: { _producer: 'x:y' } } } }],
    ['outputs', { outputs: Array.from({ length: 1001 }, (_, i) => ({ namespace: 'a', name: `${i}` })) }],
  ])('is refused by the name of %s', async (field, change) => {
    expect(await post({ ...good, ...change })).toMatchObject({ status: 400, body: { field } });
  });

  test('never makes the server fail, whatever it holds', async () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('START', '2026-01-31T12:00:00Z', good.run, good.job),
    );
    const keys = fc.constantFrom(...Object.keys(good), 'dataset', 'facets', '__proto__', 'constructor');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(keys, anything), fc.boolean(), async (change, batch) => {
        const event = { ...good, ...change };
        const { status } = await post(batch ? [event, change] : event, batch ? '/batch' : '');
        expect(status).toBeLessThan(500);
      }),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 3000 : 150 },
    );
  });

  test('may be long and nest deeply: what is too much of a facet is left out, and named', async () => {
    const id = newRunId();
    const deep = (levels: number) =>
      JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as JsonObject;
    const facets = {
      long: facet({ text: 'x'.repeat(40_000) }),
      deep: facet({ deep: deep(1000) }),
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [`f${i}`, facet({ text: 'y'.repeat(30_000) })]),
      ),
    };
    expect((await post(runEvent(id, 'START', 1, { run: { runId: id, facets } }))).status).toBe(200);
    const { body } = await server.call('GET', `/api/v1/lineage/facets?node=openlineage-run:${id}`);
    expect(Object.keys(body['facets'] ?? {})).toHaveLength(8);
    expect(body['left_out']).toEqual(expect.arrayContaining(['long', 'deep', 'f19']));

    const many = { run: { runId: id, facets: { f0: facet({ text: 'z'.repeat(8_300_000) }) } } };
    expect((await post(runEvent(id, 'START', 2, many))).status).toBe(200);
    expect((await post(runEvent(id, 'START', 2, { text: 'z'.repeat(9_000_000) }))).status).toBe(413);
    for (const text of ['['.repeat(100_000), '{"run":'.repeat(100_000), 'null', '"x"', '', '\u0000'])
      for (const path of ['', '/batch']) {
        const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
        expect((await server.fetch(`/api/v1/lineage${path}`, init)).status).toBe(400);
      }
  });
});
