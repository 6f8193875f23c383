import type { Key, Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type EventType, eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { ModelRoot, ModelVersion } from './model.ts';
import { partition, readByName } from './models.ts';
import { checkRoom } from './room.ts';
import { readVersion, versionAggregate } from './versions.ts';

/** Changes that MLflow counts as such: they move `updatedAt`, by which searches are ordered. */
const dating: ReadonlySet<EventType> = new Set([
  'model.updated',
  'model.renamed',
  'version.updated',
  'version.staged',
  'version.deleted',
]);

/** What a change is announced as; `subject` is added to the ids of what changed. */
type Announced = { readonly type: EventType; readonly subject?: Readonly<Record<string, string>> };

export type ModelChange = Announced & {
  /** The root as it shall be; `seq` and `updatedAt` are set here. */
  readonly root: ModelRoot;
  /** Writes to the same partition that hold if and only if this one does: at most 90. */
  readonly alongside?: readonly Write[];
};

/**
 * One compare-and-swap of a model's root, with whatever else of its partition changes in the same moment,
 * and the event that tells of it. `decide` is asked again after a lost swap; it may throw, and answers
 * `undefined` where nothing is to change. Returns the root as it then is. Throws `too-large` where it would
 * hold more texts than there is room for.
 */
export function changeModel(
  ctx: Context,
  name: string,
  decide: (root: ModelRoot) => Promise<ModelChange | undefined> | ModelChange | undefined,
): Promise<ModelRoot> {
  return swap(ctx, `Model '${name}'`, async () => {
    const { doc: before, etag } = await readByName(ctx, name);
    const change = await decide(before);
    if (!change) return before;
    checkRoom(`Registered Model (name=${name})`, change.root, before);
    const after: ModelRoot = { ...change.root, seq: before.seq + 1, updatedAt: dated(ctx, change, before) };
    const { modelId, seq } = after;
    const event = eventWrite(
      ctx,
      {
        type: change.type,
        aggregate: `model/${modelId}`,
        seq,
        subject: { modelId, ...change.subject },
        before,
        after,
      },
      { workspace: ctx.workspace, modelId },
    );
    const key = partition(ctx, modelId);
    const applied = await apply(ctx, key, [
      { op: 'replace', doc: after, etag },
      ...(change.alongside ?? []),
      event,
    ]);
    if (!applied) return lost;
    relay(ctx, 'models', key, event);
    return after;
  });
}

export type VersionChange = Announced & {
  /** The version as it shall be; `seq` and `updatedAt` are set here. */
  readonly version: ModelVersion;
  readonly alongside?: readonly Write[];
};

/** The same for a version. Throws `not-found` where there is none. */
export function changeVersion(
  ctx: Context,
  modelId: string,
  number: number,
  decide: (version: ModelVersion) => Promise<VersionChange | undefined> | VersionChange | undefined,
): Promise<ModelVersion> {
  return swap(ctx, `Version ${number}`, async () => {
    const { doc: before, etag } = await versionOrThrow(ctx, modelId, number);
    const change = await decide(before);
    if (!change) return before;
    checkRoom(`Model Version (name=${before.name}, version=${number})`, change.version, before);
    const after: ModelVersion = {
      ...change.version,
      seq: before.seq + 1,
      updatedAt: dated(ctx, change, before),
    };
    const event = eventWrite(
      ctx,
      {
        type: change.type,
        aggregate: versionAggregate(modelId, number),
        seq: after.seq,
        subject: { modelId, version: String(number), ...change.subject },
        before,
        after,
      },
      { workspace: ctx.workspace, modelId },
    );
    const key = partition(ctx, modelId);
    const applied = await apply(ctx, key, [
      { op: 'replace', doc: after, etag },
      ...(change.alongside ?? []),
      event,
    ]);
    if (!applied) return lost;
    relay(ctx, 'models', key, event);
    return after;
  });
}

function dated(ctx: Context, { type }: Announced, before: { readonly updatedAt: number }): number {
  return dating.has(type) ? ctx.clock.now() : before.updatedAt;
}

async function apply(ctx: Context, key: Key, writes: readonly Write[]): Promise<boolean> {
  const { outcome } = await ctx.stores.documents('models').batch(key, [...writes]);
  return outcome === 'applied';
}

async function versionOrThrow(ctx: Context, modelId: string, number: number): Promise<Stored<ModelVersion>> {
  const stored = await readVersion(ctx, modelId, number);
  if (stored) return stored;
  throw new CairnError('not-found', `Model Version (id=${modelId}, version=${number}) not found`, {
    field: 'version',
  });
}
