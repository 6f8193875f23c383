import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { makePackage, type Package } from '../../scripts/package.ts';
import { classifier } from '../serving/support.ts';
import type { JsonObject } from '../support/server.ts';

let folder: string;
let made: Package;
let stack: Stack;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-deployed-'));
  made = await makePackage();
  const appDir = join(folder, 'app');
  for (const [path, bytes] of Object.entries(unzipSync(made.zip))) {
    await mkdir(dirname(join(appDir, path)), { recursive: true });
    await writeFile(join(appDir, path), bytes);
  }
  stack = await startStack({ data: join(folder, 'data'), port: 0, appDir, faithful: true });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true });
});

async function call(method: string, path: string, body?: unknown): Promise<JsonObject> {
  const response = await fetch(`${stack.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as JsonObject;
}

test('the package is small, and holds no source, no map and nothing of this machine', () => {
  expect(made.zip.length).toBeLessThan(40 * 2 ** 20);
  expect(made.files).toEqual(
    expect.arrayContaining(['host.json', 'package.json', 'dist/main.cjs', 'dist/web/index.html']),
  );
  expect(made.files.filter((name) => /\.(map|ts|tsx)$|settings|\.env/.test(name))).toEqual([]);
  const text = Buffer.from(unzipSync(made.zip)['dist/main.cjs'] ?? []).toString();
  expect(text).not.toContain(import.meta.dirname.split('/test/')[0]);
});

test('made again it is the same, byte by byte', async () => {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  expect(digest((await makePackage()).zip)).toBe(digest(made.zip));
});

test('unpacked in an empty folder it answers, stores a file of 8 MiB, and serves a model', async () => {
  expect(await call('GET', '/health/ready')).toMatchObject({ status: 'ready' });
  expect(await (await fetch(stack.url)).text()).toContain('<title>');
  const { run } = await call('POST', '/api/2.0/mlflow/runs/create', {});
  const path = String(run?.['info']?.['artifact_uri']).replace('mlflow-artifacts:/', '');
  const at = (file: string) => `${stack.url}/api/2.0/mlflow-artifacts/artifacts/${path}/${file}`;
  const large = Buffer.alloc(8 * 2 ** 20, 'cairn');
  expect((await fetch(at('large.bin'), { method: 'PUT', body: large })).status).toBe(200);
  const stored = Buffer.from(await (await fetch(at('large.bin'))).arrayBuffer());
  expect(stored.equals(large)).toBe(true);

  const model = await fetch(at('model/model.onnx'), { method: 'PUT', body: Buffer.from(classifier()) });
  expect(model.status).toBe(200);
  await call('POST', '/api/2.0/mlflow/registered-models/create', { name: 'iris' });
  const source = `runs:/${String(run?.['info']?.['run_id'])}/model`;
  await call('POST', '/api/2.0/mlflow/model-versions/create', { name: 'iris', source });
  await call('POST', '/api/v1/endpoints', { name: 'iris', model: 'iris', version: '1' });
  const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }];
  await expect
    .poll(() => call('POST', '/v2/models/iris/infer', { inputs }).catch(String), { timeout: 30_000 })
    .toMatchObject({ outputs: [expect.objectContaining({ shape: [1] }), expect.anything()] });
});
