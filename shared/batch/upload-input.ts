import type { Context } from '../context.ts';
import { CairnError, checkedPath, type Upload, uploadStream } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { checkStorage } from '../limits/index.ts';
import { excerpt } from '../redaction/index.ts';
import { placeOfFolder } from './owner.ts';

/** Bytes of the largest upload through the API; larger files go straight into the container. */
const uploadBytesMax = 100 * 1024 * 1024;

export type Uploaded = { readonly name: string; readonly etag: string; readonly bytes: number };

/**
 * Streams a file into the folder of an endpoint or a model, where it starts a job as any dropped file does. Nothing
 * is visible before the stream has ended with the length announced.
 * Throws `not-found` where there is neither, `too-large`, `bad-request` for a body that broke off.
 */
export async function uploadInput(
  ctx: Context,
  target: { folder: string; path: string },
  upload: Upload,
): Promise<Uploaded> {
  const place = await placeOfFolder(ctx, target.folder);
  if (!place) throw unknownFolder(target.folder);
  const name = `${place.folder}/${checkedPath(target.path)}`;
  if ((upload.bytes ?? 0) > uploadBytesMax) throw tooLarge();
  await checkStorage(ctx);
  const container = ctx.stores.blobs('batch-input');
  await container.writeStream(name, uploadStream(upload, { bytesMax: uploadBytesMax, tooLarge }), {
    contentType: upload.contentType ?? 'application/octet-stream',
    signal: upload.signal,
  });
  const stored = await container.stat(name);
  spend('storedBytes', stored?.bytes ?? 0);
  return { name, etag: stored?.etag.replaceAll('"', '') ?? '', bytes: stored?.bytes ?? 0 };
}

/** The words where a folder of inputs is nobody's. */
export function unknownFolder(folder: string): CairnError {
  return new CairnError('not-found', `There is no endpoint or model '${excerpt(folder, 100)}'.`, {
    field: 'endpoint',
  });
}

function tooLarge(): CairnError {
  return new CairnError(
    'too-large',
    `A file over ${uploadBytesMax} bytes cannot be sent through the API; POST /api/v1/batch-uploads gives a URL to send it straight to storage.`,
  );
}
