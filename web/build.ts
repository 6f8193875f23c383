import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The whole web UI as one document, and the Content-Security-Policy under which it runs. */
export type Page = { readonly html: string; readonly policy: string };

/**
 * Bundles the browser's sources of this folder into `index.html`. Runs where the sources are; in the
 * bundle for Azure this module is replaced by the page it made.
 */
export async function buildPage(): Promise<Page> {
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const [template, { outputFiles }] = await Promise.all([
    readFile(here('index.html'), 'utf8'),
    build({
      entryPoints: [here('main.ts'), here('style.css')],
      outdir: here('.'),
      write: false,
      bundle: true,
      minify: true,
      charset: 'utf8',
      format: 'esm',
      target: 'es2022',
      logLevel: 'warning',
    }),
  ]);
  const text = (ending: string) => outputFiles.find((file) => file.path.endsWith(ending))?.text.trim() ?? '';
  const script = text('.js');
  const style = text('.css');
  return {
    html: template
      .replace('<style></style>', () => `<style>${style}</style>`)
      .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`),
    policy: policyOf(script, style),
  };
}

/**
 * Script and style by their digests, not `'self'`: artifacts that users upload come from this origin too,
 * and none of them may ever run here.
 */
function policyOf(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(style)}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
