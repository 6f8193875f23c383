import { createHash } from 'node:crypto';
import type { BlobProperties } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { isReadable } from '../datasets/index.ts';
import { CairnError, hides } from '../http/index.ts';
import { isOptionsFile } from './options-file.ts';
import { filesMax } from './file.ts';
import type { JobInput } from './job.ts';

/** What a job is to score: a blob, or with `isPrefix` all whose names begin so. */
export type AskedInput = Pick<JobInput, 'container' | 'name' | 'isPrefix'>;

/** A file of an input. */
export type Found = { readonly name: string } & Pick<BlobProperties, 'etag' | 'bytes'>;

/** The blobs of an input as they are now. Hidden ones, and files of options, are none of them. */
export async function found(ctx: Context, { container, name, isPrefix }: AskedInput): Promise<Found[]> {
  const blobs = ctx.stores.blobs(container);
  if (!isPrefix) {
    const blob = await blobs.stat(name);
    if (blob) return [{ name, ...blob }];
    throw unknownInput(name, container);
  }
  const files: Found[] = [];
  const folderEnd = name.lastIndexOf('/') + 1;
  for await (const blob of blobs.walk(name)) {
    if (isHidden(blob.name.slice(folderEnd)) || isOptionsFile(blob.name) || blob.bytes === 0) continue;
    // A folder of one experiment may have runs of another's below it.
    if (container === 'artifacts' && !isReadable(ctx, { kind: 'blob', uri: `${container}/${blob.name}` }))
      throw hides(unknownInput(blob.name, container));
    files.push(blob);
    if (files.length > filesMax)
      throw new CairnError(
        'too-large',
        `More than ${filesMax} files begin with '${name}'; ask for them in several jobs by longer prefixes.`,
        { field: 'input' },
      );
  }
  if (files.length > 0) return files;
  throw new CairnError('not-found', `No file in ${container} begins with '${name}'.`, { field: 'input' });
}

/**
 * Whether a file, or a folder that it lies in, begins with `.` or `_`: what Spark and Hadoop write beside data
 * (`_SUCCESS`), or that is being written still (`_temporary/0/part-0.csv`).
 */
export function isHidden(path: string): boolean {
  return /(?:^|\/)[._]/.test(path);
}

/** The words where there is no such input. */
export function unknownInput(name: string, container = 'batch-input'): CairnError {
  return new CairnError('not-found', `There is no blob '${name}' in ${container}.`, { field: 'input' });
}

/** The names and etags of the blobs of an input as they are now. */
export async function etagsNow(ctx: Context, { container, name, isPrefix }: AskedInput) {
  const blobs = ctx.stores.blobs(container);
  const etags = new Map<string, string>();
  if (isPrefix) for await (const blob of blobs.walk(name)) etags.set(blob.name, plainEtag(blob.etag));
  else {
    const blob = await blobs.stat(name);
    if (blob) etags.set(name, plainEtag(blob.etag));
  }
  return etags;
}

export function etagOf(files: readonly Found[]): string {
  const etags = files.map(({ name, etag }) => [name, plainEtag(etag)] as const);
  const [only, ...others] = etags;
  if (only && others.length === 0) return only[1];
  return createHash('sha256').update(JSON.stringify(etags)).digest('hex').slice(0, 32);
}

export function plainEtag(etag: string): string {
  return etag.replaceAll('"', '');
}

/** What is left of a name below the prefix it was found by, from the last folder on that the prefix names whole. */
export function nameBelow({ name: prefix, isPrefix }: AskedInput, name: string): string {
  return name.slice((isPrefix ? prefix : name).lastIndexOf('/') + 1);
}
