import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { ModelVersion, VersionReady } from './model.ts';
import { partition, readByName } from './models.ts';

export type NewVersion = {
  readonly name: string;
  readonly source: string;
  readonly runId?: string | undefined;
  readonly runLink?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly { key: string; value: string }[] | undefined;
};

/** Registers the next version of a model; what its artifact holds is read afterwards, by {@link inspectVersion}. */
export async function createVersion(ctx: Context, input: NewVersion): Promise<ModelVersion> {
  checkSource(input.source);
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
      ...(input.runId ? { runId: input.runId } : {}),
      ...(input.runLink ? { runLink: input.runLink } : {}),
      description: input.description ?? '',
      userId: ctx.principal.id,
      tags: Object.fromEntries((input.tags ?? []).map(({ key, value }) => [key, value])),
      inspection: { state: 'pending' },
      createdAt: now,
      updatedAt: now,
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

/** A version by model name and number. */
export async function versionByName(ctx: Context, name: string, version: number): Promise<ModelVersion> {
  const { doc: root } = await readByName(ctx, name);
  const stored = await readVersion(ctx, root.modelId, version);
  if (stored) return stored.doc;
  throw new CairnError('not-found', `Model Version (name=${name}, version=${version}) not found`, {
    field: 'version',
  });
}

/** A version by model id and number. */
export async function getVersion(ctx: Context, modelId: string, version: number): Promise<ModelVersion> {
  const stored = await readVersion(ctx, modelId, version);
  if (stored) return stored.doc;
  throw new CairnError('not-found', `Model Version (id=${modelId}, version=${version}) not found`, {
    field: 'version',
  });
}

/**
 * What serving, batch and monitors need of a version. Throws `unavailable` while its artifact has not
 * been read yet, and `conflict` with the reason when it cannot be served.
 */
export async function getReady(ctx: Context, modelId: string, version: number): Promise<VersionReady> {
  const { name, inspection } = await getVersion(ctx, modelId, version);
  switch (inspection.state) {
    case 'ready':
      return inspection.ready;
    case 'pending':
      throw new CairnError(
        'unavailable',
        `Version ${version} of '${name}' is still being read; try again in a moment.`,
        { retryAfterSeconds: 1 },
      );
    case 'refused':
      throw new CairnError(
        'conflict',
        `Version ${version} of '${name}' cannot be served: ${inspection.reason}`,
      );
  }
}

export function readVersion(
  ctx: Context,
  modelId: string,
  version: number,
): Promise<Stored<ModelVersion> | undefined> {
  return ctx.stores.documents('models').read<ModelVersion>(partition(ctx, modelId), versionId(version));
}

export function versionAggregate(modelId: string, version: number): string {
  return `version/${modelId}/${version}`;
}

function versionId(version: number): string {
  return `version:${String(version).padStart(8, '0')}`;
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
