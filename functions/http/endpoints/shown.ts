import type { Context } from '../../../shared/context.ts';
import type { Stored } from '../../../shared/documents.ts';
import { type Endpoint, waitingFor } from '../../../shared/endpoints/index.ts';
import { json } from '../../../shared/http/index.ts';
import { presentOne } from './present.ts';

/** The answer with one endpoint, and its etag. */
export async function shown(ctx: Context, stored: Stored<Endpoint>, status = 200): Promise<Response> {
  const waiting = await waitingFor(ctx, stored.doc);
  return json(presentOne(stored, waiting), status, { etag: stored.etag });
}
