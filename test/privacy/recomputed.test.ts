import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { erase, getErasure, requestErasure } from '../../shared/erasure/index.ts';
import { checkNow, getResult, type MonitorResult } from '../../shared/monitoring/index.ts';

import { rowsOf, uploadRows } from '../monitoring/support.ts';
import { createModel, createVersion, deleteVersion, moveAlias } from '../../shared/registry/index.ts';
import { atOnce, createEndpoint, following } from '../../shared/endpoints/index.ts';
import { readPredictions, recordLabels } from '../../shared/predictions/index.ts';
import type { TestServer } from '../support/server.ts';
import { askRows, at, classifier, hour, keyedServer, placesOf, putPolicy } from './support.ts';

const start = Date.UTC(2026, 5, 1, 8);
const subject = 4711;
let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await keyedServer();
  ctx = at(server.ctx, start - hour);
});
afterAll(() => server.close());

async function deploy(name: string, tags: Record<string, string>): Promise<void> {
  await createModel(ctx, { name });
  await ctx.stores.blobs('artifacts').write(`default/models/${name}.onnx`, classifier());
  await createVersion(ctx, {
    name,
    source: `mlflow-artifacts:/models/${name}.onnx`,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  await server.drain();
  await moveAlias(ctx, { name, alias: 'champion', version: 1 });
  await createEndpoint(ctx, { name, deployments: [following(name, 'champion')], rollout: atOnce });
  await server.drain();
  await putPolicy(server, name, { subject_key: 'member' });
}

/** Rows of each hour; `with` the person's among them, whose rows are far off and labelled wrong. */
async function story(name: string, withPerson: boolean): Promise<void> {
  for (const [i, count] of [700, 600, 500].entries()) {
    const during = at(server.ctx, start + i * hour + 60_000);
    const others = rowsOf(i + 1, count, [i / 4, 0, 0]).map(([a = 0, b = 0], row) => [a, b, row % 40]);
    // Their rows lie in requests of their own, so that the ids of the others are of the same rows.
    const theirs = Array.from({ length: 80 }, (_, row) => [9 + row / 100, 9, subject]);
    const groups = [others.slice(0, 300), ...(withPerson ? [theirs] : []), others.slice(300)];
    for (const [at_, rows] of groups.entries()) {
      const moment = at(server.ctx, during.clock.now() + at_);
      const ids = await askRows(moment, name, rows);
      const truth = ([a = 0, b = 0, member]: number[]) => (a + b > 0 && member !== subject ? 'yes' : 'no');
      await recordLabels(
        moment,
        name,
        ids.map((predictionId, row) => ({ predictionId, label: truth(rows[row] ?? []) })),
      );
    }
  }
}

/** What the log has in place of the person: their rows are the ones that are far off. */
async function hashOfPerson(endpoint: string): Promise<string> {
  for await (const part of readPredictions(ctx, { endpoint, from: start, to: start + hour })) {
    const row = part.column('in.a').findIndex((value) => Number(value) >= 9);
    if (row >= 0) return String(part.column('in.member')[row]);
  }
  return '';
}

const windows = [0, 1, 2].map((i) => ({ from: start + i * hour, to: start + (i + 1) * hour }));
const afterwards = () => at(server.ctx, start + 6 * hour);

async function checkAll(name: string): Promise<void> {
  for (const window of windows) await checkNow(afterwards(), name, window);
}

/** What a result says of rows, without its own name and times: calls are of nobody, and stay. */
function figures({ signals, rows, heat, reference, otherVersionsRows, model }: MonitorResult) {
  const said = JSON.stringify({
    signals: signals.filter(({ signal }) => signal !== 'traffic' && signal !== 'latency'),
    rows,
    heat,
    reference,
    otherVersionsRows,
    version: model?.version,
  });
  return JSON.parse(said.replaceAll(/"(monitorId|id|digest)":"[^"]*",?/g, '')) as Record<string, unknown>;
}

const results = (name: string) => Promise.all(windows.map(({ to }) => getResult(ctx, name, to)));

async function eraseSubject(name: string) {
  const { jobId } = await requestErasure(afterwards(), {
    subject: { column: 'member', value: subject },
    endpoint: name,
    reason: 'they asked',
    dryRun: false,
  });
  await erase(at(server.ctx, start + 7 * hour), { jobId });
  return getErasure(ctx, jobId);
}

describe('what a monitor made of rows that are erased', () => {
  test('is made again as if they had never been: first predictions, baseline, and every window', async () => {
    // The sample of a window is drawn by prediction id; below its size all rows are in it.
    for (const name of ['with-person', 'without']) {
      await deploy(name, {});
      await story(name, name === 'with-person');
      await checkAll(name);
    }
    const before = await results('with-person');
    const expected = (await results('without')).map(figures);
    expect(before.map(figures)).not.toEqual(expected);
    const hash = await hashOfPerson('with-person');
    const over = await eraseSubject('with-person');
    expect(over).toMatchObject({
      status: 'finished',
      found: [{ rows: 240, labels: 240, references: 1, windows: 3 }],
    });
    const after = await results('with-person');
    expect(after.map(figures)).toEqual(expected);
    expect(hash).toMatch(/^hashed:/);
    expect(await placesOf(ctx, hash)).toEqual([]);
  });

  test('is left alone where none of them were in it', async () => {
    const reference = await uploadRows(
      ctx,
      'untouched',
      rowsOf(1, 500).map(([a = 0, b = 0], i) => [a, b, i % 40]),
    );
    await deploy('untouched', { 'cairn.reference': reference });
    await story('untouched', false);
    await askRows(at(server.ctx, start + hour + 120_000), 'untouched', [[1, 1, subject]]);
    await checkAll('untouched');
    const before = await results('untouched');
    expect(await eraseSubject('untouched')).toMatchObject({
      found: [{ rows: 1, references: 0, windows: 1 }],
    });
    const after = await results('untouched');
    expect(after[0]).toEqual(before[0]);
    expect(after[2]).toEqual(before[2]);
    expect(after[1]?.rows).toEqual({ reference: 500, current: 600 });
  });

  test('says that it is outdated where it cannot be made again', async () => {
    await deploy('version-gone', {});
    await story('version-gone', true);
    await checkAll('version-gone');
    await createVersion(ctx, { name: 'version-gone', source: 'mlflow-artifacts:/models/version-gone.onnx' });
    await server.drain();
    await moveAlias(ctx, { name: 'version-gone', alias: 'champion', version: 2 });
    await server.drain();
    await deleteVersion(ctx, { name: 'version-gone', version: 1 });
    await server.drain();
    expect(await eraseSubject('version-gone')).toMatchObject({ status: 'finished', found: [{ rows: 240 }] });
    for (const result of await results('version-gone'))
      expect(result.outdated).toMatchObject({ why: 'rows-erased' });
  });
});

describe('what an erasure does not search', () => {
  test('is listed with where to look and why', async () => {
    const reference = await uploadRows(ctx, 'elsewhere', rowsOf(1, 50));
    await deploy('elsewhere', { 'cairn.reference': reference });
    await askRows(at(server.ctx, start), 'elsewhere', [[1, 1, subject]]);
    const inputs = ctx.stores.blobs('batch-input');
    await inputs.write('elsewhere/theirs.csv', Buffer.from('a,b,member\n1,2,4711\n'));
    await inputs.write('elsewhere/others.csv', Buffer.from('a,b\n1,2\n'));
    await ctx.stores
      .blobs('artifacts')
      .write('default/sets/elsewhere.csv', Buffer.from('a,b,member\n1,2,3\n'));
    const { elsewhere } = await eraseSubject('elsewhere');
    expect(elsewhere).toEqual([
      {
        kind: 'batch-input',
        endpoint: 'elsewhere',
        name: 'elsewhere/theirs.csv',
        why: "It has a column 'member'.",
      },
      {
        kind: 'dataset',
        endpoint: 'elsewhere',
        name: 'mlflow-artifacts:/sets/elsewhere.csv',
        why: "Named by version 1 of 'elsewhere'. It has a column 'member'.",
      },
    ]);
  });
});
