import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** A file of a model, under the name by which its graph knows it: as a copy on disk, or as bytes that were checked. */
export type Source = {
  readonly path: string;
  /** `sha256:<hex>` of what it has to hold. */
  readonly digest: string;
} & ({ readonly file: string } | { readonly bytes: Uint8Array });

/** A copy on disk that is not what it was, or is gone: to be thrown away and fetched anew. */
export class SpoiltFile extends Error {
  readonly file: string;

  constructor(file: string) {
    super('A copy of a model file is not what it was.');
    this.name = 'SpoiltFile';
    this.file = file;
  }
}

/**
 * The bytes of a file. A copy on disk is checked each time, and what was checked is what is returned: nobody
 * can change it in between. @throws {SpoiltFile}
 */
export async function bytesOf(source: Source): Promise<Uint8Array> {
  if ('bytes' in source) return source.bytes;
  const bytes = await readFile(source.file).catch(() => undefined);
  if (bytes === undefined || sha256Of(bytes) !== source.digest) throw new SpoiltFile(source.file);
  return bytes;
}

export function sha256Of(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
