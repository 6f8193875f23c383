import * as z from 'zod';
import {
  artifactPath,
  checkedArtifactPath,
  deleteArtifacts,
  findArtifact,
  putArtifact,
} from '../../../shared/artifacts/index.ts';
import { fields, type Route, route, type Scope, uploadOf } from '../../../shared/http/index.ts';
import { fileResponse } from '../files.ts';
import { mlflowPaths } from '../mlflow.ts';
import { filesBelow } from './json.ts';

const input = z.object({ path: fields.text.transform(artifactPath) });
const scope: Scope = { on: [{ field: 'path', names: 'artifact-path' }] };

/** MLflow's artifact proxy: files as streams below `mlflow-artifacts:/`. */
export const proxy: readonly Route[] = [
  ...mlflowPaths('mlflow-artifacts/artifacts').map((path) =>
    route('GET', path, {
      operation: 'artifacts/list-path',
      role: 'viewer',
      scope,
      input: z.object({ path: fields.text.default('').transform(checkedArtifactPath) }),
      handle: (ctx, asked) => filesBelow(ctx, asked.path),
    }),
  ),
  ...mlflowPaths('mlflow-artifacts/artifacts/{path*}').flatMap((path) => [
    route('GET', path, {
      operation: 'artifacts/get',
      role: 'viewer',
      scope,
      input,
      handle: (ctx, asked, { request }) => fileResponse(ctx, request, () => findArtifact(ctx, asked.path)),
    }),
    route('PUT', path, {
      operation: 'artifacts/put',
      role: 'contributor',
      scope,
      input,
      readsBody: true,
      async handle(ctx, asked, { request }) {
        await putArtifact(ctx, asked.path, uploadOf(request));
        return {};
      },
    }),
    route('DELETE', path, {
      operation: 'artifacts/delete',
      role: 'contributor',
      scope,
      input,
      readsBody: true,
      async handle(ctx, asked) {
        await deleteArtifacts(ctx, asked.path);
        return {};
      },
    }),
  ]),
];
