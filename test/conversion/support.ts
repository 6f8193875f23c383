import { randomUUID } from 'node:crypto';
import type { Context } from '../../shared/context.ts';
import { linearClassifier } from '../../shared/onnx/index.ts';
import { createModel, createVersion, type ModelVersion, versionByName } from '../../shared/registry/index.ts';
import type { TestServer } from '../support/server.ts';

/** What the converter of the tests makes of every model. */
export const onnx = linearClassifier({
  features: ['a', 'b'],
  labels: ['no', 'yes'],
  coefficients: [0, 0, 4, 0],
  intercepts: [0, 0],
});

const mlmodel = (flavour: string) => `flavors:
  python_function:
    loader_module: mlflow.${flavour}
  ${flavour}:
    pickled_model: model.pkl
mlflow_version: 3.17.2
signature:
  inputs: '[{"type": "double", "name": "a"}, {"type": "double", "name": "b"}]'
`;

/** A version of a new model, as a client that logs a pickle of this flavour leaves it: read, and refused. */
export async function pickledVersion(
  server: TestServer,
  ctx: Context,
  name: string,
  flavour = 'sklearn',
): Promise<ModelVersion> {
  const folder = `7/${randomUUID()}/artifacts/model`;
  const blobs = ctx.stores.blobs('artifacts');
  await blobs.write(`${ctx.workspace}/${folder}/MLmodel`, Buffer.from(mlmodel(flavour)));
  await blobs.write(`${ctx.workspace}/${folder}/model.pkl`, Buffer.from('a pickle'));
  await createModel(ctx, { name });
  const version = await createVersion(ctx, { name, source: `mlflow-artifacts:/${folder}` });
  const deadline = Date.now() + 20_000;
  do await server.drain();
  while (
    (await versionByName(ctx, name, version.version)).inspection.state === 'pending' &&
    Date.now() < deadline
  );
  return version;
}
