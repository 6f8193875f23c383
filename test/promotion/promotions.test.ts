import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import type { DatasetRef } from '../../shared/datasets/index.ts';
import { CairnError } from '../../shared/http/index.ts';
import {
  approvePromotion,
  cancelPromotion,
  endPolicy,
  getPolicy,
  getPromotion,
  listPolicies,
  overridePromotion,
  type Promotion,
  putPolicy,
  rejectPromotion,
  requestPromotion,
  setAlias,
  setStage,
} from '../../shared/promotion/index.ts';
import {
  aliasHolder,
  deleteModel,
  deleteVersion,
  modelByName,
  moveAlias,
  rollbackAlias,
  setVersionTag,
  stageOf,
} from '../../shared/registry/index.ts';
import { writeModel } from '../../shared/onnx/index.ts';
import { createExperiment, createRun, logToRun } from '../../shared/tracking/index.ts';
import { eventually } from '../support/eventually.ts';
import { testInstances } from '../support/instances.ts';
import {
  addVersion,
  advanced,
  as,
  at,
  classifier,
  codeOf,
  dueAt,
  evaluationCsv,
  evaluationSet,
  guard,
  movesOf,
  registered,
} from './support.ts';

let stack: Awaited<ReturnType<typeof testInstances>>;
let instances: Context[];
let ctx: Context;
beforeAll(async () => {
  stack = await testInstances(3);
  ({ instances } = stack);
  const [first] = instances;
  if (first) ctx = as(first, 'ada');
});
afterAll(() => stack.close());

const target = { alias: 'champion' };
const approvals = { gate: 'approvals', count: 1 } as const;
const tags = { gate: 'required-tags', tags: ['owner'] } as const;
const owner = [{ key: 'owner', value: 'ada' }];
const asked = async (name: string, version: number, from: Context = ctx): Promise<Promotion> =>
  (await requestPromotion(from, { name, version, target })).promotion;
const holderOf = async (name: string) => aliasHolder(await modelByName(ctx, name), 'champion');
const approve = (name: string, number: number, by = 'bob') => approvePromotion(as(ctx, by), { name, number });
const statusOf = async (name: string, number: number) => (await getPromotion(ctx, name, number)).status;
const gatesOf = ({ judged }: Promotion) =>
  Object.fromEntries((judged?.gates ?? []).map(({ key, status }) => [key, status]));

