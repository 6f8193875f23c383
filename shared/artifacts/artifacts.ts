import type { BlobFile } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError, type Upload, type UploadLimit, uploadStream, whyNoPath } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { checkStorage } from '../limits/index.ts';
import { clientName } from './client-name.ts';
import { contentTypeOf } from './content-type.ts';
import { decodedOrSame } from './location.ts';

export type ArtifactEntry = { readonly name: string; readonly isDirectory: boolean; readonly bytes: number };

/** What goes through this server in one request; the host's own limit lies above it, so that this one is told. */
const plainBytesMax = 100 * 1024 * 1024;

/**
 * Stores an upload as one artifact, replacing an older one. Nothing of it is visible before it has ended
 * with the length that was announced. `too-large` tells how more than `limit` takes is sent.
 */
export async function putArtifact(
  ctx: Context,
  path: string,
  upload: Upload,
  limit: UploadLimit = plainLimit,
): Promise<void> {
  const name = blobToWrite(ctx, path);
  if (upload.bytes !== undefined && upload.bytes > limit.bytesMax) throw limit.tooLarge();
  const contentType = contentTypeOf(path, upload.contentType);
  const { signal } = upload;
  await checkStorage(ctx);
  let bytes = 0;
  const body = counted(upload.body, (more) => (bytes += more));
  const stream = uploadStream({ ...upload, body }, limit);
  await ctx.stores.blobs('artifacts').writeStream(name, stream, { contentType, signal });
  spend('storedBytes', bytes);
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    count(chunk.byteLength);
    yield chunk;
  }
}

/** An artifact, to be read or handed out; `not-found` where there is none. */
export async function findArtifact(ctx: Context, path: string): Promise<BlobFile> {
  const read = (exact: string) => ctx.stores.blobs('artifacts').file(blobName(ctx, exact));
  const found = path === '' ? undefined : await read(path);
  if (found) return found;
  const meant = path.includes('%') ? await meantPath(ctx, path) : undefined;
  const other = meant === undefined ? undefined : await read(meant);
  if (other) return other;
  throw new CairnError('not-found', `No artifact at '${path}'.`, { field: 'path' });
}

/** What lies directly below a path, by name; nothing for a path that does not exist. */
export async function listArtifacts(ctx: Context, path: string): Promise<ArtifactEntry[]> {
  const entries = await entriesBelow(ctx, path);
  if (entries.length > 0 || !path.includes('%')) return entries;
  // A folder with an escape in its name has lost that in the URL under which its files came.
  const meant = decodedOrSame(path);
  return meant === path || whyNoPath(meant) !== undefined ? [] : entriesBelow(ctx, meant);
}

async function entriesBelow(ctx: Context, path: string): Promise<ArtifactEntry[]> {
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
  // Storage gives the folders of each of its pages before the files.
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Removes a file, and all that lies below a folder of that name; removing what is not there is fine. */
export async function deleteArtifacts(ctx: Context, path: string): Promise<void> {
  const name = blobToWrite(ctx, path);
  const blobs = ctx.stores.blobs('artifacts');
  const [file] = await Promise.all([
    blobs.stat(name),
    blobs.removeBelow(`${name}/`, (bytes) => spend('storedBytes', -bytes)),
  ]);
  if (!file) return;
  await blobs.remove(name);
  spend('storedBytes', -file.bytes);
}

/** The path of a file with escapes in its name, which a client took from a list and decoded too often. */
async function meantPath(ctx: Context, path: string): Promise<string | undefined> {
  const at = path.lastIndexOf('/') + 1;
  const asked = clientName(path.slice(at));
  const entries = await listArtifacts(ctx, path.slice(0, Math.max(at - 1, 0)));
  const entry = entries.find(({ name, isDirectory }) => !isDirectory && clientName(name) === asked);
  return entry && path.slice(0, at) + entry.name;
}

/** Where an artifact of the workspace lies in container `artifacts`. */
export function blobName(ctx: Context, path: string): string {
  return path === '' ? `${ctx.workspace}/` : `${ctx.workspace}/${path}`;
}

/** The same for what is written, which the whole workspace cannot be. */
export function blobToWrite(ctx: Context, path: string): string {
  if (path !== '') return blobName(ctx, path);
  throw new CairnError('invalid', 'Invalid path: name a file or folder.', { field: 'path' });
}

const plainLimit: UploadLimit = {
  bytesMax: plainBytesMax,
  tooLarge: () =>
    new CairnError(
      'too-large',
      `A file of more than ${plainBytesMax} bytes goes to storage in parts: set MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true ` +
        `and MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=${plainBytesMax} where you log it.`,
    ),
};
