import type { Context } from '../context.ts';
import { checkStorage } from '../limits/index.ts';
import { addStored } from '../usage/index.ts';
import { blobToWrite, findArtifact } from './artifacts.ts';
import { contentTypeOf } from './content-type.ts';

/** A request that somebody may make of storage without signing in: its URL, and headers it must carry. */
export type Presigned = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** A URL that reads an artifact straight from storage for `seconds` (at most an hour); `not-found` where there is none. */
export async function presignDownload(
  ctx: Context,
  path: string,
  seconds?: number,
): Promise<Presigned & { bytes: number }> {
  const file = await findArtifact(ctx, path);
  return { url: await file.url(ctx.clock.now(), seconds), headers: {}, bytes: file.bytes };
}

/**
 * A URL that takes an artifact as one `PUT`, straight to storage, for `seconds` (at most an hour); it
 * replaces an older one. https://learn.microsoft.com/rest/api/storageservices/put-blob
 */
export async function presignUpload(ctx: Context, path: string, seconds?: number): Promise<Presigned> {
  const name = blobToWrite(ctx, path);
  await checkStorage(ctx);
  // What is sent there is not seen here: it is counted later.
  await addStored(ctx, ctx.workspace, 0);
  const url = await ctx.stores.blobs('artifacts').writeUrl(name, ctx.clock.now(), seconds);
  return { url, headers: { 'x-ms-blob-type': 'BlockBlob', 'Content-Type': contentTypeOf(path) } };
}
