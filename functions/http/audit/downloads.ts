import { modelOfFile, recordDownload } from '../../../shared/audit/index.ts';
import type { Input, Route } from '../../../shared/http/index.ts';

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

function ofRun(runId: unknown, path: unknown): string | undefined {
  const model = modelOfFile(String(path));
  return model?.startsWith('artifacts/')
    ? `artifacts/${String(runId)}/${model.slice('artifacts/'.length)}`
    : model;
}
