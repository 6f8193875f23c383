import type { BlobFile } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CsvError, readHeader } from '../datasets/index.ts';
import { CairnError, checkedPath, type Upload, uploadStream } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { checkStorage } from '../limits/index.ts';
import { getEndpoint } from '../endpoints/index.ts';
import { folderOf, parseName } from './names.ts';

/** Bytes of the largest upload through the API; larger files go straight into the container. */
const uploadBytesMax = 100 * 1024 * 1024;

export type Uploaded = { readonly name: string; readonly etag: string; readonly bytes: number };

/**
 * Streams a file into the folder of an endpoint, where it starts a job as any dropped file does. Nothing
 * is visible before the stream has ended with the length announced.
 * Throws `not-found` for the endpoint, `too-large`, `bad-request` for a body that broke off.
 */
export async function uploadInput(
  ctx: Context,
  target: { endpoint: string; path: string },
  upload: Upload,
): Promise<Uploaded> {
  const { name: endpoint } = await getEndpoint(ctx, target.endpoint);
  const name = `${folderOf(ctx.workspace, endpoint)}/${checkedPath(target.path)}`;
  if ((upload.bytes ?? 0) > uploadBytesMax) throw tooLarge();
  await checkStorage(ctx);
  const container = ctx.stores.blobs('batch-input');
  await container.writeStream(name, uploadStream(upload, { bytesMax: uploadBytesMax, tooLarge }), {
    contentType: 'text/csv; charset=utf-8',
    signal: upload.signal,
  });
  const stored = await container.stat(name);
  spend('storedBytes', stored?.bytes ?? 0);
  return { name, etag: stored?.etag.replaceAll('"', '') ?? '', bytes: stored?.bytes ?? 0 };
}

/** An output file of the workspace, to be read or handed out; `not-found` where there is none (yet). */
export async function findOutput(ctx: Context, path: string): Promise<BlobFile> {
  const name = checkedPath(path);
  const isMine = parseName(name)?.workspace === ctx.workspace;
  const found = isMine ? await ctx.stores.blobs('batch-output').file(name) : undefined;
  if (found) return found;
  throw unknownOutput(name);
}

/** The words where the workspace has no output of a name. */
export function unknownOutput(name: string): CairnError {
  return new CairnError('not-found', `There is no output '${name}'; it appears when its job has succeeded.`, {
    field: 'path',
  });
}

function tooLarge(): CairnError {
  return new CairnError(
    'too-large',
    `A file over ${uploadBytesMax} bytes cannot be sent through the API; put it into container batch-input with azcopy.`,
  );
}

/** A file of an endpoint: what was dropped to be scored, or what came out. */
export type OfEndpoint = {
  readonly container: 'batch-input' | 'batch-output';
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
};

/** Every file of an endpoint in `batch-input` and `batch-output`. */
export async function* scoredFiles(ctx: Context, endpoint: string): AsyncGenerator<OfEndpoint> {
  for (const container of ['batch-input', 'batch-output'] as const)
    for await (const { name, modifiedAt } of ctx.stores
      .blobs(container)
      .walk(`${folderOf(ctx.workspace, endpoint)}/`))
      yield { container, name, modifiedAt };
}

/** The columns of such a file; `undefined` where it is no table that has a header. */
export async function headerOf(
  ctx: Context,
  { container, name }: OfEndpoint,
): Promise<readonly string[] | undefined> {
  const opened = await ctx.stores.blobs(container).open(name);
  if (!opened) return undefined;
  try {
    return (await readHeader(opened.body)).columns;
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  } finally {
    opened.body.destroy();
  }
}
