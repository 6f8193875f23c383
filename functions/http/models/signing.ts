import * as z from 'zod';
import { CairnError, type Route, route } from '../../../shared/http/index.ts';
import { readBundle, signVersion, verifyFiles, versionByName } from '../../../shared/registry/index.ts';
import { snakeCase } from '../snake-case.ts';
import { onModel, versionRef } from './refs.ts';

/** Signatures over the files of a version. */
export const signingRoutes: readonly Route[] = [
  route('POST', '/api/v1/models/{m}/versions/{v}/sign', {
    operation: 'signModelVersion',
    role: 'operator',
    scope: onModel,
    input: z.object(versionRef),
    async handle(ctx, { m, v }) {
      const { modelId } = await versionByName(ctx, m, v);
      return snakeCase(await signVersion(ctx, modelId, v));
    },
  }),
  route('GET', '/api/v1/models/{m}/versions/{v}/signature', {
    operation: 'getModelVersionSignature',
    role: 'viewer',
    scope: onModel,
    input: z.object(versionRef),
    async handle(ctx, { m, v }) {
      const bundle = await readBundle(ctx, await versionByName(ctx, m, v));
      if (bundle === undefined)
        throw new CairnError('not-found', `Version ${v} of '${m}' is not signed.`, { field: 'v' });
      return new Response(bundle, {
        headers: { 'content-type': 'application/vnd.dev.sigstore.bundle.v0.3+json' },
      });
    },
  }),
  route('POST', '/api/v1/models/{m}/versions/{v}/verify', {
    operation: 'verifyModelVersion',
    role: 'contributor',
    scope: onModel,
    input: z.object(versionRef),
    handle: async (ctx, { m, v }) => snakeCase(await verifyFiles(ctx, await versionByName(ctx, m, v))),
  }),
  route('GET', '/api/v1/signing-keys', {
    operation: 'listSigningKeys',
    role: 'viewer',
    scope: 'workspace',
    input: z.object({}),
    handle: async (ctx) => ({ keys: snakeCase([...((await ctx.stores.keys?.publicKeys()) ?? [])]) }),
  }),
];
