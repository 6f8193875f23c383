import * as z from 'zod';
import { artifactPath, presignDownload, presignUpload } from '../../../shared/artifacts/index.ts';
import { CairnError, fields, type Route, route } from '../../../shared/http/index.ts';
import { mlflow, mlflowPaths } from '../mlflow.ts';
import { pathOfLoggedModel, pathOfRun } from './owned.ts';

/** Seconds that a URL lives where the client does not say. */
const uploadSeconds = 900;
const downloadSeconds = 300;

const expiration = fields.int64.refine((n) => n >= 1 && n <= 3600, 'must be between 1 and 3600 seconds');

/** Signed URLs, for those who move files straight to and from storage. */
export const presigned: readonly Route[] = [
  ...mlflowPaths('mlflow-artifacts/presigned/{path*}').map((path) =>
    route('GET', path, {
      operation: 'artifacts/presign',
      role: 'viewer',
      scope: { on: [{ field: 'path', names: 'artifact-path' }] },
      input: z.object({ path: fields.text.transform(artifactPath) }),
      handle: async (ctx, input) => {
        const { url, headers, bytes } = await presignDownload(ctx, input.path, downloadSeconds);
        return { url, headers, file_size: bytes };
      },
    }),
  ),
  ...mlflow('POST', 'artifacts/presigned-upload-url', 'contributor', {
    scope: {
      on: [
        { field: 'run_id', names: 'run' },
        { field: 'model_id', names: 'logged-model' },
      ],
    },
    input: z.object({
      run_id: fields.text.default(''),
      model_id: fields.text.default(''),
      path: fields.requiredText,
      expiration: expiration.default(uploadSeconds),
    }),
    handle: async (ctx, { run_id, model_id, path, expiration: seconds }) => {
      if ((run_id === '') === (model_id === ''))
        throw new CairnError('invalid', 'Exactly one of run_id and model_id must be provided.', {
          field: 'run_id',
        });
      const target = run_id
        ? await pathOfRun(ctx, run_id, path)
        : await pathOfLoggedModel(ctx, model_id, path);
      const { url, headers } = await presignUpload(ctx, target, seconds);
      return { presigned_url: url, headers };
    },
  }),
  ...mlflow('POST', 'artifacts/presigned-download-url', 'viewer', {
    scope: { on: [{ field: 'run_id', names: 'run' }] },
    input: z.object({
      run_id: fields.requiredText,
      path: fields.requiredText,
      expiration: expiration.default(downloadSeconds),
    }),
    handle: async (ctx, input) => {
      const target = await pathOfRun(ctx, input.run_id, input.path);
      const { url, bytes } = await presignDownload(ctx, target, input.expiration);
      return { presigned_url: url, file_size: bytes };
    },
  }),
];
