import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobName } from '../../shared/artifacts/index.ts';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import {
  lineageOf,
  recordLineage,
  traceConversion,
  traceDatasets,
  traceRetraining,
  traceVersion,
} from '../../shared/lineage/index.ts';
import type { RetrainingJob } from '../../shared/pipelines/index.ts';
import {
  changeVersion,
  createModel,
  createVersion,
  inspectVersion,
  type ModelVersion,
} from '../../shared/registry/index.ts';
import { classifier } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { arrows } from './support.ts';

let stack: TestContext;
let ctx: Context;
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
});
afterAll(() => stack.close());

function eventOf(type: CairnEvent['type'], subject: Record<string, string>): CairnEvent {
  return { type, aggregate: '', seq: 1, actor: '', requestId: '', traceparent: '', at: 1000, subject };
}

const ofVersion = ({ modelId, version }: ModelVersion) => ({ modelId, version: String(version) });
const nodeOf = ({ modelId, version }: ModelVersion) => `version:${modelId}/${version}`;

async function registered(name: string, source?: string, tags: Record<string, unknown> = {}) {
  await createModel(ctx, { name });
  const path = `0/${name}/model.onnx`;
  await ctx.stores.blobs('artifacts').write(blobName(ctx, path), classifier());
  return createVersion(ctx, {
    name,
    source: source ?? `mlflow-artifacts:/${path}`,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value: JSON.stringify(value) })),
  });
}

async function edgesAt(node: string): Promise<string[]> {
  return arrows(await lineageOf(ctx, { node, direction: 'both', depth: 1 }));
}

describe('a version', () => {
  test('is copied from the version that its source names', async () => {
    const first = await registered('original');
    const copy = await registered('copy', 'models:/original/1');
    await traceVersion(ctx, eventOf('version.created', ofVersion(copy)));
    const edge = `${nodeOf(first)} copied-to ${nodeOf(copy)}`;
    await eventually(async () => expect(await edgesAt(nodeOf(copy))).toEqual([edge]));
  });

  test('has the datasets that its tags name, told by its event or recorded later', async () => {
    const blob = { kind: 'blob', uri: 'batch-input/data/evaluation.csv' };
    const version = await registered('with-data', undefined, {
      'cairn.reference': { ...blob, uri: 'batch-input/data/reference.csv', digest: 'sha256:00', rows: 7 },
      'cairn.evaluation': blob,
    });
    await inspectVersion(ctx, eventOf('version.created', ofVersion(version)));
    const read = async (record: () => Promise<void>) => {
      await record();
      await eventually(async () => {
        const { nodes, edges } = await lineageOf(ctx, {
          node: nodeOf(version),
          direction: 'up',
          depth: 1,
        });
        const evaluation = edges.find(({ kind }) => kind === 'evaluation-of')?.from;
        expect(edges.map(({ kind }) => kind).toSorted()).toEqual(['evaluation-of', 'reference-of']);
        expect(nodes.find(({ id }) => id === 'dataset:sha256:00')).toMatchObject({
          label: 'reference.csv',
          facts: { rows: 7, source: 'batch-input/data/reference.csv' },
        });
        expect(nodes.find(({ id }) => id === evaluation)).toMatchObject({ label: 'evaluation.csv' });
      });
    };
    await read(() => traceDatasets(ctx, eventOf('version.ready', ofVersion(version))));
    await read(() => recordLineage(ctx, { kind: 'record-lineage', node: 'version:with-data/1' }));
  });

  test('leads to the file that it was converted to', async () => {
    const version = await registered('converted');
    await changeVersion(ctx, version.modelId, 1, (doc) => ({
      type: 'version.updated',
      version: { ...doc, converted: { path: '0/converted/onnx/model.onnx', digest: 'sha256:11', at: 5 } },
    }));
    await traceConversion(ctx, eventOf('version.converted', ofVersion(version)));
    const edge = `${nodeOf(version)} converted-to file:artifacts/0/converted/onnx/model.onnx`;
    await eventually(async () => expect(await edgesAt(nodeOf(version))).toEqual([edge]));
  });
});

describe('a retraining', () => {
  const job = (jobId: string, modelId: string): RetrainingJob => ({
    id: 'job',
    type: 'retraining-job',
    kind: 'retraining',
    v: 1,
    workspace: 'default',
    jobId,
    monitorId: 'iris',
    endpoint: 'iris',
    modelId,
    model: 'iris',
    alias: 'champion',
    champion: 1,
    executor: 'local',
    margin: 0,
    from: 100,
    to: 200,
    reasons: [],
    createdAt: 300,
    updatedAt: 400,
    status: 'rejected',
    challenger: 2,
    reason: 'no better',
  });

  test('leads from the predictions of its window and the champion to the challenger', async () => {
    await ctx.stores.documents('jobs').write(['retrain-1'], { op: 'create', doc: job('retrain-1', 'm1') });
    await traceRetraining(ctx, eventOf('retraining.finished', { jobId: 'retrain-1' }));
    await eventually(async () =>
      expect(await edgesAt('retraining:retrain-1')).toEqual([
        'endpoint:iris used retraining:retrain-1',
        'retraining:retrain-1 generated version:m1/2',
        'version:m1/1 used retraining:retrain-1',
      ]),
    );
    const { nodes } = await lineageOf(ctx, { node: 'retraining:retrain-1', direction: 'down', depth: 1 });
    expect(nodes).toMatchObject([
      { label: 'Retraining of iris', facts: { status: 'rejected', window_from: 100, window_to: 200 } },
      // Neither the model nor its version was ever there, or they are purged.
      { label: 'm1/2', facts: { state: 'purged' } },
    ]);
  });

  test('of another workspace leaves no edge', async () => {
    const elsewhere = { ...job('retrain-2', 'm1'), workspace: 'elsewhere' };
    await ctx.stores.documents('jobs').write(['retrain-2'], { op: 'create', doc: elsewhere });
    await traceRetraining(ctx, eventOf('retraining.finished', { jobId: 'retrain-2' }));
    await expect(
      lineageOf(ctx, { node: 'retraining:retrain-2', direction: 'both', depth: 1 }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});
