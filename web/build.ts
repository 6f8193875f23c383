import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** What `site.json` beside the built files says: the policy of the page, and every file under `/assets/`. */
export type Site = { readonly policy: string; readonly assets: readonly string[] };

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../node_modules/.cache/cairn-web/', import.meta.url));
const keptMilliseconds = 24 * 3600 * 1000;

/**
 * The folder of the built web UI: `index.html`, `site.json`, and `assets/` with each file also as `.br`
 * and `.gz`. Builds it when the sources are not those of an earlier build. In the bundle for Azure this
 * module is replaced by the place where that bundle carries the folder.
 */
export async function siteFolder(): Promise<string> {
  const folder = join(cache, await digestOfSources());
  if (await exists(folder)) return folder;
  const draft = `${folder}.${process.pid}.${Date.now()}`;
  // In a process of its own: what a test or a server sets for itself would otherwise choose React's slow form.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [join(here, 'build.ts'), draft], { env }).then(
    ({ stderr }) => process.stderr.write(stderr),
    ({ stderr }: { stderr: string }) => {
      throw new Error(`The web UI does not build:\n${stderr}`);
    },
  );
  // Whoever builds the same at the same time has built the same: the first one stays.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  await forgetOld(folder);
  return folder;
}

async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const names = await readdir(join(here, 'src'), { recursive: true, withFileTypes: true });
  const sources = names
    .filter((entry) => entry.isFile() && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const others = ['index.html', 'build.ts', 'vite.config.ts', '../package-lock.json'];
  for (const path of [...others.map((name) => join(here, name)), ...sources])
    hash.update(`${path.slice(here.length)}\0`).update(await readFile(path));
  return hash.digest('hex').slice(0, 20);
}

async function buildInto(folder: string): Promise<void> {
  const [{ build }, { default: config }] = await Promise.all([import('vite'), import('./vite.config.ts')]);
  const output = { ...config.build, outDir: folder, emptyOutDir: true };
  await build({ ...config, configFile: false, logLevel: 'warn', build: output });
  const names = await readdir(join(folder, 'assets'));
  await Promise.all(names.map((name) => compress(join(folder, 'assets', name))));
  const { html, script } = withLoader(await readFile(join(folder, 'index.html'), 'utf8'));
  const site: Site = { policy: policyOf(script), assets: names };
  await writeFile(join(folder, 'index.html'), html);
  await writeFile(join(folder, 'site.json'), JSON.stringify(site));
}

/**
 * A few words of script in the page load the rest, since a policy names an inline script by its digest in
 * every browser, an external one not; what a script adds, and what that imports, `'strict-dynamic'` allows.
 * They also set the chosen theme before anything is drawn.
 */
function withLoader(built: string): { html: string; script: string } {
  const tag = /\s*<script type="module" crossorigin src="([^"]+)"><\/script>/;
  const entry = tag.exec(built)?.[1];
  if (entry === undefined) throw new Error('The built index.html has no script.');
  const script = `{
let theme;
try { theme = localStorage.getItem('cairn.theme') } catch {}
theme ||= matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
document.documentElement.dataset.theme = theme;
const url = ${JSON.stringify(entry)};
const script = document.createElement('script');
script.type = 'module';
script.src = self.trustedTypes?.createPolicy('loader', { createScriptURL: () => url }).createScriptURL('') ?? url;
document.head.append(script);
}`;
  const html = built
    .replace(tag, '')
    .replaceAll(/\s*<link rel="modulepreload"[^>]*>/g, '')
    .replace('</head>', () => `  <script>${script}</script>\n  </head>`);
  return { html, script };
}

/**
 * Script by the loader's digest and what that loads, never by `'self'`: artifacts that users upload come
 * from this origin too, and none of them may ever run here. Nor may text become markup: the loader makes the
 * only trusted type, the address of the script, so a browser which knows them refuses `innerHTML` and its like.
 */
function policyOf(script: string): string {
  const digest = createHash('sha256').update(script).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'sha256-${digest}' 'strict-dynamic'`,
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    // One document, in which logged pages are shown under a policy of its own.
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types loader',
  ].join('; ');
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await Promise.all([
    promisify(brotliCompress)(bytes, { params }).then((small) => writeFile(`${path}.br`, small)),
    promisify(gzip)(bytes, { level: 9 }).then((small) => writeFile(`${path}.gz`, small)),
  ]);
}

async function forgetOld(kept: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    const written = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (path !== kept && Date.now() - written > keptMilliseconds)
      await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  await mkdir(cache, { recursive: true });
  return stat(path).then(
    () => true,
    () => false,
  );
}

if (import.meta.main)
  await buildInto(process.argv[2] ?? '').catch((error: Error) => {
    process.stderr.write(error.message);
    process.exitCode = 1;
  });
