import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import {
  lineageOf,
  recordLineage,
  recordOpenLineage,
  requestRecording,
  traceLoggedModel,
  traceRun,
} from '../../shared/lineage/index.ts';
import { createRun, logInputs, updateRun } from '../../shared/tracking/index.ts';
import { dyingAfter } from '../support/dying.ts';
import { eventually } from '../support/eventually.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { arrows, codeId, dataset, gitTags, trainedRun } from './support.ts';

let stack: TestContext;
let ctx: Context;
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
});
afterAll(() => stack.close());

const around = (node: string, depth = 2) => lineageOf(ctx, { node, direction: 'both', depth });

function eventOf(subject: Record<string, string>, at = 1000): CairnEvent {
  return {
    type: 'run.finished',
    aggregate: 'run/1',
    seq: 1,
    actor: 'tester',
    requestId: 'test',
    traceparent: '',
    at,
    subject,
  };
}

/** Does an act again and again, each time dying one write later, until it comes through; returns how often it died. */
async function dyingEverywhere(act: (ctx: Context) => Promise<unknown>): Promise<number> {
  for (let last = 0; ; last++) {
    const { dying, died } = dyingAfter(ctx, last, ['lineage']);
    try {
      await act(dying);
      return last;
    } catch (error) {
      if (!died()) throw error;
    }
  }
}

describe('edges', () => {
  test('are whole at both ends when they are told again after a death at any write', async () => {
    const { run, model } = await trainedRun(ctx, { digest: 'dying' });
    const deaths = await dyingEverywhere(async (here) => {
      await traceRun(here, eventOf({ runId: run.runId }));
      await traceLoggedModel(here, eventOf({ modelId: model.modelId }));
    });
    expect(deaths).toBeGreaterThan(3);
    const all = [
      `${codeId} built-from run:${run.runId}`,
      `dataset:dying used run:${run.runId}`,
      `run:${run.runId} generated logged-model:${model.modelId}`,
    ].toSorted();
    await eventually(async () => {
      expect(arrows(await around(`run:${run.runId}`))).toEqual(all);
      const down = { direction: 'down', depth: 2 } as const;
      expect(arrows(await lineageOf(ctx, { node: 'dataset:dying', ...down }))).toEqual(all.slice(1));
      expect(
        arrows(await lineageOf(ctx, { node: `logged-model:${model.modelId}`, direction: 'up', depth: 2 })),
      ).toEqual(all);
    });
  });

  test('of an OpenLineage event are whole when it is sent again after a death at any write', async () => {
    const { runId } = await createRun(ctx, {});
    await logInputs(ctx, runId, { datasets: [dataset('a', 'dying-ol')], modelIds: [] });
    await traceRun(ctx, eventOf({ runId }));
    const id = '0190a1b2-0000-7000-8000-0000000000aa';
    const event = {
      eventType: 'COMPLETE',
      eventTime: '2026-01-31T12:00:00Z',
      run: { runId: id },
      job: { namespace: 'n', name: 'j' },
      outputs: [
        {
          namespace: 'db',
          name: 'a',
          facets: { version: { _producer: 'x:y', _schemaURL: 'x:y', datasetVersion: 'dying-ol' } },
        },
      ],
      producer: 'x:y',
      schemaURL: 'x:y',
    };
    await dyingEverywhere((here) => recordOpenLineage(here, event));
    await eventually(async () => {
      const up = await lineageOf(ctx, { node: `run:${runId}`, direction: 'up', depth: 5 });
      expect(arrows(up)).toEqual([
        'dataset:dying-ol same-as openlineage-dataset:db/a',
        `dataset:dying-ol used run:${runId}`,
        `openlineage-job:n/j ran-as openlineage-run:${id}`,
        `openlineage-run:${id} wrote openlineage-dataset:db/a`,
      ]);
    });
  });

  test('told by many at once are there once', async () => {
    const { run } = await trainedRun(ctx, { digest: 'at-once' });
    await Promise.all(Array.from({ length: 8 }, () => traceRun(ctx, eventOf({ runId: run.runId }))));
    await eventually(async () => expect((await around(`run:${run.runId}`, 1)).edges).toHaveLength(3));
  });

  test('of what is older than its lineage are written on demand', async () => {
    const { run } = await trainedRun(ctx, { digest: 'older' });
    const node = await requestRecording(ctx, `run:${run.runId}`);
    await recordLineage(ctx, { kind: 'record-lineage', node });
    await eventually(async () => expect((await around(node, 1)).edges).toHaveLength(3));
    await expect(requestRecording(ctx, 'dataset:older')).rejects.toMatchObject({ code: 'invalid' });
  });

  test('to what nobody knows are not made: the names come from clients', async () => {
    const { runId } = await createRun(ctx, {
      tags: [{ key: 'mlflow.parentRunId', value: 'f'.repeat(32) }],
    });
    await logInputs(ctx, runId, { datasets: [], modelIds: ['m-1', `m-${'0'.repeat(32)}`] });
    await traceRun(ctx, eventOf({ runId }));
    expect((await around(`run:${runId}`)).edges).toEqual([]);
    await traceRun(ctx, eventOf({ runId: 'f'.repeat(32) }));
  });
});

