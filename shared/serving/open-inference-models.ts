/** What an endpoint tells of itself as a model of the Open Inference Protocol. */
import type { Context } from '../context.ts';
import { type Endpoint, listEndpoints, pinnedOf } from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import { propertiesOf } from './describe/labels.ts';
import { shapeOf } from './fill.ts';
import type { Live, LiveDeployment } from './live.ts';
import type { ServedModel } from './models.ts';
import { datatypeOf, type Port } from '../sessions/index.ts';

/** Metadata of a model: `GET v2/models/{name}`. */
export function modelMetadata(live: Live, model: ServedModel): Record<string, unknown> {
  const tensor = (port: Port) => ({ name: port.name, datatype: datatypeOf(port.type), shape: shapeOf(port) });
  return {
    name: live.endpoint.name,
    versions: versionsOf(live),
    platform: 'onnx_onnxv1',
    inputs: model.inputs.map(tensor),
    outputs: model.outputs.map(tensor),
    ...propertiesOf(model),
  };
}

/** Every model that may answer for an endpoint. */
export function modelsOf({ deployments }: Live): ServedModel[] {
  return [...deployments.values()]
    .filter((each): each is LiveDeployment => !(each instanceof CairnError) && each.kind === 'loaded')
    .flatMap(({ stable, canary }) => (canary ? [stable, canary] : [stable]));
}

function versionsOf(live: Live): string[] {
  const versions = new Set(modelsOf(live).map(({ ready }) => ready.version));
  return [...versions].toSorted((a, b) => a - b).map(String);
}

/** Names of the models that the caller may see. */
export async function modelNames(ctx: Context): Promise<string[]> {
  return (await listEndpoints(ctx)).map(({ name }) => name);
}

/** One version of a model in the index of the repository; of a model without any, its name alone. */
export type Indexed = {
  readonly name: string;
  readonly version?: string;
  readonly state: 'READY' | 'UNAVAILABLE';
  readonly reason: string;
};

/**
 * The models that the caller may see, a line for each version that may answer:
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
 * `READY` is what answers when it is asked, though this instance may not have loaded it yet.
 */
export async function repositoryIndex(ctx: Context, isReadyOnly: boolean): Promise<Indexed[]> {
  const index = (await listEndpoints(ctx)).flatMap(indexed);
  return isReadyOnly ? index.filter(({ state }) => state === 'READY') : index;
}

function indexed(endpoint: Endpoint): Indexed[] {
  const { name, deployments } = endpoint;
  const versions = [...new Set(pinnedOf(endpoint).map(({ pinned }) => pinned.version))].toSorted(
    (a, b) => a - b,
  );
  if (versions.length > 0)
    return versions.map((version) => ({ name, version: String(version), state: 'READY', reason: '' }));
  const reason = deployments.some(({ kind }) => kind === 'model')
    ? 'No version of its model is ready yet.'
    : 'All its deployments are elsewhere; they take invocations only.';
  return [{ name, state: 'UNAVAILABLE', reason }];
}

/** Throws why none of the deployments of an endpoint is a model that can answer. */
export function requireLoaded(live: Live): void {
  if (modelsOf(live).length > 0) return;
  const reason = [...live.deployments.values()].find((each) => each instanceof CairnError);
  throw (
    reason ?? new CairnError('conflict', `All deployments of endpoint '${live.endpoint.name}' are elsewhere.`)
  );
}

/** Why a model is not unloaded because somebody says so. */
export function whyNotUnloaded(name: string): CairnError {
  return new CairnError(
    'invalid-state',
    `Model ${name} stays: instances load a model when it is asked for, and let go of those that are not asked for when memory runs short. To take it out of service, set the traffic of the endpoint to 0, or delete the endpoint.`,
  );
}
