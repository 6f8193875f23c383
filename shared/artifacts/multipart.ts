import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { checkStorage } from '../limits/index.ts';
import { blobToWrite } from './artifacts.ts';
import { contentTypeOf } from './content-type.ts';

/** As many blocks as a blob may have. */
const partsMax = 50_000;
const missingShown = 10;

/** Where one part of an upload goes, by `PUT`. Parts count from 1. */
export type PartTarget = { readonly number: number; readonly url: string };

/**
 * Begins an upload in `parts` parts, which go to storage without passing through here: each is staged as a
 * block that carries the upload's id, and nothing is visible until {@link completeMultipart}. The service
 * drops what is never completed after a week; the URLs hold for an hour.
 */
export async function createMultipart(
  ctx: Context,
  path: string,
  parts: number,
): Promise<{ uploadId: string; targets: PartTarget[] }> {
  const name = blobToWrite(ctx, path);
  if (parts < 1 || parts > partsMax)
    throw new CairnError(
      'invalid',
      `Invalid value ${parts} for parameter 'num_parts' supplied: a file is sent in 1 to ${partsMax} parts; choose a larger MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE for fewer.`,
      { field: 'num_parts' },
    );
  const upload = { random: ctx.ids.hex(18), parts };
  await checkStorage(ctx);
  const urls = await ctx.stores.blobs('artifacts').blockUrls(name, blockIds(upload), ctx.clock.now());
  return { uploadId: uploadIdOf(upload), targets: urls.map((url, i) => ({ number: i + 1, url })) };
}

/**
 * Makes the artifact of all parts of an upload, replacing an older one. Completing it again is fine.
 * `invalid` unless `numbers` are all its parts; `conflict` where storage lacks some: they were never sent,
 * or another upload of the same name has been completed in between, which drops them.
 */
export async function completeMultipart(
  ctx: Context,
  path: string,
  uploadId: string,
  numbers: readonly number[],
): Promise<void> {
  const name = blobToWrite(ctx, path);
  const upload = uploadOf(uploadId);
  checkComplete(upload, numbers);
  const ids = blockIds(upload);
  const blobs = ctx.stores.blobs('artifacts');
  const { missing } = await blobs.commitStaged(name, ids, { contentType: contentTypeOf(path) });
  if (missing.length === 0) {
    spend('storedBytes', (await blobs.stat(name))?.bytes ?? 0);
    return;
  }
  const lacking = missing.slice(0, missingShown).map((id) => ids.indexOf(id) + 1);
  throw new CairnError(
    'conflict',
    `${missing.length} of ${upload.parts} parts of '${path}' are not in storage (${lacking.join(', ')}${missing.length > missingShown ? ', …' : ''}): ` +
      'they were not sent, or another upload of this file was completed since. Upload it again.',
    { field: 'parts' },
  );
}

/** Gives an upload up. Its parts were never visible; storage drops them by itself. */
export function abortMultipart(ctx: Context, path: string, uploadId: string): void {
  blobToWrite(ctx, path);
  uploadOf(uploadId);
}

type MultipartUpload = { readonly random: string; readonly parts: number };

/** An upload is known by its id alone, so it says how many parts belong to it. */
function uploadIdOf({ random, parts }: MultipartUpload): string {
  return `${random}-${String(parts).padStart(5, '0')}`;
}

function uploadOf(uploadId: string): MultipartUpload {
  const match = /^([0-9a-f]{36})-(\d{5})$/.exec(uploadId);
  const parts = Number(match?.[2]);
  if (match?.[1] !== undefined && parts >= 1 && parts <= partsMax) return { random: match[1], parts };
  throw new CairnError(
    'invalid',
    "Invalid value for parameter 'upload_id' supplied: it is not the id of a multipart upload; pass the one that its creation gave.",
    { field: 'upload_id' },
  );
}

/** 48 characters, as of the blocks of a streamed upload: all blocks of a blob must have ids of one length. */
function blockIds(upload: MultipartUpload): string[] {
  const id = uploadIdOf(upload);
  return Array.from({ length: upload.parts }, (_, i) => id + String(i + 1).padStart(6, '0'));
}

function checkComplete({ parts }: MultipartUpload, numbers: readonly number[]): void {
  const given = new Set(numbers);
  const strange = numbers.find((number) => number < 1 || number > parts);
  const absent = Array.from({ length: parts }, (_, i) => i + 1).filter((number) => !given.has(number));
  const why =
    strange !== undefined
      ? `there is no part ${strange}`
      : given.size < numbers.length
        ? 'a part is named twice'
        : absent.length > 0
          ? `part ${absent.slice(0, missingShown).join(', ')}${absent.length > missingShown ? ', …' : ''} is missing`
          : undefined;
  if (why !== undefined)
    throw new CairnError(
      'invalid',
      `Invalid value for parameter 'parts' supplied: ${why}; the upload has parts 1 to ${parts}, and all of them make the file.`,
      { field: 'parts' },
    );
}
