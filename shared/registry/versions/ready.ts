import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import type { VersionReady } from '../model.ts';
import { requireSigned } from '../signing/verify.ts';
import { getVersion } from './versions.ts';

/**
 * What serving, batch and monitors need of a version. Throws `unavailable` while its artifact has not
 * been read yet, and `conflict` with the reason when it cannot be served, or must be signed and is not.
 */
export async function getReady(ctx: Context, modelId: string, number: number): Promise<VersionReady> {
  const version = await getVersion(ctx, modelId, number);
  const { name, inspection, artifact } = version;
  switch (inspection.state) {
    case 'ready':
      await requireSigned(ctx, version);
      return { ...inspection.ready, ...(artifact?.schema && { schema: artifact.schema }) };
    case 'pending':
      throw new CairnError(
        'unavailable',
        `Version ${number} of '${name}' is still being read; try again in a moment.`,
        { retryAfterSeconds: 1 },
      );
    case 'refused':
      throw new CairnError(
        'conflict',
        `Version ${number} of '${name}' cannot be served: ${inspection.reason}`,
      );
  }
}
