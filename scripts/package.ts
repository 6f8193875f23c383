/** `make package`: the zip that is deployed, the same bytes whenever it is made of the same sources. */
import { createHash } from 'node:crypto';
import { glob, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { build } from './build.ts';
import { endWith, optionsOf } from './command-line.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const mebibyte = 1024 * 1024;
/** What a cold start has to fetch and unpack. */
const bytesMax = 40 * mebibyte;
/** The first day that a zip can tell, on the clocks of wherever it is made. */
const noTime = new Date(1980, 0, 1);

export type Package = {
  readonly zip: Uint8Array;
  /** Paths within it, in their order. */
  readonly files: readonly string[];
  readonly unpackedBytes: number;
};

/**
 * Builds the app and packs what .funcignore lets into a deployment.
 *
 * @throws Error where it is over 40 MiB.
 */
export async function makePackage(): Promise<Package> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-package-'));
  try {
    await build({ outDir: join(folder, 'dist'), package: true });
    const entries: Record<string, Uint8Array> = {};
    for (const file of ['host.json', 'package.json']) entries[file] = await readFile(join(root, file));
    for (const file of await built(folder)) entries[file] = await readFile(join(folder, file));
    const unpackedBytes = Object.values(entries).reduce((sum, bytes) => sum + bytes.length, 0);
    const zip = zipSync(entries, { level: 9, mtime: noTime });
    if (zip.length > bytesMax)
      throw new Error(`The package has ${mebibytes(zip.length)}, over ${mebibytes(bytesMax)}.`);
    return { zip, files: Object.keys(entries), unpackedBytes };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Source maps stay here: they say where a line of the bundle came from. */
async function built(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const path of glob('dist/**', { cwd: folder }))
    if (!path.endsWith('.map') && (await stat(join(folder, path))).isFile())
      files.push(path.replaceAll('\\', '/'));
  return files.toSorted();
}

const mebibytes = (bytes: number) => `${(bytes / mebibyte).toFixed(1)} MiB`;

if (import.meta.main) {
  const usage = `Usage: make package [ARGS="--out FILE"]

  --out FILE  where the zip goes (default: cairn.zip); deploy it by azd deploy --from-package FILE`;
  const { out } = optionsOf(usage, { out: { type: 'string', default: 'cairn.zip' } });
  const { zip, files, unpackedBytes } = await makePackage();
  await writeFile(out, zip).catch((error: Error) =>
    endWith(`--out ${out} cannot be written: ${error.message}`),
  );
  const digest = createHash('sha256').update(zip).digest('hex');
  process.stdout.write(
    `${out}: ${files.length} files, ${mebibytes(zip.length)}, unpacked ${mebibytes(unpackedBytes)}\nsha256 ${digest}\n`,
  );
}