describe('a walk', () => {
  test('ends in a circle', async () => {
    // Two runs that name each other as parent, and each the model of the other as input.
    const [a, b] = [await trainedRun(ctx, { digest: 'circle' }), await trainedRun(ctx, { digest: 'circle' })];
    await logInputs(ctx, (await createRun(ctx, {})).runId, { datasets: [], modelIds: [] });
    const again = async (of: typeof a, other: typeof a) => {
      await updateRun(ctx, of.run.runId, { status: 'RUNNING' });
      await logInputs(ctx, of.run.runId, { datasets: [], modelIds: [other.model.modelId] });
      await traceRun(ctx, eventOf({ runId: of.run.runId }));
    };
    await again(a, b);
    await again(b, a);
    const graph = await eventually(async () => {
      const found = await lineageOf(ctx, { node: `run:${a.run.runId}`, direction: 'up', depth: 10 });
      expect(found.nodes).toHaveLength(6);
      return found;
    });
    expect(new Set(arrows(graph)).size).toBe(graph.edges.length);
    expect(graph.truncated).toBe(false);
  });

  test('goes as deep as it is asked, and no deeper', async () => {
    let parent = '';
    const chain: string[] = [];
    for (let i = 0; i < 5; i++) {
      const tags = parent === '' ? [] : [{ key: 'mlflow.parentRunId', value: parent }];
      const { runId } = await createRun(ctx, { tags });
      await traceRun(ctx, eventOf({ runId }));
      chain.push((parent = runId));
    }
    await eventually(async () => {
      for (const depth of [1, 2, 4]) {
        const { nodes } = await lineageOf(ctx, { node: `run:${chain[0]}`, direction: 'down', depth });
        expect(nodes.map(({ id }) => id)).toEqual(chain.slice(0, depth + 1).map((id) => `run:${id}`));
      }
    });
    const middle = await lineageOf(ctx, { node: `run:${chain[2]}`, direction: 'both', depth: 1 });
    expect(middle.nodes).toHaveLength(3);
  });

  test('tells the newest where there is too much, and that there is more', async () => {
    const runIds: string[] = [];
    for (let i = 0; i < 12; i++) {
      const { runId } = await createRun(ctx, { startTime: 1000 + i, tags: gitTags.slice(0, 1) });
      await logInputs(ctx, runId, { datasets: [dataset('popular', 'popular')], modelIds: [] });
      await traceRun(ctx, eventOf({ runId }));
      runIds.push(`run:${runId}`);
    }
    const ask = (limits: { nodesMax: number; fanOutMax: number }) =>
      lineageOf(ctx, { node: 'dataset:popular', direction: 'down', depth: 3 }, limits);
    const newest = runIds.toReversed();
    await eventually(async () => {
      const fan = await ask({ nodesMax: 500, fanOutMax: 5 });
      expect(fan.truncated).toBe(true);
      expect(fan.nodes.map(({ id }) => id)).toEqual(['dataset:popular', ...newest.slice(0, 5)]);
      expect(await ask({ nodesMax: 500, fanOutMax: 5 })).toEqual(fan);
      const few = await ask({ nodesMax: 4, fanOutMax: 100 });
      expect(few.truncated).toBe(true);
      expect(few.nodes.map(({ id }) => id)).toEqual(['dataset:popular', ...newest.slice(0, 3)]);
      const all = await ask({ nodesMax: 13, fanOutMax: 12 });
      expect(all).toMatchObject({ truncated: false });
      expect(all.nodes).toHaveLength(13);
      expect(
        all.edges.every(({ from, to }) => [from, to].every((id) => all.nodes.some((n) => n.id === id))),
      ).toBe(true);
    });
  });
});

describe('request units', () => {
  async function cost(act: () => Promise<unknown>): Promise<number> {
    const { meter } = ctx.stores.documents;
    const before = meter.requestUnits;
    await act();
    return meter.requestUnits - before;
  }

  test('of an event, of the same event again, and of a question stay within their budget', async () => {
    const { run } = await trainedRun(ctx, { digest: 'costs' });
    const first = await cost(() => traceRun(ctx, eventOf({ runId: run.runId })));
    await eventually(async () => expect((await around(`run:${run.runId}`, 1)).edges).toHaveLength(3));
    const again = await cost(() => traceRun(ctx, eventOf({ runId: run.runId })));
    const question = await cost(() => around(`run:${run.runId}`, 2));
    // Three edges, of which one to a dataset that is new and known by its digest and its place.
    expect(first).toBeLessThan(110);
    expect(again).toBeLessThan(20);
    // Four nodes.
    expect(question).toBeLessThan(45);
  });

  test('of an OpenLineage run, one dataset in and one out, stay within their budget', async () => {
    const event = (eventType: string, minute: number) => ({
      eventType,
      eventTime: `2026-01-31T12:0${minute}:00Z`,
      run: { runId: '0190a1b2-0000-7000-8000-0000000000bb' },
      job: { namespace: 'n', name: 'costs' },
      inputs: [{ namespace: 's3://lake', name: 'in' }],
      outputs: [{ namespace: 's3://lake', name: 'out' }],
      producer: 'x:y',
      schemaURL: 'x:y',
    });
    const first = await cost(() => recordOpenLineage(ctx, event('START', 1)));
    await eventually(async () => {
      expect((await around('openlineage-run:0190a1b2-0000-7000-8000-0000000000bb', 1)).edges).toHaveLength(3);
    });
    // The end of the run changes the run alone.
    const end = await cost(() => recordOpenLineage(ctx, event('COMPLETE', 2)));
    expect(first).toBeLessThan(150);
    expect(end).toBeLessThan(40);
  });

  test('of a question grow with its answer, not with what leads to a node', async () => {
    for (let i = 0; i < 30; i++) {
      const { runId } = await createRun(ctx, {});
      await logInputs(ctx, runId, { datasets: [dataset('wide', 'wide')], modelIds: [] });
      await traceRun(ctx, eventOf({ runId }));
    }
    const ask = (fanOutMax: number) =>
      cost(() =>
        lineageOf(ctx, { node: 'dataset:wide', direction: 'down', depth: 1 }, { nodesMax: 500, fanOutMax }),
      );
    expect(await ask(5)).toBeLessThan((await ask(30)) / 2);
  });
});
