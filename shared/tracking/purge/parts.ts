import { artifactPathAt, deleteArtifacts } from '../../artifacts/index.ts';
import type { Key } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { isCode } from '../../http/index.ts';
import type { ContainerName } from '../../resources.ts';
import { contended, jitter, swapTries } from '../../swap.ts';
import type { Lifecycle } from '../model.ts';

/** Documents that one batch removes: well below its 100, since each costs request units in one instant. */
const removedAtOnceMax = 50;

/** Whether something has been deleted for so long that it may go for good. */
export function isDue({ stage, at }: Lifecycle, deletedBefore: number): boolean {
  return stage === 'deleted' && at <= deletedBefore;
}

/**
 * Removes every document of a partition but its root, in batches, until there is none. What stays is the
 * record of the purge, and an event that waits for its delivery.
 */
export async function removeParts(
  ctx: Context,
  container: ContainerName,
  key: Key,
  rootId: string,
): Promise<void> {
  const documents = ctx.stores.documents(container);
  for (let tries = 0; tries < swapTries; ) {
    const parts = await documents.query<{ id: string; _etag: string }>(
      {
        text: `SELECT c.id, c._etag FROM c WHERE c.id != @rootId
          AND (c.type != 'event' OR NOT (IS_DEFINED(c.pending) OR ENDSWITH(c.event.type, '.purged')))`,
        values: { rootId },
      },
      { key, limit: removedAtOnceMax, consistency: 'strong' },
    );
    if (parts.length === 0) return;
    const { outcome } = await documents.batch(
      key,
      parts.map(({ id, _etag }) => ({ op: 'delete', id, etag: _etag })),
    );
    // An event may have been delivered meanwhile, or another instance be at the same partition.
    if (outcome === 'applied') tries = 0;
    else await jitter(ctx, tries++);
  }
  throw contended(`The partition of ${rootId}`);
}

/** Removes the artifacts at a location, where they are this server's; others are their owner's to remove. */
export async function removeArtifacts(ctx: Context, uri: string, owner: string): Promise<void> {
  try {
    const path = artifactPathAt(uri, '', owner);
    if (path !== '') await deleteArtifacts(ctx, path);
  } catch (error) {
    if (!isCode(error, 'invalid')) throw error;
  }
}
