import * as z from 'zod';
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
    route('GET', '/version', {
      operation: 'version',
      role: 'public',
      input: z.object({}),
      handle: () => Promise.resolve(text(mlflowVersion)),
    }),
  ],
};

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
