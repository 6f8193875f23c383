import * as z from 'zod';
import {
  abortMultipart,
  artifactPath,
  checkedArtifactPath,
  completeMultipart,
  createMultipart,
} from '../../../shared/artifacts/index.ts';
import { checkedPath, fields, type Route, route, type Scope } from '../../../shared/http/index.ts';
import { mlflowPaths } from '../mlflow.ts';

/** A completion repeats the signed URL of each of its parts. */
const completionBytesMax = 64 * 1024 * 1024;

const target = z.object({
  /** Folder of the artifact, as it came in the URL. */
  folder: fields.text,
  /** The file where the client has it: the artifact takes the last part of that as its name. */
  path: fields.requiredText,
});
const upload = target.extend({ upload_id: fields.text.default('') });

const onArtifact: Scope = { on: [{ field: 'artifact', names: 'artifact-path' }] };

/** Uploads in parts, which go straight to storage. */
export const multipart: readonly Route[] = [
  ...mlflowPaths('mlflow-artifacts/mpu/create/{folder*}').map((path) =>
    route('POST', path, {
      operation: 'artifacts/create-multipart',
      role: 'contributor',
      scope: onArtifact,
      input: target.extend({ num_parts: fields.int64 }).transform(withArtifact),
      handle: async (ctx, input) => {
        const { uploadId, targets } = await createMultipart(ctx, input.artifact, input.num_parts);
        return {
          upload_id: uploadId,
          credentials: targets.map(({ number, url }) => ({ url, part_number: number })),
        };
      },
    }),
  ),
  ...mlflowPaths('mlflow-artifacts/mpu/complete/{folder*}').map((path) =>
    route('POST', path, {
      operation: 'artifacts/complete-multipart',
      role: 'contributor',
      scope: onArtifact,
      input: upload
        .extend({ parts: z.array(z.object({ part_number: fields.int64 })) })
        .transform(withArtifact),
      bodyBytesMax: completionBytesMax,
      handle: async (ctx, input) => {
        const numbers = input.parts.map((part) => part.part_number);
        await completeMultipart(ctx, input.artifact, input.upload_id, numbers);
        return {};
      },
    }),
  ),
  ...mlflowPaths('mlflow-artifacts/mpu/abort/{folder*}').map((path) =>
    route('POST', path, {
      operation: 'artifacts/abort-multipart',
      role: 'contributor',
      scope: onArtifact,
      input: upload.transform(withArtifact),
      handle: (ctx, input) => {
        abortMultipart(ctx, input.artifact, input.upload_id);
        return Promise.resolve({});
      },
    }),
  ),
];

function withArtifact<T extends z.output<typeof target>>(input: T): T & { artifact: string } {
  const parts = [artifactPath(input.folder), checkedPath(fileNameOf(input.path))];
  return { ...input, artifact: checkedArtifactPath(parts.filter((part) => part !== '').join('/')) };
}

/** The last part of a path on the client's machine, which may be one with drives and backslashes. */
function fileNameOf(path: string): string {
  const isWindows = /^[A-Za-z]:|^\\/.test(path) || !path.includes('/');
  return path.split(isWindows ? /[\\/]/ : '/').at(-1) ?? '';
}
