import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { eventWrite, relay } from '../../events/index.ts';
import { CairnError } from '../../http/index.ts';
import { lost, swap } from '../../swap.ts';
import { experimentOfModel } from '../ids.ts';
import { asDocument, type LoggedModel, type LoggedModelDocument, wholeModel } from './model.ts';

/** A model, deleted or not, with the etag that a conditional write needs. */
export async function readLoggedModel(ctx: Context, modelId: string): Promise<Stored<LoggedModel>> {
  const experimentId = experimentOfModel(modelId);
  const stored =
    experimentId === undefined
      ? undefined
      : await ctx.stores
          .documents('logged-models')
          .read<LoggedModelDocument>([experimentId, modelId], modelId);
  if (!stored || stored.doc.type !== 'logged-model' || stored.doc.workspace !== ctx.workspace)
    throw unknownModel(modelId);
  return { doc: wholeModel(stored.doc), etag: stored.etag };
}

/** One compare-and-swap of a model; the same object back means that nothing is to be written. */
export function changeLoggedModel(
  ctx: Context,
  modelId: string,
  change: (model: LoggedModel) => LoggedModel,
): Promise<LoggedModel> {
  return swap(ctx, `Logged model ${modelId}`, async () => {
    const { doc, etag } = await readLoggedModel(ctx, modelId);
    const model = change(doc);
    if (model === doc) return doc;
    const { outcome } = await ctx.stores
      .documents('logged-models')
      .write(partitionOf(model), { op: 'replace', doc: asDocument(model), etag });
    return outcome === 'applied' ? model : lost;
  });
}

/** Writes a model together with what happened to it; tells whether the write was applied. */
export async function writeWithEvent(
  ctx: Context,
  write: Write,
  type: 'logged-model.created' | 'logged-model.deleted',
  model: LoggedModel,
): Promise<boolean> {
  const { experimentId, modelId, seq, name, artifactUri } = model;
  const event = eventWrite(
    ctx,
    {
      type,
      aggregate: `logged-model/${modelId}`,
      seq,
      subject: { experimentId, modelId },
      after: { name, artifactUri },
    },
    { experimentId, modelId },
  );
  const key = partitionOf(model);
  const { outcome } = await ctx.stores.documents('logged-models').batch(key, [write, event]);
  if (outcome === 'applied') relay(ctx, 'logged-models', key, event);
  return outcome === 'applied';
}

function partitionOf({ experimentId, modelId }: LoggedModel): readonly string[] {
  return [experimentId, modelId];
}

export function unknownModel(modelId: string): CairnError {
  return new CairnError('not-found', `Logged model with ID '${modelId}' not found.`, { field: 'model_id' });
}
