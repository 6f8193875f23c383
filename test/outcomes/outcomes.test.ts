import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { linearRegressor } from '../../shared/onnx/index.ts';
import { type Outcome, outcomesOf } from '../../shared/outcomes/index.ts';
import { keepQueued, type Label, recordLabels } from '../../shared/predictions/index.ts';
import { removeProfiles } from '../../shared/profiles/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import {
  countedFiles,
  day,
  deployCounted,
  eraseLength,
  hour,
  logAt,
  registerCounted,
  rowsFrom,
} from '../predictions/counted-support.ts';
import { deploy } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
let ctx: Context;
let time = Date.UTC(2026, 2, 3);
beforeAll(async () => {
  server = await testServer();
  await registerCounted(server);
  ctx = { ...server.ctx, clock: { now: () => (time += 1000) } };
});
afterAll(() => server.close());

const start = Date.UTC(2026, 1, 1);

const join = (name: string, from = start, to = start + day) => outcomesOf(ctx, name, { from, to });

async function only(name: string, from = start, to = start + day): Promise<Outcome> {
  const [outcome, ...others] = (await join(name, from, to)).outcomes.values();
  if (!outcome || others.length > 0) throw new Error('There are not outcomes of one version.');
  return outcome;
}

const label = (name: string, ids: readonly string[], of: (row: number) => Label) =>
  recordLabels(
    ctx,
    name,
    ids.map((predictionId, row) => ({ predictionId, label: of(row) })),
  );

/** The classes that the model gives to rows. */
async function classesOf(name: string, rows: readonly (readonly number[])[]): Promise<readonly string[]> {
  const { model } = await targetOf(ctx, name);
  return (await model.score(Float32Array.from(rows.flat()), rows.length)).classes ?? [];
}

