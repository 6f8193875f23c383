import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkNow, type Item } from '../../shared/monitoring/index.ts';
import { signalIn } from '../monitoring/support.ts';
import { rotateHashKey } from '../../shared/privacy/index.ts';
import { createModel, createVersion, moveAlias, setVersionTag } from '../../shared/registry/index.ts';
import { atOnce, createEndpoint, following } from '../../shared/endpoints/index.ts';
import { flushPredictions, type PredictionPart, readPredictions } from '../../shared/predictions/index.ts';
import type { TestServer } from '../support/server.ts';
import { deploy } from '../serving/support.ts';
import {
  askAbout,
  askRows,
  at,
  classifier,
  everything,
  fresh,
  hour,
  keyedServer,
  peopleModel,
  placesOf,
  putPolicy,
} from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await keyedServer();
});
afterAll(() => server.close());

const ann = { person: 'Ann Ünique', age: 4711n, amount: 12.5 };

async function partsOf(endpoint: string): Promise<PredictionPart[]> {
  const now = Date.now();
  const parts: PredictionPart[] = [];
  for await (const part of readPredictions(server.ctx, { endpoint, from: now - hour, to: now + hour }))
    parts.push(part);
  return parts;
}

describe('columns with personal data', () => {
  test('are masked or hashed in the log, and all others stay as they are', async () => {
    await deploy(server, 'people', peopleModel());
    await putPolicy(server, 'people', { pii: { age: 'mask' }, subject_key: 'person' });
    await askAbout(server.ctx, 'people', [ann, { ...ann, person: 'Bob' }, ann]);
    const [part] = await partsOf('people');
    const people = part?.column('in.person') ?? [];
    expect(people[0]).toMatch(/^hashed:[0-9a-f]{8}:[\w-]{43}$/);
    expect(people).toEqual([people[0], expect.not.stringMatching(String(people[0])), people[0]]);
    expect(part?.column('in.age')).toEqual([null, null, null]);
    expect(part?.column('in.amount')).toEqual([12.5, 12.5, 12.5]);
    expect(part?.column('out.value')).toEqual([25, 25, 25]);
    expect(part?.hidden).toEqual(
      new Map([
        ['in.person', { rule: 'hash', type: 'string', key: String(people[0]).split(':')[1] }],
        ['in.age', { rule: 'mask', type: 'int64' }],
      ]),
    );
  });

  test('that are outputs are hidden with the score and the class that are made of them, and labels are not kept', async () => {
    await deploy(server, 'diagnosis', classifier());
    await putPolicy(server, 'diagnosis', { pii: { label: 'hash' } });
    const [id = ''] = await askRows(server.ctx, 'diagnosis', [[1, 1, 0]]);
    const [part] = await partsOf('diagnosis');
    expect(part?.column('out.label')).toEqual([expect.stringMatching(/^hashed:/)]);
    expect(part?.column('class')).toEqual([null]);
    expect(part?.column('score')).toEqual([null]);
    const { status, body } = await server.call('POST', '/api/v1/feedback', {
      endpoint: 'diagnosis',
      labels: [{ prediction_id: id, label: 'yes' }],
    });
    expect({ status, detail: body['detail'] }).toMatchObject({
      status: 409,
      detail: expect.stringContaining("'label'"),
    });
  });

  test('can be tagged by the author of the model: the tags of a version join the policy, and the stricter rule counts', async () => {
    const { ctx } = server;
    await deploy(server, 'tagged', peopleModel());
    await putPolicy(server, 'tagged', { pii: { person: 'hash' } });
    await setVersionTag(ctx, { name: 'tagged', version: 1 }, { key: 'cairn.pii.person', value: 'mask' });
    await setVersionTag(ctx, { name: 'tagged', version: 1 }, { key: 'cairn.pii.age', value: 'email' });
    await askAbout(fresh(ctx), 'tagged', [ann]);
    const [part] = await partsOf('tagged');
    expect(part?.column('in.person')).toEqual([null]);
    expect(part?.column('in.age')).toEqual([null]);
  });

  test('can be tagged on a dataset that the run of the model used, and in its schema', async () => {
    const { ctx } = server;
    const call = (path: string, body: object) => server.call('POST', `/api/2.0/mlflow/${path}`, body);
    const run = (await call('runs/create', { experiment_id: '0' })).body['run']?.['info']?.['run_id'];
    const schema = {
      mlflow_colspec: [
        { name: 'age', type: 'long', pii: 'age' },
        { name: 'amount', type: 'float' },
      ],
    };
    expect(
      await call('runs/log-inputs', {
        run_id: run,
        datasets: [
          {
            tags: [{ key: 'cairn.pii.person', value: 'hash' }],
            dataset: {
              name: 'set',
              digest: 'd',
              source_type: 'local',
              source: '{}',
              schema: JSON.stringify(schema),
            },
          },
        ],
      }),
    ).toMatchObject({ status: 200 });
    await createModel(ctx, { name: 'of-run' });
    const path = `0/${String(run)}/artifacts/model.onnx`;
    await ctx.stores.blobs('artifacts').write(`default/${path}`, peopleModel());
    await createVersion(ctx, { name: 'of-run', source: `mlflow-artifacts:/${path}`, runId: String(run) });
    await server.drain();
    await moveAlias(ctx, { name: 'of-run', alias: 'champion', version: 1 });
    await createEndpoint(ctx, {
      name: 'of-run',
      deployments: [following('of-run', 'champion')],
      rollout: atOnce,
    });
    await server.drain();
    await askAbout(ctx, 'of-run', [ann]);
    const [part] = await partsOf('of-run');
    expect(part?.column('in.person')).toEqual([expect.stringMatching(/^hashed:/)]);
    expect(part?.column('in.age')).toEqual([null]);
    expect(part?.column('in.amount')).toEqual([12.5]);
  });

  test('follow a new policy within seconds, in a part of their own', async () => {
    await deploy(server, 'changing', peopleModel());
    await askAbout(server.ctx, 'changing', [ann]);
    await putPolicy(server, 'changing', { pii: { person: 'hash' } });
    await askAbout(fresh(server.ctx), 'changing', [ann]);
    const values = (await partsOf('changing')).flatMap((part) => part.column('in.person'));
    expect(values.map(String).toSorted()).toEqual([ann.person, expect.stringMatching(/^hashed:/)]);
  });

  test('are hashed by a new key after a rotation, under its id', async () => {
    const { ctx } = server;
    await deploy(server, 'rotated', peopleModel());
    await putPolicy(server, 'rotated', { subject_key: 'person' });
    await askAbout(ctx, 'rotated', [ann]);
    const { keyId } = await rotateHashKey(ctx, 'yearly');
    await askAbout(fresh(ctx), 'rotated', [ann]);
    const keys = (await partsOf('rotated')).map((part) => String(part.column('in.person')[0]).split(':')[1]);
    expect(new Set(keys).size).toBe(2);
    expect(keys).toContain(keyId);
  });

  test('leave no value of theirs in any store, log or error, whatever is asked', async () => {
    const lines: string[] = [];
    const note = (...line: unknown[]) => lines.push(JSON.stringify(line));
    const log = { info: note, warn: note, error: note };
    const ctx = { ...server.ctx, log };
    await deploy(server, 'random', peopleModel());
    await putPolicy(server, 'random', { pii: { age: 'mask' }, subject_key: 'person' });
    const word = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 30 }).map((text) => `s3cret-${text}`);
    // No digits that a rounding error could have, as the measured times of a model do.
    const age = fc.bigInt({ min: 123_456_789_012_345n, max: 987_654_321_098_765n });
    const people = fc.sample(
      fc.record({ person: word, age, amount: fc.float({ noNaN: true, min: -1000, max: 1000 }) }),
      { numRuns: 200, seed: 7 },
    );
    await askAbout(ctx, 'random', people);
    for (const { person, age: secret } of people.slice(0, 20)) {
      // None of these can be answered; what is wrong is said without the value.
      for (const body of [
        JSON.stringify({ dataframe_records: [{ person, age: person, amount: 1 }] }),
        JSON.stringify({ inputs: { person: [[person]], age: [[String(secret)]], amount: [['x']] } }),
        JSON.stringify({ instances: person }),
        `{"inputs": ${person}`,
        `${person},${secret}\n1,2`,
      ]) {
        const csv = !body.startsWith('{');
        const response = await server.fetch('/endpoints/random/invocations', {
          method: 'POST',
          headers: { 'content-type': csv ? 'text/csv' : 'application/json' },
          body,
        });
        expect(response.status).toBe(400);
        const text = await response.text();
        expect(text).not.toContain(person.slice(0, 12));
        expect(text).not.toContain(String(secret));
      }
    }
    await flushPredictions(ctx.stores);
    const stored = [...(await everything(ctx))].map(([place, content]) => `${place} ${content}`).join('\n');
    const all = stored + lines.join('\n');
    expect(all).toContain('hashed:');
    expect(
      people.filter(
        ({ person }) => all.includes(person) || all.includes(JSON.stringify(person).slice(1, -1)),
      ),
    ).toEqual([]);
    expect(people.filter(({ age: secret }) => all.includes(String(secret)))).toEqual([]);
  });

  test('are not in what is kept of a scored file that is no table', async () => {
    const { ctx } = server;
    await deploy(server, 'scored', classifier());
    await putPolicy(server, 'scored', { pii: { member: 'hash' } });
    await ctx.stores.blobs('batch-input').write('scored/file.csv', Buffer.from('a,b,member\n1,2,Zoë-4242\n'));
    const { body } = await server.call('POST', '/api/v1/batch-jobs', {
      endpoint: 'scored',
      input: 'scored/file.csv',
    });
    await server.drain();
    const job = await server.call('GET', `/api/v1/batch-jobs/${String(body['id'])}`);
    expect(job.body).toMatchObject({ status: 'failed', error: { row: 1, column: 'member' } });
    expect(await placesOf(ctx, 'Zoë-4242')).toEqual([]);
  });
});

