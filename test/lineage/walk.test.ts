import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobName } from '../../shared/artifacts/index.ts';
import type { Context } from '../../shared/context.ts';
import type { LineageGraph } from '../../shared/lineage/index.ts';
import { createModel, createVersion, moveAlias } from '../../shared/registry/index.ts';
import { deleteRun } from '../../shared/tracking/index.ts';
import { classifier, features } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { arrows, codeId, commit, trainedRun } from './support.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ctx = server.ctx;
});
afterAll(() => server.close());

async function lineage(node: string, query = '', workspace = 'default') {
  const response = await server.fetch(`/api/v1/lineage?node=${encodeURIComponent(node)}${query}`, {
    headers: { 'x-mlflow-workspace': workspace },
  });
  return { status: response.status, body: (await response.json()) as LineageGraph & { detail?: string } };
}

/** A model of a run and a dataset, an endpoint that answers by it, and a file that it scored. */
async function story(name: string) {
  const { run, model } = await trainedRun(ctx, { digest: `${name}-rows` });
  const path = `${run.experimentId}/models/${model.modelId}/artifacts/model.onnx`;
  await ctx.stores.blobs('artifacts').write(blobName(ctx, path), classifier());
  await createModel(ctx, { name });
  const reference = { kind: 'blob', uri: `batch-input/${name}/reference.csv`, digest: `${name}-reference` };
  const created = await createVersion(ctx, {
    name,
    source: `models:/${model.modelId}`,
    runId: run.runId,
    loggedModelId: model.modelId,
    tags: [{ key: 'cairn.reference', value: JSON.stringify(reference) }],
  });
  await server.drain();
  await moveAlias(ctx, { name, alias: 'champion', version: created.version });
  await server.call('POST', '/api/v1/endpoints', { name, model: name, alias: 'champion' });
  await server.drain();
  const input = `${name}/rows.csv`;
  await ctx.stores.blobs('batch-input').write(input, Buffer.from(`${features.join(',')}\n1,2,3\n`));
  const job = await server.call('POST', '/api/v1/batch-jobs', { endpoint: name, input });
  await server.drain();
  const jobId = String(job.body['id']);
  return {
    run: `run:${run.runId}`,
    model: `logged-model:${model.modelId}`,
    version: `version:${created.modelId}/${created.version}`,
    dataset: `dataset:${name}-rows`,
    reference: `dataset:${name}-reference`,
    endpoint: `endpoint:${name}`,
    job: `batch-job:${jobId}`,
    input: `file:batch-input/${input}`,
    output: `file:batch-output/${name}/${jobId}/rows.csv`,
  };
}

