import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { EventType } from '../events/index.ts';
import { lost, swap, swapInTurn } from '../swap.ts';
import { commit } from './commit.ts';
import type { ModelRoot, ModelVersion } from './model.ts';
import { readByName } from './models/models.ts';
import { checkRoom } from './room.ts';
import { storedVersion, versionAggregate } from './versions/versions.ts';

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
  return swapInTurn(ctx, `Model '${name}'`, async () => {
    const { doc: before, etag } = await readByName(ctx, name);
    const change = await decide(before);
    if (!change) return before;
    checkRoom(`Registered Model (name=${name})`, change.root, before);
    const after: ModelRoot = { ...change.root, seq: before.seq + 1, updatedAt: dated(ctx, change, before) };
    const { modelId, seq } = after;
    const writes: Write[] = [{ op: 'replace', doc: after, etag }, ...(change.alongside ?? [])];
    const subject = { modelId, ...change.subject };
    const told = { type: change.type, aggregate: `model/${modelId}`, seq, subject, before, after };
    return (await commit(ctx, modelId, writes, told)) ? after : lost;
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
    const { doc: before, etag } = await storedVersion(ctx, modelId, number);
    const change = await decide(before);
    if (!change) return before;
    checkRoom(`Model Version (name=${before.name}, version=${number})`, change.version, before);
    const after: ModelVersion = {
      ...change.version,
      seq: before.seq + 1,
      updatedAt: dated(ctx, change, before),
    };
    const { seq } = after;
    const writes: Write[] = [{ op: 'replace', doc: after, etag }, ...(change.alongside ?? [])];
    const subject = { modelId, version: String(number), ...change.subject };
    const told = {
      type: change.type,
      aggregate: versionAggregate(modelId, number),
      seq,
      subject,
      before,
      after,
    };
    return (await commit(ctx, modelId, writes, told)) ? after : lost;
  });
}

function dated(ctx: Context, { type }: Announced, before: { readonly updatedAt: number }): number {
  return dating.has(type) ? ctx.clock.now() : before.updatedAt;
}
