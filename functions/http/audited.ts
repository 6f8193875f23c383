import { modelOfFile, recordDenial, recordDownload } from '../../shared/audit/index.ts';
import type { Context } from '../../shared/context.ts';
import { type Input, isCode, isHiding, type Route } from '../../shared/http/index.ts';

/** Which model a call of these operations hands out, by its input; `undefined` where it hands out none. */
const downloads: Readonly<Record<string, (input: Input) => string | undefined>> = {
  'artifacts/get': ({ path }) => modelOfFile(String(path)),
  'artifacts/presign': ({ path }) => modelOfFile(String(path)),
  'artifacts/presigned-download-url': ({ run_id, path }) => ofRun(run_id, path),
  'artifacts/get-of-run': ({ run_id, run_uuid, path }) => ofRun(run_id ?? run_uuid, path),
  'artifacts/get-of-version': ({ name, version }) => `version/${String(name)}/${String(version)}`,
  'model-versions/get-download-uri': ({ name, version }) => `version/${String(name)}/${String(version)}`,
  'artifacts/get-of-logged-model': ({ model_id }) => `logged-model/${String(model_id)}`,
};

const handedOut = [200, 206, 302];

/** The route, such that a model that it hands out is entered in the audit log before. */
export function audited(route: Route): Route {
  const modelOf = downloads[route.operation];
  if (!modelOf) return route;
  return {
    ...route,
    async handle(ctx, call, input) {
      const response = await route.handle(ctx, call, input);
      const model = handedOut.includes(response.status) ? modelOf(input) : undefined;
      if (model === undefined || call.request.method === 'HEAD') return response;
      try {
        await recordDownload(ctx, model, route.operation);
        return response;
      } catch (error) {
        await response.body?.cancel();
        throw error;
      }
    },
  };
}

/** Enters a call that failed with `error` in the audit log, where it was refused for who made it. */
export async function enterDenial(
  ctx: Context,
  route: Route,
  request: Request,
  error: unknown,
): Promise<void> {
  const isRefused = isCode(error, 'unauthenticated', 'forbidden');
  if (!isRefused && !isHiding(error)) return;
  await recordDenial(ctx, {
    operation: route.operation,
    method: request.method,
    path: new URL(request.url).pathname,
    role: route.role,
    code: isRefused ? error.code : 'hidden',
    address: addressOf(request),
  });
}

/** The address that the last proxy saw, which in Azure is the platform's own; what comes before it anybody can write. */
function addressOf(request: Request): string {
  const last = request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  const parts = /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$|^\[(.+)\](?::\d+)?$/.exec(last);
  return parts?.[1] ?? parts?.[2] ?? last;
}

function ofRun(runId: unknown, path: unknown): string | undefined {
  const model = modelOfFile(String(path));
  return model?.startsWith('artifacts/')
    ? `artifacts/${String(runId)}/${model.slice('artifacts/'.length)}`
    : model;
}
