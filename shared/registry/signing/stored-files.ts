import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { blobName } from '../../artifacts/index.ts';
import type { BlobContainer } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { isCode } from '../../http/index.ts';
import { artifactPathOf } from '../../tracking/index.ts';
import { inTurns } from '../../turns.ts';
import type { ModelVersion } from '../model.ts';

const readsAtOnceMax = 4;

/** Where the files of a version lie among the artifacts now, each by its path within it; none where all are gone. */
export async function listStored(
  ctx: Context,
  { source, storageLocation }: ModelVersion,
): Promise<{ readonly path: string; readonly blob: string }[]> {
  const path = await artifactPathOf(ctx, storageLocation ?? source).catch((error: unknown) => {
    // The run was purged, and its files with it.
    if (isCode(error, 'not-found')) return undefined;
    throw error;
  });
  if (path === undefined) return [];
  const artifacts = ctx.stores.blobs('artifacts');
  const root = blobName(ctx, path);
  if (await artifacts.stat(root)) return [{ path: path.slice(path.lastIndexOf('/') + 1), blob: root }];
  const stored: { path: string; blob: string }[] = [];
  for await (const { name } of artifacts.walk(`${root}/`))
    stored.push({ path: name.slice(root.length + 1), blob: name });
  return stored;
}

/** SHA-256 in hex of each blob, in the order given, read as a stream; `undefined` for one that is gone. */
export function hashed(container: BlobContainer, blobs: readonly string[]): Promise<(string | undefined)[]> {
  return inTurns(blobs, readsAtOnceMax, async (blob) => {
    const opened = await container.open(blob);
    return opened && hashOf(opened.body);
  });
}

async function hashOf(body: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
