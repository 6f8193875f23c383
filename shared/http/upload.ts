import { pipeline, Readable, Transform } from 'node:stream';
import { CairnError } from './errors.ts';
import { bodyOf } from './body.ts';

/** A file on its way in: its bytes, and what its sender announced of them. */
export type Upload = {
  readonly body: AsyncIterable<Uint8Array>;
  readonly bytes?: number;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
};

const contentTypePattern = /^[\t\x20-\x7e]{0,256}$/;

/** The file that the body of a request is. Throws `invalid` for a content type that storage cannot keep. */
export function uploadOf(request: Request): Upload {
  const { headers, signal } = request;
  const length = headers.get('content-length');
  const contentType = headers.get('content-type') ?? undefined;
  if (contentType !== undefined && !contentTypePattern.test(contentType))
    throw new CairnError('invalid', 'Content-Type must be ASCII, at most 256 characters.', {
      field: 'Content-Type',
    });
  return {
    body: bodyOf(request),
    bytes: length === null ? undefined : Number(length),
    contentType,
    signal,
  };
}

/**
 * The bytes of an upload as a stream that fails, so that nothing is stored, with `bad-request` unless
 * there were exactly as many as announced, and with what `tooLarge` gives as soon as there are more than
 * `bytesMax`.
 */
export function uploadStream({ body, bytes }: Upload, limit?: UploadLimit): Readable {
  // A failure of either end reaches the reader through the stream it reads.
  return pipeline(Readable.from(body), counted(bytes, limit), () => {});
}

export type UploadLimit = { readonly bytesMax: number; readonly tooLarge: () => CairnError };

function counted(bytes: number | undefined, limit: UploadLimit | undefined): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen += chunk.byteLength;
      if (limit && seen > limit.bytesMax) done(limit.tooLarge());
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
