import type { Context } from '../context.ts';
import { boundsOf } from '../profiles/index.ts';
import { checksFolder, detailsFolder } from './detail.ts';
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

/**
 * Removes what detectors know of versions of an endpoint whose last errors are of before `before`, in milliseconds since
 * 1970, whichever monitor they watched for: also of those that are no more.
 */
export async function removeConceptStates(ctx: Context, endpoint: string, before: number): Promise<void> {
  const blobs = ctx.stores.blobs('profiles');
  for await (const { name, modifiedAt } of blobs.walk(checksFolder(ctx, endpoint))) {
    if (!name.includes(`/${detectors}/`)) continue;
    const bytes = await blobs.read(name);
    if (!bytes) continue;
    const last = (JSON.parse(bytes.toString()) as ConceptState).hours.at(-1);
    if ((last ? boundsOf(last.hour).to : modifiedAt) <= before) await blobs.remove(name);
  }
}

const detectors = 'detectors';

function nameOf(ctx: Context, { endpoint, monitorId, digest }: Of): string {
  return `${detailsFolder(ctx, endpoint, monitorId)}${detectors}/${digest.replace('sha256:', '')}.json`;
}
