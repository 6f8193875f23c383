import { createHash } from 'node:crypto';

export type ZipFile = { readonly name: string; readonly text: string };

/** Bytes that are compressed at a time, between which others get their turn. */
const pieceBytes = 1024 * 1024;

/** The first day that a zip can tell, on the clocks of wherever it is made: an archive of the same files is the same bytes. */
const noTime = new Date(1980, 0, 1);

/** A zip of the files in their order, and of `SHA256SUMS` over them, as it is made. */
export async function* zipped(files: readonly ZipFile[]): AsyncGenerator<Uint8Array> {
  const { Zip, ZipDeflate } = await import('fflate');
  const made: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    made.push(chunk);
  });
  for (const { name, text } of [...files, sumsOf(files)]) {
    const entry = new ZipDeflate(name, { level: 6 });
    entry.mtime = noTime;
    zip.add(entry);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length || at === 0; at += pieceBytes) {
      entry.push(bytes.subarray(at, at + pieceBytes), at + pieceBytes >= bytes.length);
      yield* made.splice(0);
    }
  }
  zip.end();
  yield* made.splice(0);
}

/** What `sha256sum --check` reads. */
function sumsOf(files: readonly ZipFile[]): ZipFile {
  const lines = files.map(
    ({ name, text }) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`,
  );
  return { name: 'SHA256SUMS', text: lines.join('') };
}