describe('a promotion', () => {
  test('without a policy has no gates, moves at once, and is in the history', async () => {
    await registered(ctx, 'free', [{}]);
    const promotion = await advanced(ctx, await asked('free', 1));
    expect(promotion).toMatchObject({ status: 'promoted', judged: { policyVersion: null, gates: [] } });
    expect(await movesOf(ctx, promotion.modelId)).toMatchObject([
      { to: 1, cause: { kind: 'promotion', promotion: 1 }, actor: 'ada' },
    ]);
  });

  test('asked for again while it is open, or under its key, is the same one', async () => {
    await registered(ctx, 'same', [{}, {}]);
    await guard(ctx, 'same', approvals);
    const wish = { name: 'same', version: 1, target, key: 'ci-17' };
    const made = await Promise.all(instances.map((each) => requestPromotion(as(each, 'ada'), wish)));
    expect(new Set(made.map(({ promotion }) => promotion.number))).toEqual(new Set([1]));
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect((await asked('same', 1)).number).toBe(1);
    await cancelPromotion(ctx, { name: 'same', number: 1 });
    expect((await asked('same', 1)).number).toBe(2);
    expect((await requestPromotion(ctx, wish)).promotion).toMatchObject({ number: 1, status: 'cancelled' });
    expect(await codeOf(requestPromotion(ctx, { ...wish, version: 2 }))).toBe('invalid');
  });

  test('judges every gate, from what is stored', async () => {
    const experiment = await createExperiment(ctx, { name: 'gates' });
    const run = await createRun(ctx, { experimentId: experiment.experimentId, startTime: 1 });
    await logToRun(ctx, run.runId, {
      metrics: [
        { key: 'auc', value: 0.9, timestamp: 1, step: 1 },
        { key: 'auc', value: 0.7, timestamp: 2, step: 2 },
        { key: 'loss', value: Number.NaN, timestamp: 1, step: 1 },
      ],
    });
    const set = await evaluationSet(ctx);
    await registered(ctx, 'gates', [
      { onnx: classifier(0.1), tags: [set] },
      { onnx: classifier(0.3), tags: [set, { ...set, key: 'cairn.reference' }] },
    ]);
    await moveAlias(ctx, { name: 'gates', alias: 'champion', version: 1 });
    await guard(
      ctx,
      'gates',
      tags,
      { gate: 'metric', key: 'auc', atLeast: 0.8 },
      { gate: 'no-regression', metric: 'accuracy', margin: 0.01, rowsMin: 100, confidence: 0.95 },
      { gate: 'schema' },
      { gate: 'inspection' },
      { gate: 'signature' },
      { gate: 'evaluation-drift', threshold: 0.2 },
      approvals,
      { gate: 'freeze', windows: [{ from: 0, to: 1, reason: 'long ago' }] },
    );
    const promotion = await advanced(ctx, await asked('gates', 2));
    expect(promotion.status).toBe('refused');
    expect(gatesOf(promotion)).toEqual({
      'required-tags': 'failed',
      'metric:auc': 'failed',
      'no-regression:accuracy': 'failed',
      schema: 'passed',
      inspection: 'passed',
      signature: 'failed',
      'evaluation-drift': 'passed',
      approvals: 'waiting',
      freeze: 'passed',
    });
    expect(await holderOf('gates')).toBe(1);
    expect((await modelByName(ctx, 'gates')).policy?.signedOnly).toBe(true);
  });

  test('takes the last value that the run of the version logged', async () => {
    const experiment = await createExperiment(ctx, { name: 'metrics' });
    const run = await createRun(ctx, { experimentId: experiment.experimentId, startTime: 1 });
    await logToRun(ctx, run.runId, {
      metrics: [
        { key: 'auc', value: 0.7, timestamp: 1, step: 1 },
        { key: 'auc', value: 0.9, timestamp: 2, step: 2 },
      ],
    });
    await registered(ctx, 'metrics', []);
    await addVersion(ctx, 'metrics', { runId: run.runId });
    await guard(ctx, 'metrics', { gate: 'metric', key: 'auc', atLeast: 0.8 });
    const promotion = await advanced(ctx, await asked('metrics', 1));
    expect(promotion).toMatchObject({
      status: 'promoted',
      judged: { gates: [{ inputs: { value: 0.9, source: `run:${run.runId}` } }] },
    });
  });

  test('without a set to judge by is refused with what is missing, and not failed', async () => {
    await registered(ctx, 'setless', [{ onnx: classifier(0.1) }, { onnx: classifier(0.2) }]);
    await moveAlias(ctx, { name: 'setless', alias: 'champion', version: 1 });
    await guard(ctx, 'setless', {
      gate: 'no-regression',
      metric: 'auc',
      margin: 0,
      rowsMin: 50,
      confidence: 0.9,
    });
    const promotion = await advanced(ctx, await asked('setless', 2));
    expect(promotion.status).toBe('refused');
    expect(promotion.judged?.gates[0]).toMatchObject({
      status: 'error',
      says: expect.stringContaining('cairn.evaluation') as string,
    });
  });

  test('waits for a version that is being read, and goes on when it has been', async () => {
    await registered(ctx, 'reading', [{}]);
    await guard(ctx, 'reading', { gate: 'inspection' });
    expect((await advanced(ctx, await asked('reading', 1))).status).toBe('waiting');
    await setVersionTag(ctx, { name: 'reading', version: 1 }, { key: 'any', value: 'change' });
    // Still pending: judged again, since the version changed, and waiting again.
    expect((await advanced(ctx, await asked('reading', 1))).judged?.versionSeq).toBe(2);
  });

  test('approved days later is judged again before it moves anything', async () => {
    const path = 'sets/overwritten.csv';
    const write = (csv: string) => ctx.stores.blobs('artifacts').write(`default/${path}`, Buffer.from(csv));
    const rows = evaluationCsv(400);
    await write(rows);
    const set = { key: 'cairn.evaluation', value: `mlflow-artifacts:/${path}` };
    await registered(ctx, 'patient', [{ onnx: classifier(0.2) }, { onnx: classifier(0.1), tags: [set] }]);
    await moveAlias(ctx, { name: 'patient', alias: 'champion', version: 1 });
    await guard(ctx, 'patient', approvals, {
      gate: 'no-regression',
      metric: 'accuracy',
      margin: 0,
      rowsMin: 50,
      confidence: 0.9,
    });
    const promotion = await advanced(ctx, await asked('patient', 2));
    expect(promotion.status).toBe('waiting');
    // The same rows with every truth turned round.
    await write(rows.replaceAll(',yes', ',?').replaceAll(',no', ',yes').replaceAll(',?', ',no'));
    const later = at(ctx, Date.now() + 11 * 60_000);
    await approvePromotion(as(later, 'bob'), { name: 'patient', number: promotion.number });
    expect(await advanced(later, promotion)).toMatchObject({ status: 'refused' });
  });

  test('is judged on the rows that the policy names, whatever the author named', async () => {
    // By the author's rows the second version is the better one: every truth in them is its mistake.
    const friendly = evaluationCsv(400)
      .replaceAll(',yes', ',?')
      .replaceAll(',no', ',yes')
      .replaceAll(',?', ',no');
    await ctx.stores.blobs('artifacts').write('default/sets/friendly.csv', Buffer.from(friendly));
    const own = { key: 'cairn.evaluation', value: 'mlflow-artifacts:/sets/friendly.csv' };
    await registered(ctx, 'chosen', [{ onnx: classifier(0.1) }, { onnx: classifier(0.9), tags: [own] }]);
    await moveAlias(ctx, { name: 'chosen', alias: 'champion', version: 1 });
    const terms = {
      gate: 'no-regression',
      metric: 'accuracy',
      margin: 0,
      rowsMin: 50,
      confidence: 0.95,
    } as const;
    const evaluation = JSON.parse((await evaluationSet(ctx)).value) as DatasetRef;
    await guard(ctx, 'chosen', { ...terms, evaluation });
    expect((await advanced(ctx, await asked('chosen', 2))).judged?.gates).toMatchObject([
      { status: 'failed', inputs: { evaluation: { uri: evaluation.uri } } },
    ]);
    await guard(ctx, 'chosen', {
      ...terms,
      evaluation: { ...evaluation, digest: `sha256:${'0'.repeat(64)}` },
    });
    expect((await advanced(ctx, await asked('chosen', 2))).judged?.gates).toMatchObject([
      { status: 'error', says: expect.stringContaining('digest') as string },
    ]);
    await guard(ctx, 'chosen', terms);
    expect((await advanced(ctx, await asked('chosen', 2))).status).toBe('promoted');
  });

  test('asks the model in a process of its own, and is refused where it cannot answer', async () => {
    const evaluation = await evaluationSet(ctx);
    const onOneRow = writeModel({
      graph: {
        inputs: [{ name: 'x', kind: 'tensor', elementType: 'float32', shape: ['n', 2] }],
        outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['n', 1] }],
        nodes: [
          { op: 'Reshape', inputs: ['x', 'two'], outputs: ['row'] },
          { op: 'MatMul', inputs: ['row', 'weights'], outputs: ['y'] },
        ],
        initializers: [
          { name: 'two', type: 'int64', shape: [2], data: BigInt64Array.of(1n, 2n) },
          { name: 'weights', type: 'float32', shape: [2, 1], data: Float32Array.of(1, 1) },
        ],
      },
      metadata: { 'cairn.features': '["a","b"]' },
    });
    await registered(ctx, 'aside', [{ onnx: classifier(0.1) }, { onnx: onOneRow, tags: [evaluation] }]);
    await moveAlias(ctx, { name: 'aside', alias: 'champion', version: 1 });
    await guard(ctx, 'aside', {
      gate: 'no-regression',
      metric: 'accuracy',
      margin: 0.1,
      rowsMin: 100,
      confidence: 0.95,
    });
    const refused = await advanced(ctx, await asked('aside', 2));
    expect([refused.status, refused.judged?.gates]).toMatchObject([
      'refused',
      [{ status: 'error', says: expect.stringContaining('does not answer to these rows') as string }],
    ]);
  });

  test('stays to be judged while a store does not answer, and is given up after an hour', async () => {
    const set = await evaluationSet(ctx);
    await registered(ctx, 'storm', [{ onnx: classifier(0.1) }, { onnx: classifier(0.2), tags: [set] }]);
    await moveAlias(ctx, { name: 'storm', alias: 'champion', version: 1 });
    await guard(ctx, 'storm', {
      gate: 'no-regression',
      metric: 'mae',
      margin: 0,
      rowsMin: 50,
      confidence: 0.9,
    });
    const promotion = await asked('storm', 2);
    const blobs = () => {
      throw new CairnError('unavailable', 'Storage does not answer.');
    };
    const stormy: Context = { ...ctx, stores: { ...ctx.stores, blobs } };
    expect(await codeOf(advanced(stormy, promotion))).toBe('unavailable');
    expect(await statusOf('storm', 1)).toBe('evaluating');
    expect(await dueAt(ctx, promotion)).toBeDefined();
    expect(await advanced(at(stormy, Date.now() + 3_600_001), promotion)).toMatchObject({
      status: 'failed',
      reason: 'It could not be judged within an hour.',
    });
  });

  test('of a version that is there already is refused at once', async () => {
    await registered(ctx, 'there', [{}]);
    await moveAlias(ctx, { name: 'there', alias: 'champion', version: 1 });
    expect(await codeOf(asked('there', 1))).toBe('conflict');
    expect(await codeOf(asked('there', 9))).toBe('not-found');
    expect(await codeOf(asked('nowhere', 1))).toBe('not-found');
    expect(await codeOf(requestPromotion(ctx, { name: 'there', version: 1, target: { alias: 'v1' } }))).toBe(
      'invalid',
    );
  });

  test('is one of at most seven that are open to a target', async () => {
    await registered(
      ctx,
      'many',
      Array.from({ length: 8 }, () => ({})),
    );
    await guard(ctx, 'many', approvals);
    for (let version = 1; version <= 7; version++) await asked('many', version);
    expect(await codeOf(asked('many', 8))).toBe('too-many');
  });
});

