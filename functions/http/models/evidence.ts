import { Readable } from 'node:stream';
import * as z from 'zod';
import { type Route, route } from '../../../shared/http/index.ts';
import { cardOf, evidenceOf, markdownOf } from '../../../shared/evidence/index.ts';
import { onModel, versionRef } from './refs.ts';

/** Model cards, and the evidence of a version for an auditor. */
export const evidenceRoutes: readonly Route[] = [
  route('GET', '/api/v1/models/{m}/versions/{v}/card', {
    operation: 'getModelCard',
    role: 'viewer',
    scope: onModel,
    input: z.object({
      ...versionRef,
      format: z.enum(['markdown', 'json'], 'must be markdown or json').default('markdown'),
    }),
    async handle(ctx, { m, v, format }) {
      const card = await cardOf(ctx, m, v);
      if (format === 'json') return card;
      return new Response(await markdownOf(card), {
        headers: { 'content-type': 'text/markdown; charset=utf-8' },
      });
    },
  }),
  route('GET', '/api/v1/models/{m}/versions/{v}/evidence', {
    operation: 'getModelEvidence',
    role: 'viewer',
    scope: onModel,
    input: z.object(versionRef),
    async handle(ctx, { m, v }) {
      const zip = Readable.toWeb(Readable.from(await evidenceOf(ctx, m, v)));
      return new Response(zip as ReadableStream, {
        headers: {
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="evidence-${fileNameOf(m)}-${v}.zip"`,
        },
      });
    },
  }),
];

/** A name that every file system takes. */
function fileNameOf(model: string): string {
  return model.replaceAll(/[^\w.-]+/g, '_').slice(0, 100);
}
