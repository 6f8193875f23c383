import type { Context } from '../../context.ts';
import type { CairnEvent } from '../../events/index.ts';
import { CairnError } from '../../http/index.ts';
import { lost, swapInTurn } from '../../swap.ts';
import { inTurns } from '../../turns.ts';
import { changeModel } from '../change.ts';
import { claimName, freeName } from './claim.ts';
import type { ModelRoot, ModelVersion } from '../model.ts';
import { findByName, modelByName, partition, readByName, readRootOrRest } from './models.ts';
import { checkName } from './names.ts';
import { fitting } from '../room.ts';
import { readVersion } from '../versions/versions.ts';

const versionsPerBatchMax = 90;
const readsAtOnceMax = 16;

/**
 * Gives a model another name, at which MLflow's words apply. The root says what it is about to do, the new
 * name is made to point to it, the root takes the name, the old name is freed. Dying in between leaves the
 * model with one of its two names, and the other for anybody to take.
 */
export async function renameModel(ctx: Context, name: string, newName: string): Promise<ModelRoot> {
  checkName(newName, 'new_name');
  if (newName === name) return modelByName(ctx, name);
  const { modelId, token } = await intend(ctx, name, newName);
  const claim = await claimName(ctx, newName, modelId);
  if (!claim.claimed) throw taken(newName);
  const renamed = await takeName(ctx, { name, newName, token });
  await freeName(ctx, name, modelId);
  return renamed;
}

/**
 * What a rename leaves to do: the old name is freed if it still is not, and the copies of the name in the
 * versions, by which they are searched for, are set to what it is now. Subscriber of `model.renamed`.
 */
export async function finishRename(ctx: Context, event: CairnEvent): Promise<void> {
  const { modelId = '', from = '' } = event.subject;
  await freeName(ctx, from, modelId);
  for (;;) {
    const root = (await readRootOrRest(ctx, modelId))?.doc;
    if (root?.type !== 'model') return;
    const numbers = await ctx.stores.documents('models').query<number>(
      {
        text: "SELECT VALUE c.version FROM c WHERE c.type = 'version' AND c.name != @name",
        values: { name: root.name },
      },
      { key: partition(ctx, modelId), limit: versionsPerBatchMax, consistency: 'strong' },
    );
    if (numbers.length === 0) return;
    await restamp(ctx, root, numbers);
  }
}

/**
 * Writes into the root which name it is about to take, replacing what another request wrote there; nothing
 * where the name is taken. Returns which model went by the old name, and the sign of this request.
 */
function intend(
  ctx: Context,
  name: string,
  newName: string,
): Promise<{ readonly modelId: string; readonly token: string }> {
  return swapInTurn(ctx, `Model '${name}'`, async () => {
    const { doc, etag } = await readByName(ctx, name);
    if (await findByName(ctx, newName)) throw taken(newName);
    const token = ctx.ids.hex(8);
    const { outcome } = await ctx.stores.documents('models').write(partition(ctx, doc.modelId), {
      op: 'replace',
      doc: { ...doc, renaming: { name: newName, token } },
      etag,
    });
    return outcome === 'applied' ? { modelId: doc.modelId, token } : lost;
  });
}

/** The step that counts. Refused where another request wrote another intent since, or wanted the name itself. */
async function takeName(
  ctx: Context,
  { name, newName, token }: { name: string; newName: string; token: string },
): Promise<ModelRoot> {
  return changeModel(ctx, name, ({ renaming, ...root }) => {
    if (renaming?.token !== token)
      throw new CairnError(
        'conflict',
        `Registered Model (name=${name}) was not renamed: another request renames it, or takes the name '${newName}', at the same moment.`,
        { field: 'new_name' },
      );
    return {
      type: 'model.renamed',
      subject: { from: name, to: newName },
      root: { ...root, name: newName },
    };
  });
}

async function restamp(ctx: Context, root: ModelRoot, numbers: readonly number[]): Promise<void> {
  const { modelId, name, updatedAt } = root;
  const stored = await inTurns(numbers, readsAtOnceMax, (number) => readVersion(ctx, modelId, number));
  const writes = fitting(
    stored.flatMap((each) => each ?? []),
    1,
  ).map(({ doc: before, etag }) => {
    const doc: ModelVersion = { ...before, name, updatedAt: Math.max(before.updatedAt, updatedAt) };
    return { op: 'replace', doc, etag } as const;
  });
  // Lost to another change of one of them, or too many for one batch: they are found again.
  if (writes.length > 0) await ctx.stores.documents('models').batch(partition(ctx, modelId), writes);
}

function taken(name: string): CairnError {
  return new CairnError('already-exists', `Registered Model (name=${name}) already exists.`, {
    field: 'new_name',
  });
}
