import { Readable } from 'node:stream';
import type { BlobFile, ByteRange } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { CairnError, isCode } from '../../shared/http/index.ts';

/** What is longer is fetched from storage itself, by a redirect to a signed URL. */
const proxiedBytesMax = 8 * 1024 * 1024;
/** How often a file is looked up that is replaced each time while it is being opened. */
const triesMax = 3;

/**
 * A stored file, or the range of it that was asked for: up to 8 MiB through this server, more by redirect.
 * Whatever it holds, a browser may not run it: it is a download, of no other type than it says, without an
 * origin.
 */
export async function fileResponse(
  ctx: Context,
  request: Request,
  find: () => Promise<BlobFile>,
): Promise<Response> {
  for (let tries = 1; ; tries++)
    try {
      return await respond(ctx, request, await find());
    } catch (error) {
      if (tries === triesMax || !isCode(error, 'conflict')) throw error;
    }
}

async function respond(ctx: Context, request: Request, file: BlobFile): Promise<Response> {
  const { name, bytes, contentType, etag } = file;
  const conditions = { etag, 'cache-control': 'private, no-cache' };
  if (names(request.headers.get('if-none-match'), etag))
    return new Response(null, { status: 304, headers: conditions });
  const asked = request.headers.get('if-range');
  const range = asked === null || asked === etag ? rangeOf(request.headers.get('range'), bytes) : undefined;
  const length = range ? range.last - range.first + 1 : bytes;
  const isHead = request.method === 'HEAD';
  if (length > proxiedBytesMax && !isHead)
    return new Response(null, {
      status: 302,
      headers: { location: await file.url(ctx.clock.now()), 'cache-control': 'no-store' },
    });
  const headers = new Headers({
    ...conditions,
    'content-type': contentType ?? 'application/octet-stream',
    'content-length': String(length),
    'content-disposition': attachment(name.slice(name.lastIndexOf('/') + 1)),
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
  });
  if (range) headers.set('content-range', `bytes ${range.first}-${range.last}/${bytes}`);
  const body = isHead ? null : Readable.toWeb(await file.open(range, request.signal));
  return new Response(body as ReadableStream | null, { status: range ? 206 : 200, headers });
}

/** A download under this name: in ASCII for old clients, and as it is (RFC 6266, RFC 8187). */
function attachment(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

/** Whether a list of etags has this one, or is `*`. Weak ones compare as strong ones do (RFC 9110, 13.1.2). */
function names(list: string | null, etag: string): boolean {
  const given = list?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  return given.includes(etag) || given.includes('*');
}

/** One range of RFC 9110 within `bytes`; several, or a unit we do not know, mean the whole file, as any does of an empty one. */
function rangeOf(header: string | null, bytes: number): Required<ByteRange> | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '') || bytes === 0) return undefined;
  const suffix = match[1] === '';
  const first = suffix ? Math.max(0, bytes - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === '' ? bytes - 1 : Math.min(Number(match[2]), bytes - 1);
  if (first > last)
    throw new CairnError(
      'out-of-range',
      `The range ${header} is outside the file, which has ${bytes} bytes.`,
      {
        field: 'Range',
      },
    );
  return { first, last };
}
