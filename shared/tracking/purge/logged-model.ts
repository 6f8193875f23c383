import type { Context } from '../../context.ts';
import type { Document } from '../../documents.ts';
import { eventWrite, relay } from '../../events/index.ts';
import { contended, swapTries } from '../../swap.ts';
import type { LoggedModelDocument } from '../logged-models/model.ts';
import { readExperimentRoot } from './experiment-root.ts';
import { isDue, removeArtifacts, removeParts } from './parts.ts';

export type ModelKey = { readonly experimentId: string; readonly modelId: string };

/** What is left of a model while its artifacts are removed. */
type PurgedModel = Document &
  ModelKey & { readonly type: 'purged-logged-model'; readonly artifactUri: string };

/**
 * Removes a logged model for good, with its artifacts, if it was deleted by `deletedBefore` or its
 * experiment is gone; `kept` where neither holds. Crash-safe as the purge of a run is.
 */
export async function purgeLoggedModel(
  ctx: Context,
  { experimentId, modelId }: ModelKey,
  deletedBefore: number,
): Promise<'gone' | 'kept'> {
  const models = ctx.stores.documents('logged-models');
  const key = [experimentId, modelId];
  for (let steps = 0; steps < 2 * swapTries; steps++) {
    const stored = await models.read<LoggedModelDocument | PurgedModel>(key, modelId);
    if (!stored || stored.doc.workspace !== ctx.workspace) return 'gone';
    const { doc, etag } = stored;
    switch (doc.type) {
      case 'logged-model':
        if (!isDue(doc.lifecycle, deletedBefore) && !(await isOrphan(ctx, experimentId))) return 'kept';
        await giveUp(ctx, doc, etag);
        break;
      case 'purged-logged-model':
        await removeArtifacts(ctx, doc.artifactUri, `logged model ${modelId}`);
        await removeParts(ctx, 'logged-models', key, modelId);
        await models.write(key, { op: 'delete', id: modelId, etag });
    }
  }
  throw contended(`Logged model ${modelId}`);
}

async function isOrphan(ctx: Context, experimentId: string): Promise<boolean> {
  return (await readExperimentRoot(ctx, experimentId))?.doc.type === 'purged-experiment';
}

async function giveUp(ctx: Context, model: LoggedModelDocument, etag: string): Promise<void> {
  const { id, workspace, experimentId, modelId, artifactUri, seq } = model;
  const doc: PurgedModel = {
    id,
    type: 'purged-logged-model',
    v: 1,
    workspace,
    experimentId,
    modelId,
    artifactUri,
  };
  const event = eventWrite(
    ctx,
    {
      type: 'logged-model.purged',
      aggregate: `logged-model/${modelId}`,
      seq: seq + 1,
      subject: { experimentId, modelId },
      before: model,
    },
    { experimentId, modelId },
  );
  const key = [experimentId, modelId];
  const { outcome } = await ctx.stores
    .documents('logged-models')
    .batch(key, [{ op: 'replace', doc, etag }, event]);
  if (outcome === 'applied') relay(ctx, 'logged-models', key, event);
}
