/** A whole stack with the models behind endpoints, and the echo beside them. */
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Stack, startStack } from '../local/stack.ts';
import { build } from '../scripts/build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readySecondsMax = 60;

/** Bundles the app with the echo into a folder that runs as the project itself does. */
export async function appWithEcho(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await build({ outDir: join(folder, 'dist'), main: 'bench/serving-app.ts' });
  await cp(join(root, 'host.json'), join(folder, 'host.json'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'bench', main: 'dist/main.cjs' }));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

export function servingStack(data: string, appDir: string): Promise<Stack> {
  return startStack({ data, appDir, port: 0, env: { CAIRN_AUTH: 'off' } });
}

/**
 * Registers a model and makes an endpoint of the same name that serves it; `settings` are the deployment's. Of two apps
 * the endpoint answers at `calledAt`.
 */
export async function serve(
  url: string,
  name: string,
  model: Uint8Array,
  settings: Readonly<Record<string, unknown>> = {},
  calledAt = url,
): Promise<void> {
  const api = '/api/2.0/mlflow';
  const { run } = await send<{ run: { info: { run_id: string; artifact_uri: string } } }>(
    url,
    `${api}/runs/create`,
    { experiment_id: '0' },
  );
  const { run_id, artifact_uri } = run.info;
  const path = artifact_uri.replace('mlflow-artifacts:/', '');
  const put = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${path}/model/model.onnx`, {
    method: 'PUT',
    body: Buffer.from(model),
  });
  if (!put.ok) throw new Error(`The model was not stored: ${put.status} ${await put.text()}`);
  await send(url, `${api}/registered-models/create`, { name });
  await send(url, `${api}/model-versions/create`, { name, source: `runs:/${run_id}/model`, run_id });
  await send(url, `${api}/registered-models/alias`, { name, alias: 'champion', version: '1' });
  await send(url, '/api/v1/endpoints', {
    name,
    deployments: [{ name: 'main', model: name, alias: 'champion', settings }],
  });
  for (const deadline = Date.now() + readySecondsMax * 1000; ; await sleep(100)) {
    const ping = await fetch(`${calledAt}/endpoints/${name}/ping`);
    if (ping.ok) return;
    if (Date.now() > deadline) throw new Error(`'${name}' is not ready: ${await ping.text()}`);
  }
}

async function send<T>(url: string, path: string, body: unknown): Promise<T> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
