import { Readable } from 'node:stream';
import type { BlobFile, ByteRange } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { CairnError } from '../../shared/http/index.ts';

/** Larger files are fetched from storage itself, by a redirect to a signed URL. */
const proxiedBytesMax = 8 * 1024 * 1024;

/** A stored file, or the range of it that was asked for: small ones through this server, large ones by redirect. */
export async function fileResponse(ctx: Context, request: Request, file: BlobFile): Promise<Response> {
  const { name, bytes, contentType, etag } = file;
  if (bytes > proxiedBytesMax)
    return new Response(null, { status: 302, headers: { location: await file.url(ctx.clock.now()) } });
  const headers = new Headers({
    'content-type': contentType ?? 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name.slice(name.lastIndexOf('/') + 1))}`,
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    etag,
  });
  const range = rangeOf(request.headers.get('range'), bytes);
  headers.set('content-length', String(range ? range.last - range.first + 1 : bytes));
  if (range) headers.set('content-range', `bytes ${range.first}-${range.last}/${bytes}`);
  const init = { status: range ? 206 : 200, headers };
  if (request.method === 'HEAD') return new Response(null, init);
  const body = await file.open(range, request.signal);
  return new Response(Readable.toWeb(body) as ReadableStream, init);
}

/** One range of RFC 9110 within `bytes`; several, or a unit we do not know, mean the whole file. */
function rangeOf(header: string | null, bytes: number): Required<ByteRange> | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const suffix = match[1] === '';
  const first = suffix ? Math.max(0, bytes - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === '' ? bytes - 1 : Math.min(Number(match[2]), bytes - 1);
  if (first > last)
    throw new CairnError('invalid', `The range ${header} is outside the file, which has ${bytes} bytes.`, {
      field: 'Range',
    });
  return { first, last };
}
