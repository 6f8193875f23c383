import { Readable } from 'node:stream';
import * as z from 'zod';
import {
  artifactPath,
  artifactUrl,
  checkedPath,
  listArtifacts,
  openArtifact,
  putArtifact,
  statArtifact,
} from '../../shared/artifacts/index.ts';
import type { ByteRange } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { CairnError, type Call, fields, mlflowError, route, type Surface } from '../../shared/http/index.ts';
import { getRun } from '../../shared/tracking/index.ts';
import { mlflowPaths } from './mlflow.ts';

/** Larger files are fetched from storage itself, by a redirect to a signed URL. */
const proxiedBytesMax = 8 * 1024 * 1024;

/** MLflow's artifact proxy: files as streams below `mlflow-artifacts:/`. */
export const artifacts: Surface = {
  name: 'artifacts',
  part: 'control',
  errors: mlflowError,
  routes: [
    ...mlflowPaths('mlflow-artifacts/artifacts').map((path) =>
      route('GET', path, {
        operation: 'artifacts/list-path',
        role: 'viewer',
        input: z.object({ path: fields.text.default('') }),
        handle: async (ctx, input) => ({ files: await entries(ctx, checkedPath(input.path)) }),
      }),
    ),
    ...mlflowPaths('mlflow-artifacts/artifacts/{path*}').flatMap((path) => [
      {
        method: 'GET' as const,
        path,
        operation: 'artifacts/get',
        role: 'viewer' as const,
        handle: (ctx: Context, call: Call) =>
          download(ctx, artifactPath(call.params['path'] ?? ''), call.request),
      },
      {
        method: 'PUT' as const,
        path,
        operation: 'artifacts/put',
        role: 'contributor' as const,
        handle: async (ctx: Context, { request, params }: Call) => {
          const length = request.headers.get('content-length');
          await putArtifact(ctx, artifactPath(params['path'] ?? ''), request.body, {
            bytes: length === null ? undefined : Number(length),
            contentType: request.headers.get('content-type') ?? undefined,
            signal: request.signal,
          });
          return Response.json({});
        },
      },
    ]),
    ...mlflowPaths('mlflow/artifacts/list').map((path) =>
      route('GET', path, {
        operation: 'artifacts/list',
        role: 'viewer',
        input: z.object({ run_id: fields.requiredText, path: fields.text.default('') }),
        handle: async (ctx, input) => {
          const { artifactUri } = await getRun(ctx, input.run_id);
          const below = checkedPath(input.path);
          const root = artifactUri.replace(/^mlflow-artifacts:\//, '');
          const files = await entries(ctx, below === '' ? root : `${root}/${below}`);
          return {
            root_uri: artifactUri,
            ...(files.length > 0
              ? { files: files.map((f) => ({ ...f, path: below === '' ? f.path : `${below}/${f.path}` })) }
              : {}),
          };
        },
      }),
    ),
  ],
};

async function entries(ctx: Context, path: string) {
  const found = await listArtifacts(ctx, path);
  return found.map(({ name, isDirectory, bytes }) =>
    isDirectory ? { path: name, is_dir: true } : { path: name, is_dir: false, file_size: bytes },
  );
}

/** A file or a range of it, small ones through this server and large ones by redirect. */
async function download(ctx: Context, path: string, request: Request): Promise<Response> {
  const { bytes, contentType, etag } = await statArtifact(ctx, path);
  if (bytes > proxiedBytesMax)
    return new Response(null, { status: 302, headers: { location: await artifactUrl(ctx, path) } });
  const headers = new Headers({
    'content-type': contentType ?? 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(path.slice(path.lastIndexOf('/') + 1))}`,
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    etag,
  });
  const range = rangeOf(request.headers.get('range'), bytes);
  const length = range ? (range.last ?? bytes - 1) - range.first + 1 : bytes;
  headers.set('content-length', String(length));
  if (range) headers.set('content-range', `bytes ${range.first}-${range.first + length - 1}/${bytes}`);
  const status = range ? 206 : 200;
  if (request.method === 'HEAD') return new Response(null, { status, headers });
  const { body } = await openArtifact(ctx, path, range, request.signal);
  return new Response(Readable.toWeb(body) as ReadableStream, { status, headers });
}

/** One range of RFC 9110 within `bytes`; several, or a unit we do not know, mean the whole file. */
function rangeOf(header: string | null, bytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const suffix = match[1] === '';
  const first = suffix ? Math.max(0, bytes - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === '' ? bytes - 1 : Math.min(Number(match[2]), bytes - 1);
  if (first > last)
    throw new CairnError('invalid', `The range ${header} is outside the file, which has ${bytes} bytes.`, {
      field: 'Range',
    });
  return { first, last };
}
