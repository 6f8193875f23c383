import * as z from 'zod';
import { fields, json, type Route, route } from '../../../shared/http/index.ts';
import { listManifest, requestInspection, versionByName } from '../../../shared/registry/index.ts';
import { nextPage } from '../mlflow.ts';
import { onModel, versionRef } from './refs.ts';

/** What a version is: its files, its inspection, and reading it again. */
export const inspectionRoutes: readonly Route[] = [
  route('GET', '/api/v1/models/{m}/versions/{v}/files', {
    operation: 'listVersionFiles',
    role: 'viewer',
    scope: onModel,
    input: z.object({
      ...versionRef,
      max_results: fields.limit(10_000, 1000),
      page_token: fields.text.optional(),
    }),
    async handle(ctx, { m, v, max_results, page_token }) {
      const version = await versionByName(ctx, m, v);
      const page = await listManifest(ctx, version, { limit: max_results, pageToken: page_token });
      return { files: page.items, ...nextPage(page) };
    },
  }),
  route('POST', '/api/v1/models/{m}/versions/{v}/inspect', {
    operation: 'inspectVersion',
    role: 'contributor',
    scope: onModel,
    input: z.object(versionRef),
    async handle(ctx, { m, v }) {
      const { modelId, version } = await versionByName(ctx, m, v);
      const { inspection } = await requestInspection(ctx, modelId, version);
      return json({ model: m, version, inspection: { state: inspection.state } }, 202);
    },
  }),
];
