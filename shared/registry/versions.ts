import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import type { ModelVersion, VersionReady } from './model.ts';
import { partition, readByName } from './models.ts';

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

export function versionId(version: number): string {
  return `version:${String(version).padStart(8, '0')}`;
}
