import type { Context } from '../context.ts';
import { getEndpoint, mainOf } from '../endpoints/index.ts';
import { CairnError, isCode, unlessCode } from '../http/index.ts';
import {
  getReady,
  modelById,
  modelByName,
  type ModelRoot,
  versionByAlias,
  type VersionReady,
} from '../registry/index.ts';
import { BatchError } from './failure.ts';
import type { BatchModel, Owner } from './job.ts';
import { folderOf, modelFolder, modelIdIn } from './names.ts';

/** Who scores: whose files they are, where they lie, and the version that answers now. */
export type Scorer = {
  readonly owner: Owner;
  readonly folder: string;
  /** `undefined` while no version is ready. */
  readonly model: BatchModel | undefined;
};

/** The alias whose version scores a model's files where nobody says which one does. */
const usualAlias = 'champion';

/** Which version of a model is asked for. */
export type AskedVersion = { readonly version?: number | undefined; readonly alias?: string | undefined };

/** Whose files they are, and where they lie. */
export type Place = Pick<Scorer, 'owner' | 'folder'>;

/** An endpoint by its name. Throws `not-found`, and `conflict` for one that answers elsewhere. */
export async function scorerOfEndpoint(ctx: Context, name: string): Promise<Scorer> {
  const endpoint = await getEndpoint(ctx, name);
  const main = mainOf(endpoint);
  if (!main)
    throw new CairnError(
      'conflict',
      `Endpoint '${endpoint.name}' has no deployment of a model here, and files are not sent elsewhere; name a model instead.`,
      { field: 'endpoint' },
    );
  return {
    ...placeOfEndpoint(ctx, endpoint),
    model: main.stable && { modelId: main.modelId, ...main.stable },
  };
}

/**
 * A model by its name, with the version or alias that is asked for; without, the one of alias `champion`, or else the
 * latest that is ready. Throws `not-found`.
 */
export async function scorerOfModel(ctx: Context, name: string, asked: AskedVersion = {}): Promise<Scorer> {
  const root = await modelByName(ctx, name);
  return {
    ...placeOfModel(ctx, root),
    model: await readyModel(ctx, root.modelId, await numberOf(ctx, root, asked)),
  };
}

/** What scores the files of an owner where nobody says which version does. */
export async function scorerOf(ctx: Context, owner: Owner): Promise<Scorer> {
  return owner.type === 'endpoint'
    ? scorerOfEndpoint(ctx, owner.id)
    : scorerOfModel(ctx, (await modelById(ctx, owner.id)).name);
}

/** Whose the files below a folder of `batch-input` are: an endpoint's, or else a model's; `undefined` where there is neither. */
export async function placeOfFolder(ctx: Context, folder: string): Promise<Place | undefined> {
  const modelId = modelIdIn(folder);
  if (modelId === undefined) {
    const endpoint = await unlessCode(getEndpoint(ctx, folder), 'not-found');
    if (endpoint) return placeOfEndpoint(ctx, endpoint);
  }
  const model = modelId === undefined ? modelByName(ctx, folder) : modelById(ctx, modelId);
  const root = await unlessCode(model, 'not-found');
  return root && placeOfModel(ctx, root);
}

/** Where files of an endpoint or a model go that are sent through the platform. Throws `not-found`. */
export async function placeOf(
  ctx: Context,
  { endpoint, model }: { readonly endpoint?: string | undefined; readonly model?: string | undefined },
): Promise<Place> {
  return endpoint === undefined
    ? placeOfModel(ctx, await modelByName(ctx, model ?? ''))
    : placeOfEndpoint(ctx, await getEndpoint(ctx, endpoint));
}

function placeOfEndpoint({ workspace }: Context, { name }: { readonly name: string }): Place {
  return { owner: { type: 'endpoint', id: name }, folder: folderOf(workspace, name) };
}

function placeOfModel({ workspace }: Context, { modelId, name }: ModelRoot): Place {
  return { owner: { type: 'model', id: modelId, name }, folder: folderOf(workspace, modelFolder(modelId)) };
}

async function numberOf(
  ctx: Context,
  { name, aliases }: ModelRoot,
  { version, alias }: AskedVersion,
): Promise<number> {
  if (version !== undefined) return version;
  const asked = alias ?? (Object.hasOwn(aliases, usualAlias) ? usualAlias : 'latest');
  return (await versionByAlias(ctx, name, asked)).version.version;
}

async function readyModel(ctx: Context, modelId: string, version: number): Promise<BatchModel | undefined> {
  try {
    const { digest } = await getReady(ctx, modelId, version);
    return { modelId, version, digest };
  } catch (error) {
    if (isCode(error, 'unavailable')) return undefined;
    throw error;
  }
}

/** The ready version a job is pinned to. Throws {@link BatchError} where it cannot score any more. */
export async function pinnedVersion(ctx: Context, model: BatchModel): Promise<VersionReady> {
  try {
    const ready = await getReady(ctx, model.modelId, model.version);
    if (ready.digest === model.digest) return ready;
  } catch (error) {
    if (!isCode(error, 'conflict', 'not-found')) throw error;
    throw new BatchError({ code: 'model', reason: error.message });
  }
  throw new BatchError({
    code: 'model',
    reason: `Version ${model.version} of the model is no longer what it was when the job was made; ask for a new job`,
  });
}
