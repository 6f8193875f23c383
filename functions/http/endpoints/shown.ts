import type { Context } from '../../../shared/context.ts';
import { type Endpoint, etagOf, waitingFor } from '../../../shared/endpoints/index.ts';
import { json } from '../../../shared/http/index.ts';
import { presentOne } from './present.ts';

/** The answer with one endpoint, and its etag. */
export async function shown(ctx: Context, endpoint: Endpoint, status = 200): Promise<Response> {
  const etag = etagOf(endpoint);
  return json({ ...presentOne(endpoint, await waitingFor(ctx, endpoint)), etag }, status, { etag });
}