describe('people', () => {
  test('approve once each, and neither what they registered nor what they asked for', async () => {
    await registered(as(ctx, 'eve'), 'people', [{}]);
    await guard(ctx, 'people', { gate: 'approvals', count: 2 });
    await asked('people', 1);
    expect(await codeOf(approve('people', 1, 'ada'))).toBe('forbidden');
    expect(await codeOf(approve('people', 1, 'eve'))).toBe('forbidden');
    await Promise.all(['bob', 'bob', 'cid', 'bob'].map((by) => approve('people', 1, by)));
    const promotion = await advanced(ctx, await asked('people', 1));
    expect(promotion.status).toBe('promoted');
    expect(promotion.approvals.map(({ by }) => by).toSorted()).toEqual(['bob', 'cid']);
    expect(await codeOf(approve('people', 1, 'dan'))).toBe('conflict');
  });

  test('reject for good; cancel what is theirs', async () => {
    await registered(ctx, 'ends', [{}]);
    await guard(ctx, 'ends', approvals);
    await asked('ends', 1);
    expect(await codeOf(cancelPromotion(as(ctx, 'bob'), { name: 'ends', number: 1 }))).toBe('forbidden');
    const bob = as(ctx, 'bob');
    await rejectPromotion(bob, { name: 'ends', number: 1, reason: 'no' });
    expect((await rejectPromotion(bob, { name: 'ends', number: 1, reason: 'no' })).status).toBe('rejected');
    for (const late of [
      () => approve('ends', 1),
      () => overridePromotion(ctx, { name: 'ends', number: 1, reason: 'yes' }),
      () => cancelPromotion(ctx, { name: 'ends', number: 1 }),
    ])
      expect(await codeOf(late())).toBe('conflict');
    expect(await codeOf(approve('ends', 7))).toBe('not-found');
  });

  test('override the gates that failed, with a reason that stays; a gate that fails later is not covered', async () => {
    await registered(ctx, 'override', [{}]);
    await guard(ctx, 'override', tags, approvals);
    const { number } = await advanced(ctx, await asked('override', 1));
    const override = { name: 'override', number, reason: 'it burns' };
    expect(await statusOf('override', number)).toBe('refused');
    await overridePromotion(as(ctx, 'root'), override);
    await guard(ctx, 'override', tags, approvals, { gate: 'metric', key: 'auc', atLeast: 1 });
    const again = await advanced(ctx, await getPromotion(ctx, 'override', number));
    expect(again.status).toBe('refused');
    expect(gatesOf(again)).toEqual({
      'required-tags': 'overridden',
      approvals: 'overridden',
      'metric:auc': 'failed',
    });
    await overridePromotion(as(ctx, 'root'), override);
    const done = await advanced(ctx, again);
    expect(done).toMatchObject({ status: 'promoted', override: { by: 'root', reason: 'it burns' } });
    expect(gatesOf(done)).toEqual({
      'required-tags': 'overridden',
      approvals: 'overridden',
      'metric:auc': 'overridden',
    });
  });

  test('override nothing while it is being judged, and never a version that was deleted', async () => {
    await registered(ctx, 'deleted', [{}]);
    await guard(ctx, 'deleted', tags);
    const promotion = await asked('deleted', 1);
    const override = { name: 'deleted', number: 1, reason: 'it burns' };
    expect(await codeOf(overridePromotion(ctx, override))).toBe('conflict');
    await advanced(ctx, promotion);
    await deleteVersion(ctx, { name: 'deleted', version: 1 });
    await overridePromotion(ctx, override);
    expect(await advanced(ctx, promotion)).toMatchObject({
      status: 'failed',
      reason: 'Version 1 was deleted.',
    });
    expect(await holderOf('deleted')).toBeUndefined();
  });
});

