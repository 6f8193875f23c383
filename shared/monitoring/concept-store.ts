import type { Context } from '../context.ts';
import { detailsFolder } from './detail.ts';
import type { ConceptState } from './signals/index.ts';

type Of = { readonly endpoint: string; readonly monitorId: string; readonly digest: string };

/** What detectors know of the errors of a version, with the etag that {@link writeConceptState} takes. */
export async function readConceptState(
  ctx: Context,
  of: Of,
): Promise<{ readonly state: ConceptState; readonly etag: string } | undefined> {
  const stored = await ctx.stores.blobs('profiles').readStored(nameOf(ctx, of));
  return stored && { state: JSON.parse(stored.bytes.toString()) as ConceptState, etag: stored.etag };
}

/** Whoever wrote meanwhile knows as much: a state follows from its hours, and what it lacks is taken in by the next window. */
export async function writeConceptState(
  ctx: Context,
  of: Of,
  state: ConceptState,
  etag: string | undefined,
): Promise<void> {
  const how = etag === undefined ? { createOnly: true } : { ifMatch: etag };
  await ctx.stores
    .blobs('profiles')
    .write(nameOf(ctx, of), Buffer.from(JSON.stringify(state)), { contentType: 'application/json', ...how });
}

function nameOf(ctx: Context, { endpoint, monitorId, digest }: Of): string {
  return `${detailsFolder(ctx, endpoint, monitorId)}detectors/${digest.replace('sha256:', '')}.json`;
}
