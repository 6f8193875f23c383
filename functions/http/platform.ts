import * as z from 'zod';
import type { Context } from '../../shared/context.ts';
import { readiness } from '../../shared/health/index.ts';
import { json, mlflowError, problem, route, type Surface } from '../../shared/http/index.ts';
import { mlflowPaths } from './mlflow.ts';

/** The MLflow release whose wire contract this server keeps; clients choose their features by it. */
export const mlflowVersion = '3.6.0';

const text = (body: string) =>
  new Response(body, { headers: { 'content-type': 'text/plain; charset=utf-8' } });

/** What monitors, clients and people ask of any server. */
export const platform: Surface = {
  name: 'platform',
  part: 'both',
  errors: problem,
  routes: [
    route('GET', '/health', {
      operation: 'health',
      role: 'public',
      input: z.object({}),
      handle: () => Promise.resolve(text('OK')),
    }),
    route('GET', '/health/live', {
      operation: 'live',
      role: 'public',
      input: z.object({}),
      handle: () => Promise.resolve(json({ status: 'live' })),
    }),
    route('GET', '/health/ready', {
      operation: 'ready',
      role: 'public',
      input: z.object({}),
      handle: ready,
    }),
    route('GET', '/version', {
      operation: 'version',
      role: 'public',
      input: z.object({}),
      handle: () => Promise.resolve(text(mlflowVersion)),
    }),
  ],
};

/** 200 where everything that this app needs answers, else 503; both say of each dependency how it is. */
async function ready(ctx: Context): Promise<Response> {
  const { ready: isReady, dependencies } = await readiness(ctx);
  return json({ status: isReady ? 'ready' : 'not-ready', dependencies }, isReady ? 200 : 503, {
    'cache-control': 'no-store',
    ...(isReady ? {} : { 'retry-after': '5' }),
  });
}

/** What MLflow's clients and pages ask a server before they use what only some servers have. */
export const serverInfo: Surface = {
  name: 'server-info',
  part: 'control',
  errors: mlflowError,
  routes: mlflowPaths('mlflow/server-info', '3.0').map((path) =>
    route('GET', path, {
      operation: 'server-info',
      role: 'public',
      input: z.object({}),
      handle: () =>
        Promise.resolve(
          json({
            store_type: null,
            workspaces_enabled: true,
            trace_archival_enabled: false,
            multipart_uploads_enabled: true,
            multipart_downloads_enabled: true,
            presigned_upload_run_id_supported: true,
            presigned_upload_model_id_supported: true,
            features_enabled: { gateway: false },
          }),
        ),
    }),
  ),
};
