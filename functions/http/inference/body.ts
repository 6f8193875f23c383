/** Bodies of calls: their type, their size, and what they are compressed by. */
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { CairnError } from '../../../shared/http/index.ts';

/** A content type in its parts; `others` are the names of parameters beside the charset. */
export type ContentType = {
  readonly type: string;
  readonly charset: string;
  readonly others: readonly string[];
};

export function contentTypeOf(request: Request): ContentType {
  const [type = '', ...parameters] = (request.headers.get('content-type') ?? '')
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter));
  return {
    type: type.toLowerCase(),
    charset: charset?.slice('charset='.length).replaceAll('"', '').toLowerCase() ?? 'utf-8',
    others: parameters
      .filter((parameter) => parameter !== charset && parameter !== '')
      .map((parameter) => parameter.split('=', 1)[0] ?? ''),
  };
}

const unpackers = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  // RFC 9110 means zlib's format by it, but some clients send the bare one.
  deflate: (bytes: Uint8Array, options: { maxOutputLength: number }) =>
    isZlib(bytes) ? promisify(inflate)(bytes, options) : promisify(inflateRaw)(bytes, options),
};

/** The body as it was before it was compressed. Throws `too-large` for more than `bytesMax`. */
export async function unpacked(request: Request, bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return bytes;
  if (!isKnown(encoding))
    throw new CairnError(
      'unsupported-media',
      `Content-Encoding '${encoding.slice(0, 40)}' is not taken; use gzip or deflate.`,
    );
  try {
    return await unpackers[encoding](bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw new CairnError(
        'too-large',
        `The body is over ${bytesMax} bytes when unpacked, the limit of this path.`,
      );
    throw new CairnError('bad-request', `The body is not valid ${encoding}.`, { cause: error });
  }
}

function isKnown(encoding: string): encoding is keyof typeof unpackers {
  return Object.hasOwn(unpackers, encoding);
}

/** The two bytes that zlib's format begins with: https://www.rfc-editor.org/rfc/rfc1950#section-2.2 */
function isZlib([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
