import * as z from 'zod';
import { artifactPathAt, findArtifact, putArtifact } from '../../../shared/artifacts/index.ts';
import type { Context } from '../../../shared/context.ts';
import {
  type Call,
  CairnError,
  fields,
  type Route,
  route,
  type Scope,
  type UploadLimit,
  uploadOf,
  withoutEndSlashes,
} from '../../../shared/http/index.ts';
import { versionByName } from '../../../shared/registry/index.ts';
import { artifactUriOf, getLoggedModel } from '../../../shared/tracking/index.ts';
import { fileResponse } from '../files.ts';
import { mlflow } from '../mlflow.ts';
import { onRun, runId, runRef } from '../tracking/fields.ts';
import { filesBelow } from './json.ts';

/** MLflow's pages send small things this way: images, tables, notes. */
const pageUploadLimit: UploadLimit = {
  bytesMax: 10 * 1024 * 1024,
  tooLarge: () => new CairnError('invalid', 'Artifact size is too large. Max size is 10MB.'),
};

const path = fields.text.default('');
const onModel: Scope = { on: [{ field: 'model_id', names: 'logged-model' }] };

/** Artifacts by the run, the logged model or the model version that they belong to. */
export const owned: readonly Route[] = [
  ...mlflow('GET', 'artifacts/list', 'viewer', {
    scope: onRun,
    input: runRef.extend({ path }),
    async handle(ctx, input) {
      const id = runId(input);
      return listing(ctx, { uri: await artifactUriOf(ctx, id), owner: `run ${id}` }, input.path);
    },
  }),
  ...mlflow('GET', 'logged-models/{model_id}/artifacts/directories', 'viewer', {
    scope: onModel,
    input: z.object({ model_id: fields.requiredText, artifact_directory_path: path }),
    async handle(ctx, input) {
      const { artifactUri, modelId } = await getLoggedModel(ctx, input.model_id);
      return listing(ctx, { uri: artifactUri, owner: `model ${modelId}` }, input.artifact_directory_path);
    },
  }),
  route('GET', '/get-artifact', {
    operation: 'artifacts/get-of-run',
    role: 'viewer',
    scope: onRun,
    input: runRef.extend({ path: fields.requiredText }),
    handle: async (ctx, input, call) => file(ctx, call, await pathOfRun(ctx, runId(input), input.path)),
  }),
  route('GET', '/model-versions/get-artifact', {
    operation: 'artifacts/get-of-version',
    role: 'viewer',
    scope: { on: [{ field: 'name', names: 'model-name' }] },
    input: z.object({ name: fields.requiredText, version: fields.int64, path: fields.requiredText }),
    handle: async (ctx, input, call) => file(ctx, call, await pathOfVersion(ctx, input)),
  }),
  route('GET', '/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files', {
    operation: 'artifacts/get-of-logged-model',
    role: 'viewer',
    scope: onModel,
    input: z.object({ model_id: fields.requiredText, artifact_file_path: fields.text.default('') }),
    async handle(ctx, input, call) {
      if (input.artifact_file_path === '')
        throw new CairnError(
          'bad-request',
          'Request must include the "artifact_file_path" query parameter.',
          {
            field: 'artifact_file_path',
          },
        );
      return file(ctx, call, await pathOfLoggedModel(ctx, input.model_id, input.artifact_file_path));
    },
  }),
  route('POST', '/ajax-api/2.0/mlflow/upload-artifact', {
    operation: 'artifacts/upload',
    role: 'contributor',
    scope: { on: [{ field: 'run_uuid', names: 'run' }] },
    input: z.object({ run_uuid: path, path }),
    readsBody: true,
    async handle(ctx, input, { request }) {
      for (const name of ['run_uuid', 'path'] as const)
        if (input[name] === '')
          throw new CairnError('invalid', `Request must specify ${name}.`, { field: name });
      const target = await pathOfRun(ctx, input.run_uuid, input.path);
      const upload = uploadOf(request);
      if (request.body === null || upload.bytes === 0)
        throw new CairnError('invalid', 'Request must specify data.');
      await putArtifact(ctx, target, upload, pageUploadLimit);
      return {};
    },
  }),
];

/** The path, among the artifacts of the workspace, of a file of a run, deleted or not. */
export async function pathOfRun(ctx: Context, id: string, below: string): Promise<string> {
  return artifactPathAt(await artifactUriOf(ctx, id), below, `run ${id}`);
}

/** The same for a logged model. */
export async function pathOfLoggedModel(ctx: Context, id: string, below: string): Promise<string> {
  return artifactPathAt((await getLoggedModel(ctx, id)).artifactUri, below, `model ${id}`);
}

async function pathOfVersion(
  ctx: Context,
  { name, version, path: below }: { name: string; version: number; path: string },
): Promise<string> {
  const { source, storageLocation = source } = await versionByName(ctx, name, version);
  const run = /^runs:\/([^/]+)\/?(.*)$/s.exec(storageLocation);
  const root = run ? `${await artifactUriOf(ctx, run[1] ?? '')}/${run[2]}` : storageLocation;
  return artifactPathAt(root, below, `version ${version} of model ${name}`);
}

async function listing(ctx: Context, { uri, owner }: { uri: string; owner: string }, below: string) {
  const folder = withoutEndSlashes(below);
  return { root_uri: uri, ...(await filesBelow(ctx, artifactPathAt(uri, folder, owner), folder)) };
}

function file(ctx: Context, { request }: Call, target: string): Promise<Response> {
  return fileResponse(ctx, request, () => findArtifact(ctx, target));
}
