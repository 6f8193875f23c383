import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documentsTemplate, settingsTemplate, storageTemplate } from './generate/bicep.ts';
import { localSettings, settingsPage } from './generate/settings.ts';
import { optionsOf } from './command-line.ts';

/** Every file that follows from a declaration: its path in the repository, and what must stand in it. */
export const generated: Readonly<Record<string, () => string>> = {
  'docs/settings.md': settingsPage,
  'infra/generated/documents.bicep': documentsTemplate,
  'infra/generated/settings.bicep': settingsTemplate,
  'infra/generated/storage.bicep': storageTemplate,
  'local.settings.sample.json': localSettings,
};

/** The generated files under `root` that differ from their declaration or are missing. */
export async function staleFiles(root: string): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of Object.entries(generated)) {
    const found = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (found !== text()) stale.push(path);
  }
  return stale;
}

/** Writes what is stale under `root` and returns the paths. */
export async function writeStale(root: string): Promise<string[]> {
  const stale = await staleFiles(root);
  for (const path of stale) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), generated[path]?.() ?? '');
  }
  return stale;
}

if (import.meta.main) {
  const usage = `Usage: node scripts/generate.ts [--check]

  --check  write nothing, and end with 1 where a file no longer matches its declaration`;
  const values = optionsOf(usage, { check: { type: 'boolean', default: false } });
  const root = fileURLToPath(new URL('..', import.meta.url));
  const paths = values.check ? await staleFiles(root) : await writeStale(root);
  for (const path of paths) process.stdout.write(`${values.check ? 'stale' : 'wrote'} ${path}\n`);
  if (values.check && paths.length > 0) {
    process.stdout.write('These files no longer match their declaration; run: npm run generate\n');
    process.exitCode = 1;
  }
}
