import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import * as z from 'zod';
import { CairnError, problem, route, type Surface } from '../../shared/http/index.ts';
import { siteFolder, type Site } from '../../web/build.ts';
import { frame } from './frame.ts';

type Encoding = 'br' | 'gzip' | 'identity';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const suffixes: Readonly<Record<Encoding, string>> = { br: '.br', gzip: '.gz', identity: '' };

let opened: Promise<{ site: Site; html: string; folder: string }> | undefined;
const read = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** The web UI: files that the build made, which read everything else through the API, as whoever opened them. */
export const web: Surface = {
  name: 'web',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/', {
      operation: 'web',
      role: 'public',
      input: z.object({}),
      async handle({ settings, stores }) {
        const { site, html } = await open();
        return new Response(html, {
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': policyOf(site.policy, [
              stores.blobs('batch-input').origin,
              ...(settings.entra ? [new URL(settings.entra.authority).origin] : []),
            ]),
            'x-content-type-options': 'nosniff',
            'referrer-policy': 'no-referrer',
            'cache-control': 'no-cache',
          },
        });
      },
    }),
    frame,
    route('GET', '/assets/{name}', {
      operation: 'webAsset',
      role: 'public',
      input: z.object({ name: z.string() }),
      async handle(_ctx, { name }, { request }) {
        const { site, folder } = await open();
        if (!site.assets.includes(name))
          throw new CairnError('not-found', `There is no file ${name} in this version of the web UI.`);
        const encoding = encodingFor(request.headers.get('accept-encoding') ?? '');
        return new Response(await fileOf(join(folder, 'assets', name + suffixes[encoding])), {
          headers: {
            'content-type': types[extname(name)] ?? 'application/octet-stream',
            'x-content-type-options': 'nosniff',
            // The name holds a digest of the content.
            'cache-control': 'public, max-age=31536000, immutable',
            vary: 'accept-encoding',
            ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
          },
        });
      },
    }),
  ],
};

/** The page's policy, and the other places that it may ask: storage, for files it sends there, and who signs people in. */
function policyOf(policy: string, origins: readonly string[]): string {
  return policy.replace("connect-src 'self'", `connect-src 'self' ${origins.join(' ')}`);
}

function open() {
  opened ??= (async () => {
    const folder = await siteFolder();
    const [html, site] = await Promise.all(
      ['index.html', 'site.json'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    return { folder, html: html ?? '', site: JSON.parse(site ?? '') as Site };
  })();
  opened.catch(() => {
    opened = undefined;
  });
  return opened;
}

/** Read when first asked for; together they are under a megabyte. */
function fileOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = read.get(path) ?? readFile(path);
  read.set(path, known);
  known.catch(() => read.delete(path));
  return known;
}

/** The best encoding that an `accept-encoding` names and does not refuse by `q=0`. */
function encodingFor(accepted: string): Encoding {
  const names = accepted
    .toLowerCase()
    .split(',')
    .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
    .map((part) => part.split(';')[0]?.trim());
  return names.includes('br') ? 'br' : names.includes('gzip') ? 'gzip' : 'identity';
}
