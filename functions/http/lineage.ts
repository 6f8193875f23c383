import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod';
import { resourceTypes } from '../../shared/access/index.ts';
import {
  CairnError,
  fields,
  json,
  parseJson,
  problem,
  readBody,
  route,
  type Surface,
  utf8,
} from '../../shared/http/index.ts';
import {
  facetsOf,
  lineageOf,
  recordOpenLineage,
  recordOpenLineageBatch,
  requestRecording,
} from '../../shared/lineage/index.ts';

const query = z.object({
  node: fields.requiredText,
  direction: z.enum(['up', 'down', 'both']).default('both'),
  depth: fields.int64.refine((n) => n >= 1 && n <= 10, 'must be between 1 and 10').default(3),
});
const ofNode = z.object({ node: fields.requiredText });

const eventBytesMax = 8 * 1024 * 1024;

/** Where everything came from and what became of it; OpenLineage events in. */
export const lineage: Surface = {
  name: 'lineage',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/lineage', {
      operation: 'getLineage',
      role: 'viewer',
      scope: { among: resourceTypes },
      input: query,
      handle: (ctx, input) => lineageOf(ctx, input),
    }),
    route('GET', '/api/v1/lineage/facets', {
      operation: 'getLineageFacets',
      role: 'viewer',
      scope: { among: resourceTypes },
      input: ofNode,
      handle: (ctx, { node }) => facetsOf(ctx, node),
    }),
    route('POST', '/api/v1/lineage/record', {
      operation: 'recordLineage',
      role: 'contributor',
      scope: { among: ['experiment', 'model'] },
      input: ofNode,
      handle: async (ctx, { node }) => json({ node: await requestRecording(ctx, node) }, 202),
    }),
    {
      method: 'POST',
      path: '/api/v1/lineage',
      operation: 'postOpenLineageEvent',
      role: 'contributor',
      scope: 'workspace',
      async handle(ctx, { request }) {
        await recordOpenLineage(ctx, await bodyOf(request));
        return json({});
      },
    },
    {
      method: 'POST',
      path: '/api/v1/lineage/batch',
      operation: 'postOpenLineageBatch',
      role: 'contributor',
      scope: 'workspace',
      handle: async (ctx, { request }) => json(await recordOpenLineageBatch(ctx, await bodyOf(request))),
    },
  ],
};

/** The JSON of a body, which OpenLineage's clients may compress. */
async function bodyOf(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new CairnError('unsupported-media', 'Send an event as JSON, with content-type application/json.');
  const bytes = await readBody(request, eventBytesMax);
  return parseJson(
    utf8(request.headers.get('content-encoding')?.toLowerCase() === 'gzip' ? await unzipped(bytes) : bytes),
  );
}

async function unzipped(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: eventBytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new CairnError('too-large', `The body is over ${eventBytesMax} bytes, the limit of this path.`);
    throw new CairnError('bad-request', 'The body is not valid gzip.', { cause: error });
  }
}
