import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessOf, type GrantDocument } from '../../shared/access/index.ts';
import { grant, identityOf, principal, stateOf } from '../../shared/access/testing.ts';
import type { Context } from '../../shared/context.ts';
import {
  facetsOf,
  lineageOf,
  recordLineage,
  recordOpenLineage,
  requestRecording,
} from '../../shared/lineage/index.ts';
import { createModel, createVersion } from '../../shared/registry/index.ts';
import { createExperiment, createRun, logInputs } from '../../shared/tracking/index.ts';
import { arrows, dataset, gitTags } from '../lineage/support.ts';
import { eventually } from '../support/eventually.ts';
import { type TestContext, testContext } from '../support/context.ts';

const here = { inWorkspace: 'default' };
const ann = 'principal:ann';

let stack: TestContext;
let ctx: Context;
/** Runs of two experiments: both had the data set `both`, each one of its own, all ran the same code. */
let open: { experimentId: string; runId: string };
let closed: { experimentId: string; runId: string };
let model: string;

beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
  open = await recorded('open');
  closed = await recorded('closed');
  ({ modelId: model } = await createModel(ctx, { name: 'made' }));
  await createVersion(ctx, { name: 'made', source: `runs:/${closed.runId}/m`, runId: closed.runId });
  await recordLineage(ctx, { kind: 'record-lineage', node: 'version:made/1' });
  await recordOpenLineage(ctx, {
    eventType: 'COMPLETE',
    eventTime: '2026-01-01T00:00:00Z',
    producer: 'https://example.com/producer',
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
    run: { runId: '0190a8a6-6f3e-7d3a-8f3e-000000000001' },
    job: { namespace: 'airflow', name: 'load' },
    inputs: [],
    outputs: [{ namespace: 's3://bucket', name: 'open.csv' }],
  });
});
afterAll(() => stack.close());

async function recorded(name: string) {
  const { experimentId } = await createExperiment(ctx, { name });
  const { runId } = await createRun(ctx, { experimentId, name: `run ${name}`, tags: gitTags });
  await logInputs(ctx, runId, {
    datasets: [dataset(name, `digest-${name}`), dataset('both', 'digest-both')],
    modelIds: [],
  });
  await recordLineage(ctx, { kind: 'record-lineage', node: `run:${runId}` });
  return { experimentId, runId };
}

function by(...rules: readonly GrantDocument[]): Context {
  const state = stateOf(principal('ann'), ...rules);
  const access = accessOf(identityOf('ann'), state, 'default', { firstAdmin: undefined }, 1);
  return { ...ctx, access };
}

const over = (type: 'experiment' | 'model', id: string) => ({ ...here, resource: { type, id } });
/** Sees the workspace but for one experiment. */
const most = () =>
  by(grant(ann, 'viewer', here), grant(ann, 'deny', over('experiment', closed.experimentId)));
/** Sees one experiment and nothing else. */
const one = () => by(grant(ann, 'viewer', over('experiment', open.experimentId)));

const around = (asking: Context, node: string) => lineageOf(asking, { node, direction: 'both', depth: 6 });
const missing = { code: 'not-found' };

describe('the graph around what is shared', () => {
  test('leads to all of it for who may see all', async () => {
    const { nodes } = await around(ctx, 'dataset:digest-both');
    const found = nodes.map(({ id }) => id);
    expect(found).toContain(`run:${open.runId}`);
    expect(found).toContain(`run:${closed.runId}`);
    expect(found).toContain(`version:${model}/1`);
  });

  test.each([
    ['sees the rest of the workspace', most],
    ['sees the other experiment only', one],
  ])(
    'leads to no run that the caller may not see, nor through it, where the caller %s',
    async (_, asking) => {
      for (const node of ['dataset:digest-both', `run:${open.runId}`]) {
        const graph = await around(asking(), node);
        const text = JSON.stringify(graph);
        expect(text).toContain(open.runId);
        for (const word of [closed.runId, 'run closed', 'closed.csv', 'digest-closed'])
          expect([node, word, text.includes(word)]).toEqual([node, word, false]);
        const ids = new Set<string>(graph.nodes.map(({ id }) => id));
        expect(graph.edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([]);
      }
    },
  );

  test('shows code and data beside a run that is seen, and not where only hidden ones are', async () => {
    const kinds = (await around(one(), `run:${open.runId}`)).nodes.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(['code', 'dataset', 'dataset', 'run']);
    await expect(around(one(), 'dataset:digest-closed')).rejects.toMatchObject(missing);
    await expect(around(most(), 'dataset:digest-closed')).rejects.toMatchObject(missing);
    await expect(facetsOf(most(), 'dataset:digest-closed')).rejects.toMatchObject(missing);
  });

  test('shows what was told from outside to who holds a role in the workspace', async () => {
    await eventually(async () => {
      const told = await around(most(), 'openlineage-job:airflow/load');
      expect(arrows(told).join('\n')).toContain('wrote openlineage-dataset:s3://bucket/open.csv');
    });
    await expect(around(one(), 'openlineage-job:airflow/load')).rejects.toMatchObject(missing);
  });
});

describe('a model whose run is hidden', () => {
  test('stands without it', async () => {
    const asking = by(
      grant(ann, 'viewer', over('model', model)),
      grant(ann, 'viewer', over('experiment', open.experimentId)),
    );
    const graph = await around(asking, 'version:made/1');
    expect(graph.nodes.map(({ id }) => id)).toEqual([`version:${model}/1`]);
    expect(graph.edges).toEqual([]);
  });

  test('is by its name as one that is not there, where it is hidden itself', async () => {
    const says = async (node: string) => {
      const error: unknown = await around(one(), node).catch((thrown: unknown) => thrown);
      return String(error).replaceAll(/version:[^/]+/g, 'version:?');
    };
    expect(await says('version:made/1')).toBe(await says('version:unmade/1'));
  });
});

describe('a request to record edges', () => {
  test('is for who may change what they belong to', async () => {
    const changer = by(
      grant(ann, 'contributor', here),
      grant(ann, 'viewer', over('model', model)),
      grant(ann, 'deny', over('experiment', closed.experimentId)),
    );
    expect(await requestRecording(changer, `run:${open.runId}`)).toBe(`run:${open.runId}`);
    await expect(requestRecording(changer, 'version:made/1')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(requestRecording(one(), `run:${open.runId}`)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('says of what is hidden what it says of what is not there', async () => {
    const changer = by(grant(ann, 'contributor', here), grant(ann, 'deny', over('model', model)));
    expect(await requestRecording(changer, 'version:made/1')).toBe('version:made/1');
    expect(await requestRecording(changer, 'version:unmade/1')).toBe('version:unmade/1');
  });
});
