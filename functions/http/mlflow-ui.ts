import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CairnError, checkedPath, decodedPath, problem, type Surface } from '../../shared/http/index.ts';

/** Where MLflow's own pages are, and whence they ask for everything else. */
const mount = '/mlflow';
const asked = /^\/mlflow(\/(?:ajax-api|get-artifact|graphql|model-versions)(?:\/.*)?)$/;

/** The path that a request is for: MLflow's pages ask below their own, as under its `--static-prefix`. */
export function servedPath(pathname: string): string {
  return asked.exec(pathname)?.[1] ?? pathname;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/** MLflow's own compiled pages, where a user has mounted theirs: `mlflow/server/js/build` of the Python package. */
export const mlflowUi: Surface = {
  name: 'mlflow-ui',
  part: 'control',
  errors: problem,
  routes: [
    {
      method: 'GET',
      path: mount,
      operation: 'mlflow-ui/redirect',
      role: 'public',
      handle: () => Promise.resolve(new Response(null, { status: 308, headers: { location: `${mount}/` } })),
    },
    {
      method: 'GET',
      path: `${mount}/{path*}`,
      operation: 'mlflow-ui',
      role: 'public',
      async handle({ settings }, { url, params }) {
        const folder = settings.mlflowUi;
        if (folder === undefined)
          throw new CairnError(
            'no-route',
            "MLflow's own pages are not mounted. Set CAIRN_MLFLOW_UI to the folder mlflow/server/js/build of an installed mlflow.",
          );
        const path = decodedPath(params['path'] ?? '');
        if (path === '') return page(folder, url);
        const file = /^static-files\/(.+)$/.exec(path)?.[1];
        if (file === undefined) throw new CairnError('no-route', `There is nothing at ${url.pathname}.`);
        return staticFile(folder, checkedPath(file));
      },
    },
  ],
};

async function page(folder: string, url: URL): Promise<Response> {
  return new Response(await bytesOf(folder, 'index.html'), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(url),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    },
  });
}

async function staticFile(folder: string, path: string): Promise<Response> {
  return new Response(await bytesOf(folder, path), {
    headers: {
      'content-type': contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=2419200',
    },
  });
}

async function bytesOf(folder: string, path: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(join(folder, path));
  } catch (cause) {
    throw new CairnError('no-route', `There is no '${path}' in the folder of CAIRN_MLFLOW_UI.`, { cause });
  }
}

/** Scripts only from the mounted folder: what users upload as artifacts is of this origin too, and may not run. */
function policyOf({ origin }: URL): string {
  const files = `${origin}${mount}/static-files/`;
  return [
    "default-src 'none'",
    `script-src ${files} 'wasm-unsafe-eval'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `font-src ${files} data:`,
    "connect-src 'self'",
    "frame-src 'self' blob:",
    `worker-src ${files} blob:`,
    `manifest-src ${files}`,
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
