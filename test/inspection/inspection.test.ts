import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteArtifacts } from '../../shared/artifacts/index.ts';
import {
  type ElementType,
  linearClassifier,
  linearRegressor,
  type Value,
  writeModel,
} from '../../shared/onnx/index.ts';
import { changeVersion, type ModelVersion, readManifest } from '../../shared/registry/index.ts';
import { loadModel } from '../../shared/serving/index.ts';
import { items, type TestServer, testServer } from '../support/server.ts';
import {
  type Expected,
  type Files,
  golden,
  newest,
  put,
  readyOf,
  refusalOf,
  register,
  upload,
} from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

/** A version of these files, read. */
async function inspected(
  name: string,
  files: Files,
  tags: Record<string, string> = {},
): Promise<ModelVersion> {
  await register(server.ctx, name, await upload(server.ctx, files), tags);
  await server.drain();
  return newest(server.ctx, name);
}

async function scored(version: ModelVersion, { rows }: Expected) {
  const model = await loadModel(server.ctx, readyOf(version));
  return model.score(Float32Array.from(rows.flat()), rows.length);
}

const mlModel = (flavours: string) => `flavors:\n${flavours}mlflow_version: 3.17.2\n`;
const regressor = linearRegressor({ features: ['a', 'b'], coefficients: [1, 2], intercept: 3 });

const value = (name: string, elementType: ElementType = 'float32'): Value => ({
  name,
  kind: 'tensor',
  elementType,
  shape: ['n', 2],
});
const identity = (input: Value, output: Value) =>
  writeModel({
    graph: {
      inputs: [input],
      outputs: [output],
      nodes: [{ op: 'Identity', inputs: [input.name], outputs: [output.name] }],
    },
  });

describe('what mlflow.onnx.log_model wrote', () => {
  test('of a classifier is served without its ZipMap, with its labels and the names of its columns', async () => {
    const { files, expected } = await golden('logistic');
    const version = await inspected('logistic', files);
    const { features, labels, served, signature, timings, digest } = readyOf(version);
    expect({ features, labels, changes: served.changes, digest }).toEqual({
      features: ['sepal length', 'sepal width', 'petal length', 'petal width'],
      labels: ['setosa', 'versicolor', 'virginica'],
      changes: ['zipmap-stripped'],
      digest: `sha256:${sha256(files['model.onnx'] ?? '')}`,
    });
    expect(signature.outputs).toEqual([
      { name: 'output_label', elementType: 'string', shape: [null] },
      { name: 'output_probability', elementType: 'float32', shape: [null, 3] },
    ]);
    expect(timings.loadMilliseconds).toBeGreaterThan(0);
    expect(version.artifact).toMatchObject({
      flavours: ['onnx', 'python_function'],
      mlflowVersion: '3.17.2',
      inputExample: 'input_example.json',
      schema: { inputs: [{ type: 'float', name: 'sepal length' }, {}, {}, {}] },
      onnx: { path: 'model.onnx', operators: { 'ai.onnx.ml.ZipMap': 1 }, opsets: { 'ai.onnx.ml': 1 } },
    });
    const { classes, probabilities } = await scored(version, expected);
    expect(classes).toEqual(expected.classes);
    expected.probabilities?.flat().forEach((each, i) => expect(probabilities?.[i]).toBeCloseTo(each, 5));
  });

  test('of a forest keeps labels that are negative numbers', async () => {
    const { files, expected } = await golden('forest');
    const version = await inspected('forest', files);
    expect(readyOf(version).labels).toEqual(['-1', '4', '7']);
    expect((await scored(version, expected)).classes).toEqual(expected.classes);
  });

  test('with weights in a file of their own is served with them, also when its run is purged', async () => {
    const { files, expected } = await golden('external');
    const source = await upload(server.ctx, files);
    await register(server.ctx, 'external', source);
    await server.drain();
    await deleteArtifacts(server.ctx, source.replace('mlflow-artifacts:/', ''));
    const version = await newest(server.ctx, 'external');
    const ready = readyOf(version);
    const name = Object.keys(files).find((each) => each.endsWith('.data')) ?? '';
    expect(ready.served).toMatchObject({
      changes: [],
      external: [{ path: name, digest: `sha256:${sha256(files[name] ?? '')}`, bytes: 6000 }],
    });
    expect(ready.bytes).toBe(280 + 6000);
    const model = await loadModel(server.ctx, ready);
    const rows = Float32Array.from(expected.rows.flat());
    const { y } = await model.run(server.ctx, {
      x: { type: 'float32', dims: [expected.rows.length, 4], data: rows },
    });
    expected.values?.forEach((row, r) =>
      row.forEach((each, column) => expect(Number(y?.data[r * 300 + column])).toBeCloseTo(each, 4)),
    );
  });

  test('with float16 inputs and outputs takes and gives float32', async () => {
    const { files, expected } = await golden('half');
    const version = await inspected('half', files);
    const ready = readyOf(version);
    expect(ready.served.changes).toEqual(['float16-inputs-cast', 'float16-outputs-cast']);
    const model = await loadModel(server.ctx, ready);
    const rows = Float32Array.from(expected.rows.flat());
    const { y } = await model.run(server.ctx, {
      x: { type: 'float32', dims: [expected.rows.length, 4], data: rows },
    });
    expected.values?.forEach((row, r) =>
      row.forEach((each, column) =>
        expect(Math.abs(Number(y?.data[r * 300 + column]) - each)).toBeLessThan(0.05),
      ),
    );
  });
});