describe('a monitor of an endpoint with personal data', () => {
  const start = Date.UTC(2026, 3, 1, 8);
  const rowsOf = (count: number, shift: number) =>
    Array.from({ length: count }, (_, i) => [Math.sin(i), Math.cos(i * 7), (i % 5) + shift]);

  async function resultOf(name: string, pii: Record<string, string>, shift = 0) {
    const ctx = at(server.ctx, start - hour);
    const reference = ['a,b,member', ...rowsOf(1000, 0).map(String)].join('\n');
    await ctx.stores.blobs('artifacts').write(`default/sets/${name}.csv`, Buffer.from(`${reference}\n`));
    await createModel(ctx, { name });
    await ctx.stores.blobs('artifacts').write(`default/models/${name}.onnx`, classifier());
    await createVersion(ctx, {
      name,
      source: `mlflow-artifacts:/models/${name}.onnx`,
      tags: [{ key: 'cairn.reference', value: `mlflow-artifacts:/sets/${name}.csv` }],
    });
    await server.drain();
    await moveAlias(ctx, { name, alias: 'champion', version: 1 });
    await createEndpoint(ctx, { name, deployments: [following(name, 'champion')], rollout: atOnce });
    await server.drain();
    await putPolicy(server, name, { pii });
    await askRows(at(server.ctx, start + 60_000), name, rowsOf(500, shift));
    const result = await checkNow(at(server.ctx, start + 2 * hour), name, { from: start, to: start + hour });
    return signalIn(result, 'feature-drift').items;
  }

  test('sees hashed categories drift, since the reference is hashed alike', async () => {
    const feature = (items: readonly Item[]) => items.find(({ name }) => name === 'member');
    expect(feature(await resultOf('hashed-same', { member: 'hash' }))).toMatchObject({
      verdict: 'ok',
      metric: 'psi',
      value: 0,
      basis: 'exact',
    });
    expect(feature(await resultOf('hashed-moved', { member: 'hash' }, 3))).toMatchObject({
      verdict: 'breached',
    });
  });

  test('leaves masked columns out of its verdict, and says so', async () => {
    const items = await resultOf('masked', { member: 'mask' }, 3);
    expect(items).toContainEqual(
      expect.objectContaining({
        name: 'member',
        value: null,
        verdict: 'insufficient-data',
        reason: 'The data policy masks it.',
      }),
    );
    expect(items.filter(({ verdict }) => verdict === 'ok').map(({ name }) => name)).toEqual([
      'features',
      'a',
      'b',
    ]);
  });
});
