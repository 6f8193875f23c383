import * as z from 'zod';
import { beginUpload, findOutput, uploadInput } from '../../../shared/batch/index.ts';
import { decodedPath, fields, json, type Route, route, uploadOf } from '../../../shared/http/index.ts';
import { fileResponse } from '../files.ts';
import { ofNamed, ofOwner, onOwner, requireOneOwner } from './owner.ts';

/** Files that are to be scored, and files that came out. */
export const files: readonly Route[] = [
  route('POST', '/api/v1/batch-uploads', {
    operation: 'createBatchUpload',
    role: 'contributor',
    scope: onOwner,
    input: z.strictObject({
      ...ofOwner,
      name: z
        .string({ error: 'must be the path of the file below the folder of the endpoint or model' })
        .min(1),
      bytes: z
        .int({ error: 'must be the size of the file in bytes' })
        .positive({ error: 'must be at least 1' }),
      upload: fields.text.optional(),
    }),
    async handle(ctx, input) {
      requireOneOwner(input);
      const { name, url, headers, expiresAt, blocks } = await ofNamed(input, beginUpload(ctx, input));
      return json(
        { input: `batch-input/${name}`, name, method: 'PUT', url, headers, expires_at: expiresAt, blocks },
        201,
      );
    },
  }),
  {
    method: 'PUT',
    path: '/api/v1/batch-inputs/{endpoint}/{path*}',
    operation: 'uploadBatchInput',
    role: 'contributor',
    scope: { on: [{ field: 'endpoint', names: 'batch-folder' }] },
    async handle(ctx, { request, params }) {
      const target = { folder: params['endpoint'] ?? '', path: decodedPath(params['path'] ?? '') };
      return json(await uploadInput(ctx, target, uploadOf(request)), 201);
    },
  },
  {
    method: 'GET',
    path: '/api/v1/batch-outputs/{path*}',
    operation: 'getBatchOutput',
    role: 'viewer',
    scope: { on: [{ field: 'path', names: 'batch-file' }] },
    async handle(ctx, { request, params }) {
      const path = decodedPath(params['path'] ?? '');
      if (new URL(request.url).searchParams.get('as') !== 'url')
        return fileResponse(ctx, request, () => findOutput(ctx, path));
      // A page may not follow a redirect to storage, but its browser may go there by itself.
      const file = await findOutput(ctx, path);
      return json({ url: await file.url(ctx.clock.now()), bytes: file.bytes });
    },
  },
];
