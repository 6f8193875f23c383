import * as z from 'zod';
import {
  artifactPath,
  checkedArtifactPath,
  deleteArtifacts,
  findArtifact,
  putArtifact,
} from '../../../shared/artifacts/index.ts';
import { type Call, fields, json, type Route, route, uploadOf } from '../../../shared/http/index.ts';
import { fileResponse } from '../files.ts';
import { mlflowPaths } from '../mlflow.ts';
import { filesBelow } from './json.ts';

const pathOf = ({ params }: Call) => artifactPath(params['path'] ?? '');

/** MLflow's artifact proxy: files as streams below `mlflow-artifacts:/`. */
export const proxy: readonly Route[] = [
  ...mlflowPaths('mlflow-artifacts/artifacts').map((path) =>
    route('GET', path, {
      operation: 'artifacts/list-path',
      role: 'viewer',
      input: z.object({ path: fields.text.default('') }),
      handle: (ctx, input) => filesBelow(ctx, checkedArtifactPath(input.path)),
    }),
  ),
  ...mlflowPaths('mlflow-artifacts/artifacts/{path*}').flatMap((path): Route[] => [
    {
      method: 'GET',
      path,
      operation: 'artifacts/get',
      role: 'viewer',
      handle: async (ctx, call) => fileResponse(ctx, call.request, () => findArtifact(ctx, pathOf(call))),
    },
    {
      method: 'PUT',
      path,
      operation: 'artifacts/put',
      role: 'contributor',
      async handle(ctx, call) {
        await putArtifact(ctx, pathOf(call), uploadOf(call.request));
        return json({});
      },
    },
    {
      method: 'DELETE',
      path,
      operation: 'artifacts/delete',
      role: 'contributor',
      async handle(ctx, call) {
        await deleteArtifacts(ctx, pathOf(call));
        return json({});
      },
    },
  ]),
];
