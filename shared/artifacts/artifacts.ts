import { pipeline, Readable, Transform } from 'node:stream';
import type { BlobProperties, ByteRange } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';

export type ArtifactEntry = { readonly name: string; readonly isDirectory: boolean; readonly bytes: number };

/**
 * Stores the stream as one artifact, replacing an older one. Nothing of it is visible before the
 * stream has ended with the length that was announced (`bytes`, where the client said it).
 */
export async function putArtifact(
  ctx: Context,
  path: string,
  body: ReadableStream<Uint8Array> | null,
  options: {
    bytes?: number | undefined;
    contentType?: string | undefined;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<void> {
  if (path === '')
    throw new CairnError('invalid', 'Invalid path: name the file to store.', { field: 'path' });
  const source = body ? Readable.fromWeb(body as never) : Readable.from([]);
  // A failure of either end reaches the upload through the stream it reads.
  const checked = pipeline(source, exactly(options.bytes), () => {});
  await ctx.stores.blobs('artifacts').writeStream(blobName(ctx, path), checked, {
    ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Size, etag and type of an artifact. */
export async function statArtifact(ctx: Context, path: string): Promise<BlobProperties> {
  const found = path === '' ? undefined : await ctx.stores.blobs('artifacts').stat(blobName(ctx, path));
  if (found) return found;
  throw missing(path);
}

/** An artifact or a range of it, as a stream. */
export async function openArtifact(
  ctx: Context,
  path: string,
  range?: ByteRange,
  signal?: AbortSignal,
): Promise<BlobProperties & { body: Readable }> {
  const opened = await ctx.stores
    .blobs('artifacts')
    .open(blobName(ctx, path), { ...(range ? { range } : {}), ...(signal ? { signal } : {}) });
  if (opened) return opened;
  throw missing(path);
}

/** A URL that reads the artifact straight from storage, for at most an hour. */
export function artifactUrl(ctx: Context, path: string): Promise<string> {
  return ctx.stores.blobs('artifacts').readUrl(blobName(ctx, path), ctx.clock.now());
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

/** Passes bytes through and fails at the end unless there were exactly as many as announced. */
function exactly(bytes: number | undefined): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen += chunk.byteLength;
      done(null, chunk);
    },
    flush(done) {
      if (bytes === undefined || seen === bytes) done();
      else
        done(
          new CairnError(
            'bad-request',
            `The body ended after ${seen} of ${bytes} bytes; nothing was stored.`,
          ),
        );
    },
  });
}

function missing(path: string): CairnError {
  return new CairnError('not-found', `No artifact at '${path}'.`, { field: 'path' });
}
