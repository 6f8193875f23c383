import type { Context } from '../context.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { ModelVersion } from './model.ts';
import { partition, readByName } from './models.ts';
import { originOf } from './origin.ts';
import { versionAggregate, versionId } from './versions.ts';

export type NewVersion = {
  readonly name: string;
  readonly source: string;
  readonly runId?: string | undefined;
  /** The logged model that is registered. */
  readonly loggedModelId?: string | undefined;
  readonly runLink?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly { key: string; value: string }[] | undefined;
};

/** Registers the next version of a model; what its artifact holds is read afterwards, by {@link inspectVersion}. */
export async function createVersion(ctx: Context, input: NewVersion): Promise<ModelVersion> {
  checkSource(input.source);
  const origin = await originOf(ctx, input);
  return swap(ctx, `Model '${input.name}'`, async () => {
    const { doc: root, etag } = await readByName(ctx, input.name);
    const { modelId, nextVersion: version } = root;
    const now = ctx.clock.now();
    const doc: ModelVersion = {
      id: versionId(version),
      type: 'version',
      v: 1,
      workspace: ctx.workspace,
      modelId,
      name: root.name,
      version,
      source: input.source,
      ...origin,
      ...(input.runLink ? { runLink: input.runLink } : {}),
      description: input.description ?? '',
      userId: ctx.principal.id,
      tags: Object.fromEntries((input.tags ?? []).map(({ key, value }) => [key, value])),
      inspection: { state: 'pending' },
      createdAt: now,
      updatedAt: now,
      seq: 1,
    };
    const event = eventWrite(
      ctx,
      {
        type: 'version.created',
        aggregate: versionAggregate(modelId, version),
        seq: 1,
        subject: { modelId, version: String(version) },
        after: doc,
      },
      { workspace: ctx.workspace, modelId },
    );
    const key = partition(ctx, modelId);
    const { outcome } = await ctx.stores
      .documents('models')
      .batch(key, [
        { op: 'replace', doc: { ...root, nextVersion: version + 1, updatedAt: now }, etag },
        { op: 'create', doc },
        event,
      ]);
    if (outcome !== 'applied') return lost;
    relay(ctx, 'models', key, event);
    return doc;
  });
}

/** Sources that this server can resolve or hand back; never a path on its own disk. */
function checkSource(source: string): void {
  if (source === '')
    throw new CairnError(
      'invalid',
      "Missing value for required parameter 'source'. See the API docs for more information about request parameters.",
      { field: 'source' },
    );
  let decoded = source;
  try {
    decoded = decodeURIComponent(source);
  } catch {
    // A stray percent sign is part of the name.
  }
  if (/^(file:|\/|\.)/i.test(source) || decoded.includes('\0') || decoded.split(/[/\\]/).includes('..'))
    throw new CairnError(
      'invalid',
      `Invalid model version source: '${source.slice(0, 200)}'. Log the model to a run first and pass its artifact URI (mlflow-artifacts:/…, runs:/<run id>/<path>).`,
      { field: 'source' },
    );
}