describe('outcomes of a window', () => {
  test('hold labels against what was answered, hour by hour, and twice say the same', async () => {
    await deployCounted(server, 'joined');
    const rows = rowsFrom(0, 20);
    const classes = await classesOf('joined', rows);
    const first = await logAt(ctx, 'joined', start + hour, rows);
    const second = await logAt(ctx, 'joined', start + 3 * hour, rows);
    await logAt(ctx, 'joined', start + 5 * hour, rows);
    await label('joined', first, (row) => classes[row] ?? '');
    await label('joined', second.slice(0, 10), (row) => (row < 4 ? 'another' : (classes[row] ?? '')));
    const found = await join('joined', start + 1.5 * hour, start + 3.5 * hour);
    expect([found.from, found.to, found.unmatched]).toEqual([start + hour, start + 4 * hour, 0]);
    const outcome = await only('joined');
    expect([...found.outcomes.values()]).toEqual([outcome]);
    expect(outcome).toMatchObject({ rows: 40, labelled: 30, unusable: 0, numbers: null });
    expect(outcome.classes?.correct).toBe(26);
    const confusion = [...(outcome.classes?.confusion ?? [])];
    const right = confusion.reduce((sum, [predicted, labels]) => sum + (labels.get(predicted) ?? 0), 0);
    const wrong = confusion.reduce((sum, [, labels]) => sum + (labels.get('another') ?? 0), 0);
    expect([right, wrong]).toEqual([26, 4]);
    expect(outcome.errors.map(({ hour: of, every }) => [of, every])).toEqual([
      ['2026020101', 1],
      ['2026020103', 1],
    ]);
    const errors = outcome.errors.flatMap(({ values }) => [...values]);
    expect(errors.reduce((sum, error) => sum + error, 0)).toBe(4);
    const made = await countedFiles(ctx, 'joined', 'outcomes');
    expect([...made.keys()]).toEqual([
      'outcomes/2026-02-01/01/all.outcomes',
      'outcomes/2026-02-01/03/all.outcomes',
    ]);
    expect(await Promise.all([only('joined'), only('joined')])).toEqual([outcome, outcome]);
    expect(await countedFiles(ctx, 'joined', 'outcomes')).toEqual(made);
    for (const name of made.keys()) await ctx.stores.blobs('profiles').remove(`default/joined/${name}`);
    expect(await Promise.all([only('joined'), only('joined'), only('joined')])).toEqual([
      outcome,
      outcome,
      outcome,
    ]);
  });

  test('have late labels, which open their hour alone, and of two labels the later', async () => {
    await deployCounted(server, 'late');
    const rows = rowsFrom(0, 6);
    const classes = await classesOf('late', rows);
    const ids: (readonly string[])[] = [];
    for (const at of [0, 1, 2]) ids.push(await logAt(ctx, 'late', start + at * hour, rows));
    for (const each of ids) await label('late', each.slice(0, 3), (row) => classes[row] ?? '');
    expect(await only('late')).toMatchObject({ labelled: 9, classes: { correct: 9 } });
    const before = await countedFiles(ctx, 'late', 'outcomes');
    await label('late', ids[1]?.slice(3) ?? [], () => 'another');
    await label('late', ids[1]?.slice(0, 1) ?? [], () => 'another');
    expect(await only('late')).toMatchObject({ labelled: 12, classes: { correct: 8 } });
    const changed = [...(await countedFiles(ctx, 'late', 'outcomes'))].filter(
      ([name, etag]) => before.get(name) !== etag,
    );
    expect(changed.map(([name]) => name)).toEqual(['outcomes/2026-02-01/01/all.outcomes']);
    // A call repeated word for word is no later one.
    await label('late', ids[1]?.slice(0, 3) ?? [], (row) => classes[row] ?? '');
    expect(await only('late')).toMatchObject({ labelled: 12, classes: { correct: 8 } });
  });

  test('have labels that came before their part, once it is there, also out of a queue, and once', async () => {
    await deployCounted(server, 'queued', {
      model: 'm',
      alias: 'champion',
      logging: { durability: 'queue' },
    });
    const rows = rowsFrom(0, 4);
    const classes = await classesOf('queued', rows);
    const ids = await logAt(ctx, 'queued', start, rows);
    await label('queued', ids, (row) => classes[row] ?? '');
    const early = await join('queued');
    expect([early.outcomes.size, early.unmatched]).toEqual([0, 4]);
    const [taken] = await ctx.stores.queues.take('predictions', 60);
    const message = taken?.message as object;
    await taken?.done();
    const alone = { groupSeconds: 0, leaseSeconds: 60 };
    for (let turn = 0; turn < 2; turn++) await keepQueued(ctx, message, alone);
    expect(await only('queued')).toMatchObject({ labelled: 4, classes: { correct: 4 } });
    expect((await join('queued')).unmatched).toBe(0);
  });

  test('are not of copies that mirrors answered', async () => {
    await deployCounted(server, 'mirrored');
    const ids = await logAt(ctx, 'mirrored', start, rowsFrom(0, 3), 'mirror');
    await label('mirrored', ids, () => 'setosa');
    const { outcomes, unmatched } = await join('mirrored');
    expect([outcomes.size, unmatched]).toEqual([0, 3]);
  });

  test('of numbers are sums of errors, with what is no number left out', async () => {
    const features = ['length', 'width', 'höhe'];
    await deploy(server, 'doubled', linearRegressor({ features, coefficients: [2, 0, 0], intercept: 0 }));
    const rows = [1, 2, 3, 4].map((length) => [length, 0, 0]);
    const ids = await logAt(ctx, 'doubled', start, rows);
    const labels = [1, '4', 'none', 0];
    await label('doubled', ids, (row) => labels[row] ?? '');
    const { numbers, ...rest } = await only('doubled');
    // Answers 2, 4 and 8 to the labels 1, 4 and 0.
    expect(numbers).toMatchObject({
      count: 3,
      sum: 9,
      absolute: 9,
      squares: 65,
      relative: 1,
      relatives: 2,
      labels: 5,
      labelSquares: 17,
    });
    expect(rest).toMatchObject({ rows: 4, labelled: 3, unusable: 1, classes: null });
    expect(rest.errors[0]?.values).toEqual(Float32Array.of(1, 0, 8));
  });

  test('lose what is erased and what expires', async () => {
    await deployCounted(server, 'erased');
    const ids = await logAt(ctx, 'erased', start, [[1000, 0, 0], ...rowsFrom(0, 5)]);
    await label('erased', ids, () => 'nothing');
    expect(await only('erased')).toMatchObject({ rows: 6, labelled: 6 });
    await eraseLength(ctx, 'erased', '2026020100', 1000);
    expect((await countedFiles(ctx, 'erased', 'outcomes')).size).toBe(0);
    expect(await only('erased')).toMatchObject({ rows: 5, labelled: 5 });
    await label('erased', ids.slice(0, 1), () => 'nothing');
    expect((await join('erased')).unmatched).toBe(0);
    await removeProfiles(ctx, 'erased', '2026020100');
    expect((await countedFiles(ctx, 'erased')).size).toBe(0);
  });

  test('say nothing of answers that the data policy hides', async () => {
    await registerCounted(server, 'people', [{ key: 'cairn.pii.label', value: 'mask' }]);
    await deployCounted(server, 'hidden', { model: 'people', alias: 'champion' });
    const ids = await logAt(ctx, 'hidden', start, rowsFrom(0, 5));
    await label('hidden', ids, () => 'setosa');
    expect(await only('hidden')).toMatchObject({ labelled: 0, unusable: 5, classes: null, errors: [] });
  });
});
