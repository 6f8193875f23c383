import type { Context } from '../context.ts';
import { CairnError, checkedPath } from '../http/index.ts';
import { checkStorage } from '../limits/index.ts';
import { addStored } from '../usage/index.ts';
import { placeOf } from './owner.ts';

/** Bytes of the largest file that URLs are given for. */
const bytesMax = 1024 ** 4;
/** Up to this size a file goes up as one write. */
const singleBytesMax = 64 * 1024 * 1024;
const blockBytesMin = 8 * 1024 * 1024;
/** Blocks of one file at most; a larger one goes up in larger blocks. */
const blocksMax = 5000;
/** Seconds that a URL lives. */
const urlSeconds = 3600;
const uploadPattern = /^[0-9a-f]{24}$/;

/** What is to be sent straight to storage. */
export type UploadRequest = {
  readonly endpoint?: string | undefined;
  readonly model?: string | undefined;
  /** Path below the folder of the endpoint or the model. */
  readonly name: string;
  readonly bytes: number;
  /** Of an upload that was begun: its blocks that were sent stay. */
  readonly upload?: string | undefined;
};

/**
 * A URL that writes one blob of `batch-input` and nothing else. Without `blocks` one `PUT` of the file with `headers`
 * is all; with them each block is a `PUT` to the URL with `&comp=block&blockid=<id>`, and `&comp=blocklist` with their
 * list makes the file of them: https://learn.microsoft.com/rest/api/storageservices/put-block-list
 */
export type DirectUpload = {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** When the URL ends, in milliseconds since 1970. */
  readonly expiresAt: number;
  readonly blocks: {
    readonly upload: string;
    readonly bytes: number;
    readonly ids: readonly string[];
  } | null;
};

/**
 * Lets a file be sent straight to the folder of an endpoint or a model, where it starts a job as any dropped file does.
 * Throws `not-found`, `invalid`, `too-large`, and `too-many` where the workspace holds as much as it may.
 */
export async function beginUpload(ctx: Context, request: UploadRequest): Promise<DirectUpload> {
  const { name: path, bytes, upload } = request;
  const { folder } = await placeOf(ctx, request);
  const name = `${folder}/${checkedName(path)}`;
  if (bytes > bytesMax)
    throw new CairnError('too-large', `A file has at most ${bytesMax} bytes; send several.`, {
      field: 'bytes',
    });
  if (upload !== undefined && !uploadPattern.test(upload))
    throw new CairnError('invalid', 'This is no upload that was begun; leave upload out for a new one.', {
      field: 'upload',
    });
  await checkStorage(ctx);
  // What is sent there is not seen here: it is counted later.
  await addStored(ctx, ctx.workspace, 0);
  const now = ctx.clock.now();
  return {
    name,
    url: await ctx.stores.blobs('batch-input').writeUrl(name, now, urlSeconds),
    headers: { 'x-ms-blob-type': 'BlockBlob' },
    expiresAt: now + urlSeconds * 1000,
    blocks: bytes <= singleBytesMax ? null : blocksOf(bytes, upload ?? ctx.ids.hex(12)),
  };
}

/** All blocks of a blob have ids of one length; those of another upload of the same name have others. */
function blocksOf(bytes: number, upload: string) {
  const mebibyte = 1024 * 1024;
  const size = Math.max(blockBytesMin, Math.ceil(bytes / blocksMax / mebibyte) * mebibyte);
  const ids = Array.from({ length: Math.ceil(bytes / size) }, (_, i) =>
    Buffer.from(upload + String(i).padStart(6, '0')).toString('base64'),
  );
  return { upload, bytes: size, ids };
}

function checkedName(path: string): string {
  try {
    return checkedPath(path);
  } catch (error) {
    throw error instanceof CairnError ? new CairnError(error.code, error.message, { field: 'name' }) : error;
  }
}
