import type { Key } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { CairnError, hides } from '../../http/index.ts';
import { isHighRisk } from '../../privacy/index.ts';
import type { DeletedModel, ModelRoot } from '../model.ts';
import { checkName, readName } from './names.ts';

/** A model by name. */
export async function modelByName(ctx: Context, name: string): Promise<ModelRoot> {
  return (await readByName(ctx, name)).doc;
}

/** The same of one that the caller may see: what they may not is to them as what is not there. */
export async function visibleModel(ctx: Context, name: string): Promise<ModelRoot> {
  const root = await modelByName(ctx, name);
  if (ctx.access.may('viewer', { type: 'model', id: root.modelId })) return root;
  throw hides(unknownModel(name));
}

/** The id of the model that goes by a name; `undefined` where none does. */
export async function modelIdOfName(ctx: Context, name: string): Promise<string | undefined> {
  return (await findByName(ctx, name))?.doc.modelId;
}

/** A model by its immutable id. */
export async function modelById(ctx: Context, modelId: string): Promise<ModelRoot> {
  const stored = await readRoot(ctx, modelId);
  if (stored) return stored.doc;
  throw new CairnError('not-found', `Registered Model with id=${modelId} not found`);
}

/** A model by name, with the etag a conditional write needs. Throws `not-found`, and `invalid` for what is no name. */
export async function readByName(ctx: Context, name: string): Promise<Stored<ModelRoot>> {
  checkName(name);
  const stored = await findByName(ctx, name);
  if (stored) return stored;
  throw unknownModel(name);
}

/** MLflow's words where no model goes by a name. */
export function unknownModel(name: string): CairnError {
  return new CairnError('not-found', `Registered Model with name=${name} not found`, { field: 'name' });
}

/** The model that goes by a name, if there is one: one point read where the name is known, else two. */
export async function findByName(ctx: Context, name: string): Promise<Stored<ModelRoot> | undefined> {
  const known = knownIds(ctx);
  const nameKey = `${ctx.workspace}/${name}`;
  const knownId = known.get(nameKey);
  if (knownId !== undefined) {
    const stored = await readRoot(ctx, knownId);
    if (stored?.doc.name === name) return stored;
    known.delete(nameKey);
  }
  const held = await readName(ctx, name);
  const stored = held && (await readRoot(ctx, held.doc.target));
  if (stored?.doc.name !== name) return undefined;
  known.set(nameKey, stored.doc.modelId);
  return stored;
}

/** Where a model lies with all that belongs to it: versions, moves of aliases, promotions, policies, events. */
export function partition(ctx: Context, modelId: string): Key {
  return [ctx.workspace, modelId];
}

async function readRoot(ctx: Context, modelId: string): Promise<Stored<ModelRoot> | undefined> {
  const stored = await readRootOrRest(ctx, modelId);
  return isModel(stored) ? stored : undefined;
}

/** The root of a model, or what is left of it when it has been deleted. */
export function readRootOrRest(
  ctx: Context,
  modelId: string,
): Promise<Stored<ModelRoot | DeletedModel> | undefined> {
  return ctx.stores.documents('models').read<ModelRoot | DeletedModel>(partition(ctx, modelId), 'model');
}

/** Whether a model is tagged `risk: high`, or was when it was deleted. */
export async function isModelHighRisk(ctx: Context, modelId: string): Promise<boolean> {
  const doc = (await readRootOrRest(ctx, modelId))?.doc;
  return doc?.type === 'model' ? isHighRisk(doc.tags) : doc?.isHighRisk === true;
}

function isModel(stored: Stored<ModelRoot | DeletedModel> | undefined): stored is Stored<ModelRoot> {
  return stored?.doc.type === 'model';
}

/** Model ids by workspace and name; a hint only, checked against the root each time. */
const idsByStores = new WeakMap<object, Map<string, string>>();
function knownIds(ctx: Context): Map<string, string> {
  let ids = idsByStores.get(ctx.stores);
  if (!ids) idsByStores.set(ctx.stores, (ids = new Map()));
  if (ids.size > 10_000) ids.clear();
  return ids;
}