describe('the graph', () => {
  test('leads from code and data to the scored file, and back', async () => {
    const s = await story('walked');
    const all = [
      `${codeId} built-from ${s.run}`,
      `${s.dataset} used ${s.run}`,
      `${s.run} generated ${s.model}`,
      `${s.run} generated ${s.version}`,
      `${s.model} registered-as ${s.version}`,
      `${s.reference} reference-of ${s.version}`,
      `${s.version} deployed-to ${s.endpoint}`,
      `${s.version} scored-by ${s.job}`,
      `${s.endpoint} scored-by ${s.job}`,
      `${s.input} read ${s.job}`,
      `${s.job} wrote ${s.output}`,
    ];
    await eventually(async () => {
      const up = await lineage(s.output, '&direction=up&depth=10');
      expect(arrows(up.body)).toEqual(all.toSorted());
      expect(up.body.truncated).toBe(false);
      expect(new Set(up.body.nodes.map(({ id }) => id))).toEqual(new Set([codeId, ...Object.values(s)]));
      const down = await lineage(s.dataset, '&direction=down&depth=10');
      expect(arrows(down.body)).toEqual(
        [...all, `${s.job} wrote file:batch-output/walked/_reports/${s.job.replace('batch-job:', '')}.json`]
          .filter((arrow) => ![codeId, s.reference, s.input].some((from) => arrow.startsWith(`${from} `)))
          .toSorted(),
      );
      const both = await lineage(s.version, '&direction=both&depth=1');
      expect(arrows(both.body)).toEqual(
        all.filter((arrow) => arrow.split(' ').includes(s.version)).toSorted(),
      );
    });
  });

  test('names each node, links it to its page, and says what is known of it', async () => {
    const s = await story('shown');
    await eventually(async () => {
      const { body } = await lineage(s.output, '&direction=up&depth=10');
      const node = (id: string) => body.nodes.find((n) => n.id === id);
      const runId = s.run.slice('run:'.length);
      expect(node(s.run)).toMatchObject({
        kind: 'run',
        label: 'train',
        link: `#/experiments/0/runs/${runId}`,
        facts: { status: 'FINISHED', metrics: 0, git_branch: 'main' },
      });
      expect(node(s.version)).toMatchObject({
        label: 'shown v1',
        link: '#/models/shown/versions/1',
        facts: { model: 'shown', version: 1, inspection: 'ready', aliases: ['champion'] },
      });
      expect(node(s.dataset)).toMatchObject({
        label: 'iris',
        facts: { digest: 'shown-rows', source_type: 's3', source: 's3://bucket/iris.csv' },
      });
      expect(node(s.reference)).toMatchObject({
        label: 'reference.csv',
        facts: { source_type: 'blob', digest: 'shown-reference' },
      });
      expect(node(codeId)).toMatchObject({
        label: 'iris@01234567',
        link: `https://github.com/team/iris/commit/${commit}`,
      });
      expect(node(s.endpoint)).toMatchObject({ link: '#/endpoints/shown', facts: { version: 1 } });
      expect(node(s.job)).toMatchObject({
        label: 'Scoring of rows.csv',
        facts: { status: 'succeeded', rows: 1 },
      });
      expect(node(s.model)).toMatchObject({ label: 'iris-model', facts: { status: 'PENDING' } });
      expect(node(s.output)).toMatchObject({ label: 'rows.csv', facts: { container: 'batch-output' } });
    });
    await deleteRun(ctx, s.run.slice('run:'.length));
    const { body } = await lineage(s.run, '&direction=up&depth=1');
    expect(body.nodes[0]).toMatchObject({ id: s.run, facts: { state: 'deleted' } });
  });

  test('keeps what is deleted, and says so', async () => {
    const { run, model } = await trainedRun(ctx, { digest: 'kept' });
    await createModel(ctx, { name: 'kept' });
    const { modelId } = await createVersion(ctx, { name: 'kept', source: `models:/${model.modelId}` });
    await server.drain();
    const shown = async () => {
      const { body } = await lineage(`run:${run.runId}`, '&direction=down&depth=1');
      return body.nodes.find(({ id }) => id === `version:${modelId}/1`);
    };
    await eventually(async () => expect(await shown()).toHaveProperty('link', '#/models/kept/versions/1'));
    await server.call('DELETE', '/api/2.0/mlflow/model-versions/delete', { name: 'kept', version: '1' });
    expect(await shown()).toMatchObject({ label: 'kept v1', facts: { state: 'deleted' } });
    expect(await shown()).not.toHaveProperty('link');
    await server.call('DELETE', '/api/2.0/mlflow/registered-models/delete', { name: 'kept' });
    expect(await shown()).toMatchObject({ label: `${modelId}/1`, facts: { state: 'purged' } });
  });

  test('of a version is found by the name of its model', async () => {
    const s = await story('named');
    const { status, body } = await lineage('version:named/1', '&depth=1');
    expect(status).toBe(200);
    expect(body.node).toBe(s.version);
  });

  test('shows nothing of it to another workspace', async () => {
    const s = await story('secluded');
    for (const node of [...Object.values(s), codeId])
      expect(await lineage(node, '', 'elsewhere')).toMatchObject({ status: 404 });
  });

  test('of a run with no edges is the run, deleted or not', async () => {
    const { body: created } = await server.call('POST', '/api/2.0/mlflow/runs/create', {});
    const runId = String(created['run']?.['info']?.['run_id']);
    const { status, body } = await lineage(`run:${runId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ nodes: [{ id: `run:${runId}`, kind: 'run' }], edges: [], truncated: false });
    await deleteRun(ctx, runId);
    expect(await lineage(`run:${runId}`)).toMatchObject({ status: 200 });
  });

  test('is refused for what is no node, and not found for what is not there', async () => {
    for (const node of ['', 'run', 'tune:1', 'version:x', `run:${'x'.repeat(2000)}`])
      expect(await lineage(node)).toMatchObject({ status: 400, body: { field: 'node' } });
    for (const node of [
      'run:00000000000000000000000000000000',
      'run:x',
      'logged-model:m-1',
      'version:none/1',
      'version:named/99',
      'dataset:none',
      'code:none@none',
      'endpoint:none',
      'endpoint:No Such Name',
      'batch-job:none',
      'file:none',
      'retraining:none',
      'openlineage-job:a/b',
      'openlineage-run:x',
      'openlineage-dataset:a/b',
    ])
      expect(await lineage(node)).toMatchObject({ status: 404, body: { field: 'node' } });
    for (const query of ['&depth=0', '&depth=11', '&depth=x', '&direction=left'])
      expect(await lineage('dataset:none', query)).toMatchObject({ status: 400 });
  });
});
