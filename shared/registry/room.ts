import type { Document } from '../documents.ts';
import { CairnError } from '../http/index.ts';

/**
 * What people write into a model or a version, as JSON. The store takes 2 MB in one document and in one batch,
 * in which both may stand, with all that the platform adds to them.
 */
const writtenBytesMax = 800_000;
/** Documents that are replaced together, beside the root of their model. */
const batchBytesMax = 1_000_000;

type Written = {
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases?: Readonly<Record<string, number>>;
};

/** Throws `too-large` where a change adds to what is too much; whatever makes it less is let through. */
export function checkRoom(what: string, after: Written, before?: Written): void {
  const bytes = bytesOfWritten(after);
  if (bytes <= writtenBytesMax || (before && bytes <= bytesOfWritten(before))) return;
  throw new CairnError(
    'too-large',
    `${what} would have ${bytes} bytes of description, tags and aliases; at most ${writtenBytesMax} are kept. Remove or shorten some, or log long texts as artifacts.`,
  );
}

/** The first of some documents, as many as fit into a batch, and `least` of them in any case. */
export function fitting<T extends { readonly doc: Document }>(stored: readonly T[], least: 0 | 1): T[] {
  let bytes = 0;
  const end = stored.findIndex(({ doc }, i) => {
    bytes += jsonBytes(doc);
    return bytes > batchBytesMax && i >= least;
  });
  return stored.slice(0, end < 0 ? undefined : end);
}

/** Of aliases only the names count: one that is there can always be moved. */
function bytesOfWritten({ description, tags, aliases = {} }: Written): number {
  return jsonBytes([description, tags, Object.keys(aliases)]);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