describe('a freeze', () => {
  test('holds a promotion until the timer finds it over', async () => {
    const now = Date.now();
    const end = now + 3_600_000;
    await registered(ctx, 'frozen', [{}]);
    await guard(ctx, 'frozen', { gate: 'freeze', windows: [{ from: now - 1, to: end, reason: 'release' }] });
    const promotion = await advanced(ctx, await asked('frozen', 1));
    expect(promotion).toMatchObject({ status: 'waiting', judged: { gates: [{ inputs: { until: end } }] } });
    expect(await dueAt(ctx, promotion)).toBe(end);
    expect((await advanced(at(ctx, end - 1), promotion)).status).toBe('waiting');
    expect((await advanced(at(ctx, end), promotion)).status).toBe('promoted');
    await advanced(ctx, promotion);
    expect(await dueAt(ctx, promotion)).toBeUndefined();
  });
});

describe('what changes meanwhile', () => {
  async function waiting(name: string) {
    await registered(ctx, name, [{ tags: owner }, { tags: owner }, { tags: owner }]);
    await guard(ctx, name, tags, approvals);
    return advanced(ctx, await asked(name, 2));
  }

  test('a champion that moved, a policy or a version that changed: it is judged anew', async () => {
    const promotion = await waiting('changes');
    await endPolicy(ctx, 'changes');
    await moveAlias(ctx, { name: 'changes', alias: 'champion', version: 1 });
    await guard(ctx, 'changes', tags, approvals);
    expect((await advanced(ctx, promotion)).judged).toMatchObject({ champion: 1, policyVersion: 3 });
    await setVersionTag(ctx, { name: 'changes', version: 2 }, { key: 'owner', value: '' });
    await approve('changes', promotion.number);
    expect((await advanced(ctx, promotion)).status).toBe('refused');
    expect(await holderOf('changes')).toBe(1);
  });

  test('a policy that ended lets it go', async () => {
    const promotion = await waiting('ended');
    await endPolicy(ctx, 'ended');
    expect((await advanced(ctx, promotion)).status).toBe('promoted');
  });

  test('a version or a model that was deleted ends it', async () => {
    const promotion = await waiting('lost');
    await deleteVersion(ctx, { name: 'lost', version: 2 });
    expect((await advanced(ctx, promotion)).status).toBe('failed');
    const other = await advanced(ctx, await asked('lost', 3));
    await endPolicy(ctx, 'lost');
    await deleteModel(ctx, 'lost');
    expect((await advanced(ctx, other)).status).toBe('waiting');
    expect(await codeOf(getPromotion(ctx, 'lost', other.number))).toBe('not-found');
  });

  test('a newer promotion that wins supersedes an older open one, and not the other way round', async () => {
    const older = await waiting('newer');
    const newer = await advanced(ctx, await asked('newer', 3));
    await approve('newer', newer.number);
    expect((await advanced(ctx, newer)).status).toBe('promoted');
    expect(await getPromotion(ctx, 'newer', older.number)).toMatchObject({
      status: 'superseded',
      supersededBy: 2,
    });
    const [first, second] = [await asked('newer', 1), await asked('newer', 2)];
    await approve('newer', first.number);
    expect((await advanced(ctx, first)).status).toBe('promoted');
    expect((await advanced(ctx, second)).judged?.champion).toBe(1);
    expect(await statusOf('newer', second.number)).toBe('waiting');
  });
});

