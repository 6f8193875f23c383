import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { lost, swap } from '../../swap.ts';
import type { DeletedModel, ModelRoot } from '../model.ts';
import { partition, readRootOrRest } from './models.ts';
import { type ModelName, nameDocument, namePartition, readName } from './names.ts';

/*
 * A name and the model that goes by it lie in two partitions, so that no write changes both. What holds at
 * every moment: a model goes by a name where its root says so, and then the document of the name points to it.
 *
 * That document may also point to a model that does not go by it: one that is deleted or has another name
 * by now, one whose root is not made yet, or one that is about to take it (`renaming` of its root). From
 * all of these the name can be taken, once the root has been written such that a slower one notices.
 */

export type Claim =
  | { readonly claimed: true; readonly modelId: string }
  | { readonly claimed: false; readonly holder: ModelRoot };

/**
 * Makes a name point to the model `modelId`, which must say in its root that it is about to take it; or,
 * without one, to a model that is to be made, whose id is then given here.
 */
export function claimName(ctx: Context, name: string, modelId?: string): Promise<Claim> {
  return swap(ctx, `The name '${name}'`, async () => {
    const stored = await readName(ctx, name);
    const target = modelId ?? ctx.ids.hex(16);
    if (!stored) return write(ctx, name, { op: 'create', doc: nameDocument(ctx, name, target) });
    const { doc, etag } = stored;
    // Written even where it points there already: whoever has just found it stale must come too late.
    const take = () => write(ctx, name, { op: 'replace', doc: { ...doc, target }, etag });
    if (doc.target === modelId) return take();
    const holder = (await readRootOrRest(ctx, doc.target))?.doc;
    if (!holder) {
      if (modelId === undefined) return { claimed: true, modelId: doc.target };
      return (await bury(ctx, doc)) ? take() : lost;
    }
    if (holder.type === 'deleted-model') return take();
    if (holder.name === name) return { claimed: false, holder };
    if (holder.renaming?.name === name && !(await endRename(ctx, holder))) return lost;
    return take();
  });
}

/** Frees a name that points to a model which does not go by it any more and is not about to. */
export async function freeName(ctx: Context, name: string, modelId: string): Promise<void> {
  const stored = await readName(ctx, name);
  if (stored?.doc.target !== modelId) return;
  const holder = (await readRootOrRest(ctx, modelId))?.doc;
  if (!holder || (holder.type === 'model' && (holder.name === name || holder.renaming?.name === name)))
    return;
  // Where somebody wrote it in the meantime it is not ours to free.
  await ctx.stores
    .documents('models')
    .write(namePartition(ctx, name), { op: 'delete', id: stored.doc.id, etag: stored.etag });
}

async function write(
  ctx: Context,
  name: string,
  each: Write & { readonly doc: ModelName },
): Promise<Claim | typeof lost> {
  const { outcome } = await ctx.stores.documents('models').write(namePartition(ctx, name), each);
  return outcome === 'applied' ? { claimed: true, modelId: each.doc.target } : lost;
}

/** Ends a rename that has not come to its end, be it dead or slow. False where the root has been changed since. */
async function endRename(ctx: Context, { modelId, renaming }: ModelRoot): Promise<boolean> {
  const stored = await readRootOrRest(ctx, modelId);
  if (stored?.doc.type !== 'model' || stored.doc.renaming?.token !== renaming?.token) return false;
  const { renaming: _, ...doc } = stored.doc;
  const { outcome } = await ctx.stores
    .documents('models')
    .write(partition(ctx, modelId), { op: 'replace', doc, etag: stored.etag });
  return outcome === 'applied';
}

/** Ends a creation that has claimed a name and made no root. False where it has made it since. */
async function bury(ctx: Context, { name, target }: ModelName): Promise<boolean> {
  const doc: DeletedModel = {
    id: 'model',
    type: 'deleted-model',
    v: 1,
    workspace: ctx.workspace,
    modelId: target,
    name,
    at: ctx.clock.now(),
    by: ctx.principal.id,
  };
  const { outcome } = await ctx.stores
    .documents('models')
    .write(partition(ctx, target), { op: 'create', doc });
  return outcome === 'applied';
}