describe('what cannot be served is refused with the reason and the way out, and known all the same:', () => {
  test.each([
    ['sklearn', 'scikit-learn', 'convert'],
    ['xgboost', 'XGBoost', 'convert'],
    ['lightgbm', 'LightGBM', 'convert'],
    ['catboost', 'catboost', undefined],
    ['pytorch', 'torch.onnx.export', undefined],
    ['prophet', 'prophet', undefined],
  ])('flavour %s', async (flavour, named, by) => {
    const text = mlModel(
      `  ${flavour}:\n    data: model.bin\n  python_function:\n    loader_module: mlflow.${flavour}\n`,
    );
    const version = await inspected(`flavour-${flavour}`, { MLmodel: text, 'model.pkl': 'pickle' });
    const { reason, wayOut } = refusalOf(version);
    expect(`${reason} ${wayOut?.says}`).toContain(named);
    expect(reason).toContain(flavour);
    expect(wayOut?.by).toBe(by);
    expect(version.artifact).toMatchObject({
      flavours: [flavour, 'python_function'],
      manifest: { files: 2, bytes: text.length + 6 },
    });
    expect((await readManifest(server.ctx, version)).files).toEqual([
      { path: 'MLmodel', bytes: text.length, sha256: sha256(text) },
      { path: 'model.pkl', bytes: 6, sha256: sha256('pickle') },
    ]);
  });

  test.each<[string, Files, RegExp]>([
    [
      'types that no request carries',
      { 'model.onnx': identity(value('x', 'bfloat16'), value('y', 'bfloat16')) },
      /input 'x' is of type bfloat16/,
    ],
    [
      'complex outputs',
      { 'model.onnx': identity(value('x'), value('y', 'complex64')) },
      /output 'y' is of type complex64/,
    ],
    [
      'sequences',
      { 'model.onnx': identity(value('x'), { name: 'y', kind: 'sequence', element: value('', 'int64') }) },
      /output 'y' is a sequence/,
    ],
    ['several files', { 'a.onnx': regressor, 'b.onnx': regressor }, /several ONNX files/],
    ['no ONNX file', { 'model.onnx': 'hello' }, /No protobuf field|lacks an IR version|ends after/],
    [
      'an operator that is unknown',
      {
        'model.onnx': writeModel({
          opsets: { '': 17, 'com.example': 1 },
          graph: {
            inputs: [value('x')],
            outputs: [value('y')],
            nodes: [{ op: 'Odd', domain: 'com.example', inputs: ['x'], outputs: ['y'] }],
          },
        }),
      },
      /no operator com\.example\.Odd/,
    ],
    [
      'an opset that is too new',
      {
        'model.onnx': writeModel({
          opsets: { '': 99 },
          graph: { inputs: [value('x')], outputs: [value('x')], nodes: [] },
        }),
      },
      /opset 99 of ai\.onnx/,
    ],
    [
      'weights elsewhere',
      {
        'model.onnx': writeModel({
          graph: {
            inputs: [value('x')],
            outputs: [value('w')],
            nodes: [],
            initializers: [
              {
                name: 'w',
                type: 'float32',
                shape: [1, 2],
                external: { location: '../../other/secret', length: 8 },
              },
            ],
          },
        }),
      },
      /'\.\.\/\.\.\/other\/secret', which is not a file below/,
    ],
    [
      'labels that are none',
      {
        'model.onnx': writeModel({
          metadata: { 'cairn.labels': 'a' },
          graph: { inputs: [value('x')], outputs: [value('x')], nodes: [] },
        }),
      },
      /'cairn\.labels' is not a JSON list/,
    ],
    ['an MLmodel that is no YAML', { MLmodel: '{'.repeat(100_000) }, /MLmodel file tells nothing/],
    ['an MLmodel that is a list', { MLmodel: '- 1\n- 2\n' }, /MLmodel file tells nothing/],
  ])('%s', async (what, files, reason) => {
    const version = await inspected(`refused ${what}`, files);
    expect(refusalOf(version).reason).toMatch(reason);
    expect(version.artifact?.manifest.files).toBe(Object.keys(files).length);
  });

  test('an MLmodel that is garbage does not keep the ONNX file beside it from being served', async () => {
    const version = await inspected('garbage', { MLmodel: '\0\x01{[', 'model.onnx': regressor });
    expect(readyOf(version).features).toEqual(['a', 'b']);
    expect(version.artifact?.flavours).toEqual([]);
  });

  test('a place that is not here, or where nothing is', async () => {
    for (const [source, reason] of [
      ['s3://bucket/model', /is not among this server's artifacts/],
      ['mlflow-artifacts:/0/none/artifacts/model', /there is no file at '0\/none/],
    ] as const) {
      await register(server.ctx, 'nowhere', source);
      await server.drain();
      const version = await newest(server.ctx, 'nowhere');
      expect(refusalOf(version).reason).toMatch(reason);
      expect(version.artifact).toBeUndefined();
    }
  });
});

describe('reading again', () => {
  const again = (name: string, version = 1) =>
    server.call('POST', `/api/v1/models/${name}/versions/${version}/inspect`);

  test('finds the files that came later', async () => {
    const source = 'mlflow-artifacts:/0/late/artifacts/model';
    await register(server.ctx, 'late', source);
    await server.drain();
    expect(refusalOf(await newest(server.ctx, 'late')).reason).toContain('there is no file');
    await put(server.ctx, source, { 'model.onnx': regressor });
    expect(await again('late')).toMatchObject({ status: 202, body: { inspection: { state: 'refused' } } });
    await server.drain();
    expect(readyOf(await newest(server.ctx, 'late')).features).toEqual(['a', 'b']);
  });

  test('leaves what is ready as it is, and stores again what was lost of it', async () => {
    const before = await inspected('same', { 'model.onnx': regressor });
    const { blob } = readyOf(before).served;
    await server.ctx.stores.blobs('models').remove(blob);
    await again('same');
    await server.drain();
    expect(await newest(server.ctx, 'same')).toEqual(before);
    expect(await server.ctx.stores.blobs('models').stat(blob)).toMatchObject({ bytes: regressor.length });
  });

  test('notes that files were changed, and serves what was registered', async () => {
    const source = await upload(server.ctx, { 'model.onnx': regressor, 'old.txt': 'old' });
    await register(server.ctx, 'changed', source);
    await server.drain();
    const before = await newest(server.ctx, 'changed');
    await deleteArtifacts(server.ctx, `${source.replace('mlflow-artifacts:/', '')}/old.txt`);
    await put(server.ctx, source, { 'model.onnx': 'overwritten', 'new.txt': 'new' });
    await again('changed');
    await server.drain();
    const { inspection, artifact } = await newest(server.ctx, 'changed');
    expect(inspection).toMatchObject({
      state: 'ready',
      ready: readyOf(before),
      note: expect.stringContaining(
        "'model.onnx' was changed, 'old.txt' is gone, 'new.txt' was added. What was registered is kept",
      ),
    });
    expect(artifact).toEqual(before.artifact);
    await put(server.ctx, source, { 'model.onnx': regressor, 'old.txt': 'old' });
    await deleteArtifacts(server.ctx, `${source.replace('mlflow-artifacts:/', '')}/new.txt`);
    await again('changed');
    await server.drain();
    expect((await newest(server.ctx, 'changed')).inspection).toEqual(before.inspection);
  });

  test('serves what a conversion made of the version, and refuses it where it is another file', async () => {
    const { ctx } = server;
    const source = await upload(ctx, { MLmodel: mlModel('  sklearn:\n    x: 1\n'), 'model.pkl': 'pickle' });
    const { modelId } = await register(ctx, 'converted', source);
    await server.drain();
    const { artifact } = await newest(ctx, 'converted');
    const folder = `${source.replace('mlflow-artifacts:/', '')}/cairn-onnx/job-1`;
    await put(ctx, folder, { 'model.onnx': regressor });
    const record = (digest: string) =>
      changeVersion(ctx, modelId, 1, (version) => ({
        type: 'version.converted',
        version: { ...version, converted: { path: `${folder}/model.onnx`, digest, at: ctx.clock.now() } },
      }));
    await record(`sha256:${sha256('another')}`);
    await server.drain();
    expect(refusalOf(await newest(ctx, 'converted'))).toMatchObject({
      reason: expect.stringContaining('was changed since'),
      wayOut: { by: 'convert' },
    });
    await record(`sha256:${sha256(regressor)}`);
    await server.drain();
    const version = await newest(ctx, 'converted');
    expect(readyOf(version)).toMatchObject({ served: { changes: ['converted'] }, features: ['a', 'b'] });
    expect(version.artifact?.manifest).toEqual(artifact?.manifest);
  });
});

describe('over HTTP', () => {
  test('the files of a version are listed page by page', async () => {
    const files = { 'b.txt': 'b', 'a/c.txt': 'c', 'a.txt': 'a', 'model.onnx': regressor };
    await inspected('listed', files);
    const paths: string[] = [];
    for (let token: string | undefined = ''; token !== undefined; ) {
      const { status, body } = await server.call(
        'GET',
        `/api/v1/models/listed/versions/1/files?max_results=3&page_token=${token}`,
      );
      expect(status).toBe(200);
      paths.push(...items(body['files']).map((file) => `${String(file['path'])} ${String(file['sha256'])}`));
      token = body['next_page_token'] === undefined ? undefined : String(body['next_page_token']);
    }
    expect(paths).toEqual(
      Object.entries(files)
        .map(([path, data]) => `${path} ${sha256(data)}`)
        .toSorted(),
    );
  });

  test('what is not there is 404, and files that are not known yet are 409', async () => {
    const files = (name: string, version: number | string) =>
      server.call('GET', `/api/v1/models/${name}/versions/${version}/files`);
    await register(server.ctx, 'unread', 'mlflow-artifacts:/0/unread/artifacts/model');
    expect(await files('unread', 1)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('still being read') },
    });
    await server.drain();
    expect(await files('unread', 1)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('there is no file') },
    });
    expect(await files('unread', 2)).toMatchObject({ status: 404 });
    expect(await files('none', 1)).toMatchObject({ status: 404 });
    expect(await files('unread', 'x')).toMatchObject({ status: 400 });
    expect(await server.call('POST', '/api/v1/models/none/versions/1/inspect')).toMatchObject({
      status: 404,
    });
  });

  test('a binary classifier of our own keeps the labels that it declares', async () => {
    const bytes = linearClassifier({
      features: ['a'],
      labels: [0, 1],
      coefficients: [0, 1],
      intercepts: [0, 0],
    });
    expect(readyOf(await inspected('own', { 'model.onnx': bytes })).labels).toEqual(['0', '1']);
  });
});
