import { pipeline, Readable, Transform } from 'node:stream';
import type { BlobProperties } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { getEndpoint } from '../serving/index.ts';
import { checkedPath, folderOf, parseName } from './names.ts';

/** Bytes of the largest upload through the API; larger files go straight into the container. */
export const uploadBytesMax = 100 * 1024 * 1024;

export type Uploaded = { readonly name: string; readonly etag: string; readonly bytes: number };

/**
 * Streams a file into the folder of an endpoint, where it starts a job as any dropped file does. Nothing
 * is visible before the stream has ended with the length announced.
 * Throws `not-found` for the endpoint, `too-large`, `bad-request` for a body that broke off.
 */
export async function uploadInput(
  ctx: Context,
  target: { endpoint: string; path: string },
  body: ReadableStream<Uint8Array> | null,
  announced: { bytes?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Uploaded> {
  const { name: endpoint } = await getEndpoint(ctx, target.endpoint);
  const name = `${folderOf(ctx.workspace, endpoint)}/${checkedPath(target.path)}`;
  if ((announced.bytes ?? 0) > uploadBytesMax) throw tooLarge();
  const container = ctx.stores.blobs('batch-input');
  const source = body ? Readable.fromWeb(body as never) : Readable.from([]);
  // A failure of either end reaches the upload through the stream it reads.
  const checked = pipeline(source, counted(announced.bytes), () => {});
  await container.writeStream(name, checked, {
    contentType: 'text/csv; charset=utf-8',
    ...(announced.signal === undefined ? {} : { signal: announced.signal }),
  });
  const stored = await container.stat(name);
  return { name, etag: stored?.etag.replaceAll('"', '') ?? '', bytes: stored?.bytes ?? 0 };
}

/** Properties of an output file of the workspace; `not-found` where there is none (yet). */
export async function statOutput(ctx: Context, path: string): Promise<BlobProperties & { name: string }> {
  const name = checkedPath(path);
  const mine = parseName(name)?.workspace === ctx.workspace;
  const found = mine ? await ctx.stores.blobs('batch-output').stat(name) : undefined;
  if (found) return { ...found, name };
  throw new CairnError('not-found', `There is no output '${name}'; it appears when its job has succeeded.`, {
    field: 'path',
  });
}

/** An output file as a stream. */
export async function openOutput(ctx: Context, path: string, signal?: AbortSignal): Promise<Readable> {
  const { name } = await statOutput(ctx, path);
  const opened = await ctx.stores.blobs('batch-output').open(name, signal ? { signal } : {});
  if (!opened) throw new CairnError('not-found', `There is no output '${name}' any more.`, { field: 'path' });
  return opened.body;
}

/** A URL that reads an output file straight from storage, for at most an hour. */
export async function outputUrl(ctx: Context, path: string): Promise<string> {
  const { name } = await statOutput(ctx, path);
  return ctx.stores.blobs('batch-output').readUrl(name, ctx.clock.now());
}

function counted(bytes: number | undefined): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen += chunk.byteLength;
      if (seen > uploadBytesMax) done(tooLarge());
      else done(null, chunk);
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

function tooLarge(): CairnError {
  return new CairnError(
    'too-large',
    `A file over ${uploadBytesMax} bytes cannot be sent through the API; put it into container batch-input with azcopy.`,
  );
}