describe('many at once', () => {
  test('any number of messages to any number of instances make one move', async () => {
    await registered(ctx, 'messages', [{ tags: owner }]);
    await guard(ctx, 'messages', tags);
    const promotion = await asked('messages', 1);
    await Promise.all([...instances, ...instances].map((each) => advanced(each, promotion)));
    expect(await statusOf('messages', 1)).toBe('promoted');
    expect(await movesOf(ctx, promotion.modelId)).toHaveLength(1);
  });

  test('promotions and rollbacks that race leave one history, in which each move begins where the last ended', async () => {
    await registered(
      ctx,
      'races',
      Array.from({ length: 6 }, () => ({ tags: owner })),
    );
    await guard(ctx, 'races', tags);
    const promotions = await Promise.all([1, 2, 3, 4, 5, 6].map((version) => asked('races', version)));
    await Promise.all([
      ...promotions.map((promotion, i) => advanced(as(instances[i % 3] ?? ctx, 'ada'), promotion)),
      ...instances.map((each) =>
        codeOf(rollbackAlias(each, { name: 'races', alias: 'champion', reason: 'race' })),
      ),
    ]);
    const ended = await Promise.all(promotions.map(({ number }) => getPromotion(ctx, 'races', number)));
    for (const { status } of ended) expect(['promoted', 'superseded']).toContain(status);
    const moves = await movesOf(ctx, promotions[0]?.modelId ?? '');
    moves.forEach((each, i) => expect(each.from).toBe(moves[i - 1]?.to));
    expect(moves.at(-1)?.to).toBe(await holderOf('races'));
    const byPromotion = moves.flatMap(({ cause }) => (cause.kind === 'promotion' ? [cause.promotion] : []));
    const won = ended.flatMap(({ number, status }) => (status === 'promoted' ? [number] : []));
    expect(new Set(byPromotion)).toEqual(new Set(won));
    expect(byPromotion).toHaveLength(won.length);
  });
});

