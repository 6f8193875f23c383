import { blobName } from '../../shared/artifacts/index.ts';
import type { Context } from '../../shared/context.ts';
import { isCode } from '../../shared/http/index.ts';
import { linearClassifier } from '../../shared/onnx/index.ts';
import { createModel, createVersion, moveAlias } from '../../shared/registry/index.ts';
import type { TestServer } from '../support/server.ts';

export const features = ['length', 'width', 'höhe'] as const;
export const labels = ['setosa', 'versicolor', 'virginica'] as const;

/** A classifier of three classes over three features; `shift` makes another model of the same kind. */
export function classifier(shift = 0, named: readonly string[] | readonly number[] = labels): Uint8Array {
  return linearClassifier({
    features,
    labels: named,
    coefficients: [1, 0, 0.25, 0, 1, -0.5, -1, -1, 1],
    intercepts: [shift, 0.5, -0.25],
  });
}

/** Registers `bytes` as the next version of a model, and gives it the alias when it is ready. */
export async function publish(
  server: TestServer,
  model: string,
  bytes: Uint8Array,
  alias = 'champion',
): Promise<number> {
  const { ctx } = server;
  await createModel(ctx, { name: model }).catch((error: unknown) => {
    if (!isCode(error, 'already-exists')) throw error;
  });
  const version = await register(ctx, model, bytes);
  await server.drain();
  await moveAlias(ctx, { name: model, alias, version });
  await server.drain();
  return version;
}

/** Registers `bytes` as the next version of a model; it is read when the queues are drained. */
export async function register(ctx: Context, model: string, bytes: Uint8Array): Promise<number> {
  const path = `0/${ctx.ids.hex(8)}/artifacts/model.onnx`;
  await ctx.stores.blobs('artifacts').write(blobName(ctx, path), bytes);
  return (await createVersion(ctx, { name: model, source: `mlflow-artifacts:/${path}` })).version;
}

/** Publishes a model and makes an endpoint of the same name for it. */
export async function deploy(server: TestServer, name: string, bytes: Uint8Array): Promise<void> {
  await publish(server, name, bytes);
  const { status, body } = await server.call('POST', '/api/v1/endpoints', {
    name,
    model: name,
    alias: 'champion',
    rollout: { plan: [100] },
  });
  if (status !== 201) throw new Error(`The endpoint was not made: ${JSON.stringify(body)}`);
}
