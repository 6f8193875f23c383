import type { BlobFile } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError, type Upload, uploadStream } from '../http/index.ts';

export type ArtifactEntry = { readonly name: string; readonly isDirectory: boolean; readonly bytes: number };

/**
 * Stores an upload as one artifact, replacing an older one. Nothing of it is visible before it has ended
 * with the length that was announced.
 */
export async function putArtifact(ctx: Context, path: string, upload: Upload): Promise<void> {
  if (path === '')
    throw new CairnError('invalid', 'Invalid path: name the file to store.', { field: 'path' });
  await ctx.stores.blobs('artifacts').writeStream(blobName(ctx, path), uploadStream(upload), upload);
}

/** An artifact, to be read or handed out; `not-found` where there is none. */
export async function findArtifact(ctx: Context, path: string): Promise<BlobFile> {
  const found = path === '' ? undefined : await ctx.stores.blobs('artifacts').file(blobName(ctx, path));
  if (found) return found;
  throw new CairnError('not-found', `No artifact at '${path}'.`, { field: 'path' });
}

/** What lies directly below a path; nothing for a path that does not exist. */
export async function listArtifacts(ctx: Context, path: string): Promise<ArtifactEntry[]> {
  const prefix = `${blobName(ctx, path)}${path === '' ? '' : '/'}`;
  const entries: ArtifactEntry[] = [];
  for await (const entry of ctx.stores.blobs('artifacts').list(prefix)) {
    const name = entry.name.slice(prefix.length).replace(/\/$/, '');
    entries.push(
      entry.kind === 'prefix'
        ? { name, isDirectory: true, bytes: 0 }
        : { name, isDirectory: false, bytes: entry.bytes },
    );
  }
  return entries;
}

/** Where an artifact of the workspace lies in container `artifacts`. */
export function blobName(ctx: Context, path: string): string {
  return path === '' ? `${ctx.workspace}/` : `${ctx.workspace}/${path}`;
}
