import { upload } from '../inspection/support.ts';
import { createModel, createVersion, moveAlias } from '../../shared/registry/index.ts';
import { isCode } from '../../shared/http/index.ts';
import { type ElementType, writeModel } from '../../shared/onnx/index.ts';
import type { TestServer } from '../support/server.ts';
import { register } from './support.ts';

/** Makes an endpoint of fields beside its name. */
export async function makeEndpoint(
  server: TestServer,
  name: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { status, body } = await server.call('POST', '/api/v1/endpoints', {
    name,
    rollout: { plan: [100] },
    ...fields,
  });
  if (status !== 201) throw new Error(`The endpoint was not made: ${JSON.stringify(body)}`);
}

/** Publishes models and makes an endpoint of the same name for each, in as few turns of the queues as it takes. */
export async function deployAll(
  server: TestServer,
  models: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const { ctx } = server;
  for (const [name, bytes] of Object.entries(models)) {
    await createModel(ctx, { name });
    await register(ctx, name, bytes);
  }
  await server.drain();
  for (const name of Object.keys(models)) {
    await moveAlias(ctx, { name, alias: 'champion', version: 1 });
    await makeEndpoint(server, name, { model: name, alias: 'champion' });
  }
  await server.drain();
}

/** Publishes an ONNX model with MLflow's signature, as JSON of its sides, and makes an endpoint of its name for it. */
export async function deploySigned(
  server: TestServer,
  name: string,
  model: Uint8Array,
  signature: { inputs?: readonly object[]; outputs?: readonly object[]; params?: readonly object[] },
): Promise<void> {
  const { ctx } = server;
  const sides = Object.entries(signature).map(([side, specs]) => `  ${side}: '${JSON.stringify(specs)}'\n`);
  const files = {
    MLmodel: `flavors:\n  onnx:\n    data: model.onnx\nsignature:\n${sides.join('')}`,
    'model.onnx': model,
  };
  await createModel(ctx, { name }).catch((error: unknown) => {
    if (!isCode(error, 'already-exists')) throw error;
  });
  const { version } = await createVersion(ctx, { name, source: await upload(ctx, files) });
  await server.drain();
  await moveAlias(ctx, { name, alias: 'champion', version });
  await server.drain();
  await makeEndpoint(server, name, { model: name, alias: 'champion' });
}

/** A model whose output y of some sizes is its input x. */
export const echo = (type: ElementType, shape: (number | string | null)[] = ['n', 2]): Uint8Array =>
  writeModel({
    graph: {
      inputs: [{ name: 'x', kind: 'tensor', elementType: type, shape }],
      outputs: [{ name: 'y', kind: 'tensor', elementType: type, shape }],
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    },
  });

/** A request to infer as bytes: JSON, and behind it the data of the inputs that say `binary_data_size`. */
export function binaryBody(
  json: unknown,
  ...data: readonly Uint8Array[]
): { body: Buffer<ArrayBuffer>; headers: Record<string, string> } {
  const head = Buffer.from(JSON.stringify(json));
  return {
    body: Buffer.concat([head, ...data]),
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.byteLength),
    },
  };
}

/** What a response to infer holds: its JSON, and the bytes behind it. */
export async function answeredBytes(
  response: Response,
): Promise<{ json: { outputs: { name: string; parameters?: Record<string, unknown> }[] }; bytes: Buffer }> {
  const all = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get('inference-header-content-length') ?? all.byteLength);
  return {
    json: JSON.parse(all.subarray(0, length).toString()) as never,
    bytes: all.subarray(length),
  };
}
