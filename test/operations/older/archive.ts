import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** Files by their paths, in one compressed file. */
type Files = Readonly<Record<string, string>>;

/** Packs folders of `data`, and texts beside them. */
export async function pack(
  data: string,
  folders: readonly string[],
  texts: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const files: Record<string, string> = {};
  for (const folder of folders)
    for (const entry of await readdir(join(data, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files[path.slice(data.length + 1)] = (await readFile(path)).toString('base64');
    }
  for (const [name, text] of Object.entries(texts)) files[name] = Buffer.from(text).toString('base64');
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_QUALITY]: 11 };
  return brotliCompressSync(JSON.stringify(files), { params });
}

/** Puts what was packed into a folder. */
export async function unpack(packed: string | URL, folder: string): Promise<void> {
  const files = JSON.parse(brotliDecompressSync(await readFile(packed)).toString()) as Files;
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), Buffer.from(bytes, 'base64'));
  }
}
