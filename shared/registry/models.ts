import { createHash } from 'node:crypto';
import type { Key } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import type { ModelRoot } from './model.ts';

/** Holds a name for one model. It lies in a partition of its own, since rename moves it and not the model. */
type ModelName = Document & {
  readonly type: 'model-name';
  readonly modelId: string;
  readonly name: string;
  readonly target: string;
};

const nameCharsMax = 500;

export type NewModel = {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags?: readonly { key: string; value: string }[] | undefined;
};

/**
 * Registers a model name. The name is claimed first and the root made second; a creation that died
 * between the two is completed by the next one of that name.
 */
export async function createModel(ctx: Context, input: NewModel): Promise<ModelRoot> {
  checkName(input.name);
  const documents = ctx.stores.documents('models');
  const modelId = await claimName(ctx, input.name);
  const now = ctx.clock.now();
  const root: ModelRoot = {
    id: 'model',
    type: 'model',
    v: 1,
    workspace: ctx.workspace,
    modelId,
    name: input.name,
    description: input.description ?? '',
    tags: Object.fromEntries((input.tags ?? []).map(({ key, value }) => [key, value])),
    aliases: {},
    stages: {},
    nextVersion: 1,
    gone: [],
    createdAt: now,
    updatedAt: now,
    seq: 1,
  };
  const key = partition(ctx, modelId);
  const event = eventWrite(
    ctx,
    { type: 'model.created', aggregate: `model/${modelId}`, seq: 1, subject: { modelId }, after: root },
    { workspace: ctx.workspace, modelId },
  );
  const { outcome } = await documents.batch(key, [{ op: 'create', doc: root }, event]);
  if (outcome !== 'applied')
    throw new CairnError('already-exists', `Registered Model (name=${input.name}) already exists.`, {
      field: 'name',
    });
  relay(ctx, 'models', key, event);
  return root;
}

/** A model by name. */
export async function modelByName(ctx: Context, name: string): Promise<ModelRoot> {
  return (await readByName(ctx, name)).doc;
}

/** A model by its immutable id. */
export async function modelById(ctx: Context, modelId: string): Promise<ModelRoot> {
  const stored = await readRoot(ctx, modelId);
  if (stored) return stored.doc;
  throw new CairnError('not-found', `Registered Model with id=${modelId} not found`);
}

/** A model by name, with the etag a conditional write needs: one point read where the name is known, else two. */
export async function readByName(ctx: Context, name: string): Promise<Stored<ModelRoot>> {
  checkName(name);
  const known = knownIds(ctx);
  const nameKey = `${ctx.workspace}/${name}`;
  const knownId = known.get(nameKey);
  if (knownId !== undefined) {
    const stored = await readRoot(ctx, knownId);
    if (stored?.doc.name === name) return stored;
    known.delete(nameKey);
  }
  const held = await ctx.stores.documents('models').read<ModelName>(namePartition(ctx, name), 'name');
  const stored = held && (await readRoot(ctx, held.doc.target));
  if (!stored)
    throw new CairnError('not-found', `Registered Model with name=${name} not found`, { field: 'name' });
  known.set(nameKey, stored.doc.modelId);
  return stored;
}

export function partition(ctx: Context, modelId: string): Key {
  return [ctx.workspace, modelId];
}

function readRoot(ctx: Context, modelId: string): Promise<Stored<ModelRoot> | undefined> {
  return ctx.stores.documents('models').read<ModelRoot>(partition(ctx, modelId), 'model');
}

/** Model ids by workspace and name; a hint only, checked against the root each time. */
const idsByStores = new WeakMap<object, Map<string, string>>();
function knownIds(ctx: Context): Map<string, string> {
  let ids = idsByStores.get(ctx.stores);
  if (!ids) idsByStores.set(ctx.stores, (ids = new Map()));
  if (ids.size > 10_000) ids.clear();
  return ids;
}

/** The id of the model that this name now stands for: a new one, or the one of an unfinished creation. */
async function claimName(ctx: Context, name: string): Promise<string> {
  const documents = ctx.stores.documents('models');
  const key = namePartition(ctx, name);
  const target = ctx.ids.hex(16);
  const doc: ModelName = {
    id: 'name',
    type: 'model-name',
    v: 1,
    workspace: ctx.workspace,
    modelId: key[1] ?? '',
    name,
    target,
  };
  const { outcome } = await documents.write(key, { op: 'create', doc });
  if (outcome === 'applied') return target;
  const held = await documents.read<ModelName>(key, 'name');
  return held?.doc.target ?? target;
}

function namePartition(ctx: Context, name: string): Key {
  return [ctx.workspace, `name:${createHash('sha256').update(name).digest('hex')}`];
}

function checkName(name: string): void {
  const why =
    name.trim() === ''
      ? 'Registered model name cannot be empty.'
      : /[/:]/.test(name)
        ? `Invalid model name: '${name}'. Model name cannot contain '/' or ':'.`
        : name.length > nameCharsMax
          ? `Invalid model name: it is over ${nameCharsMax} characters.`
          : undefined;
  if (why !== undefined) throw new CairnError('invalid', why, { field: 'name' });
}
