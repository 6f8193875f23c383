import * as z from 'zod';
import {
  artifactPath,
  checkedArtifactPath,
  findArtifact,
  listArtifacts,
  putArtifact,
} from '../../shared/artifacts/index.ts';
import type { Context } from '../../shared/context.ts';
import {
  fields,
  json,
  mlflowError,
  type Route,
  route,
  type Surface,
  uploadOf,
} from '../../shared/http/index.ts';
import { getRun } from '../../shared/tracking/index.ts';
import { fileResponse } from './files.ts';
import { mlflowPaths } from './mlflow.ts';

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
        handle: async (ctx, input) => ({ files: await entries(ctx, checkedArtifactPath(input.path)) }),
      }),
    ),
    ...mlflowPaths('mlflow-artifacts/artifacts/{path*}').flatMap((path): Route[] => [
      {
        method: 'GET',
        path,
        operation: 'artifacts/get',
        role: 'viewer',
        handle: async (ctx, { request, params }) =>
          fileResponse(ctx, request, await findArtifact(ctx, artifactPath(params['path'] ?? ''))),
      },
      {
        method: 'PUT',
        path,
        operation: 'artifacts/put',
        role: 'contributor',
        async handle(ctx, { request, params }) {
          await putArtifact(ctx, artifactPath(params['path'] ?? ''), uploadOf(request));
          return json({});
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
          const below = checkedArtifactPath(input.path);
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