describe("MLflow's own calls", () => {
  test('promote where all gates pass, and say which gate does not', async () => {
    await registered(ctx, 'mlflow', [{ tags: owner }, {}]);
    await guard(ctx, 'mlflow', tags);
    await setAlias(ctx, { name: 'mlflow', alias: 'champion', version: 1 });
    await setAlias(ctx, { name: 'mlflow', alias: 'champion', version: 1 });
    expect(await holderOf('mlflow')).toBe(1);
    await expect(setAlias(ctx, { name: 'mlflow', alias: 'champion', version: 2 })).rejects.toThrow(
      /guarded by policy 1.*Promotion 2 .*required-tags.*'owner'.*\/api\/v1\/models\/mlflow\/promotions\/2/,
    );
    await setStage(ctx, { name: 'mlflow', version: 1, stage: 'production' });
    expect(await codeOf(setStage(ctx, { name: 'mlflow', version: 2, stage: 'Production' }))).toBe(
      'invalid-state',
    );
    await setVersionTag(ctx, { name: 'mlflow', version: 2 }, { key: 'owner', value: 'ada' });
    const root = await setStage(ctx, {
      name: 'mlflow',
      version: 2,
      stage: 'Production',
      archiveExisting: true,
    });
    expect([1, 2].map((version) => stageOf(root, version))).toEqual(['Archived', 'Production']);
  });
});

describe('a policy', () => {
  const terms = { aliases: ['champion'], stages: [], gates: [tags] };

  test('has numbered versions that stay; its end is one of them', async () => {
    await registered(ctx, 'policy', [{}]);
    expect(await codeOf(getPolicy(ctx, 'policy'))).toBe('not-found');
    expect((await putPolicy(ctx, 'policy', terms)).version).toBe(1);
    expect((await putPolicy(ctx, 'policy', terms)).version).toBe(1);
    expect((await putPolicy(ctx, 'policy', { ...terms, gates: [] }, 1)).version).toBe(2);
    await endPolicy(ctx, 'policy', 2);
    expect(await codeOf(endPolicy(ctx, 'policy'))).toBe('not-found');
    expect((await putPolicy(ctx, 'policy', terms, 0)).version).toBe(4);
    const versions = await eventually(async () => {
      const { items } = await listPolicies(ctx, { name: 'policy', limit: 10 });
      expect(items).toHaveLength(4);
      return items;
    });
    expect(versions.map(({ version, ended }) => [version, ended ?? false])).toEqual([
      [4, false],
      [3, true],
      [2, false],
      [1, false],
    ]);
  });

  test('that somebody changed meanwhile is not overwritten', async () => {
    await registered(ctx, 'lost-update', [{}]);
    const outcomes = await Promise.all(
      instances.map((each, i) =>
        codeOf(putPolicy(each, 'lost-update', { ...terms, aliases: [`alias-${i}`] }, 0)),
      ),
    );
    expect(outcomes.toSorted()).toEqual(['conflict', 'conflict', 'done']);
    expect(await codeOf(putPolicy(ctx, 'lost-update', terms, 7))).toBe('conflict');
  });
});
