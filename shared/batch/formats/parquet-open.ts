import type { Context } from '../../context.ts';
import { inputBytes } from '../input.ts';
import type { BatchFile } from '../file.ts';
import type { BatchJob } from '../job.ts';
import { type Footer, type ReadRange, readFooter } from './parquet-footer.ts';

/** Footers that are kept for the next chunks of the files they are of. */
const footersMax = 4;
const footers = new Map<string, Promise<Footer>>();

type Input = Pick<BatchFile, 'input'>;

/** Reads ranges of a file as it was when the job was made. */
export function rangesOf(ctx: Context, job: Pick<BatchJob, 'input'>, file: Input): ReadRange {
  return async (first, into) => {
    let at = 0;
    for await (const piece of inputBytes(ctx, job, file, { first, last: first + into.length - 1 })) {
      into.set(piece, at);
      at += piece.length;
    }
    if (at < into.length)
      throw new Error(`'${file.input.name}' gave ${at} of ${into.length} bytes asked for.`);
  };
}

/** The footer of a file. Throws {@link BatchError} where it has none that can be read. */
export async function footerOf(ctx: Context, job: Pick<BatchJob, 'input'>, file: Input): Promise<Footer> {
  const { name, etag, bytes } = file.input;
  const key = JSON.stringify([job.input.container, name, etag]);
  const known = footers.get(key);
  if (known) return known;
  const reading = readFooter(bytes, rangesOf(ctx, job, file));
  footers.set(key, reading);
  const [oldest] = footers.keys();
  if (footers.size > footersMax && oldest !== undefined) footers.delete(oldest);
  reading.catch(() => footers.delete(key));
  return reading;
}
