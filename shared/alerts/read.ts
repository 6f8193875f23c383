import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import { alertsOf, type SeenIncident, withAlerts } from './list.ts';
import { type Incident, incidentId } from './model.ts';
import { activeSilences } from './silences.ts';

/** An incident as it is now, by the id that {@link incidentRef} gives. Throws `not-found`. */
export async function getIncident(ctx: Context, ref: string): Promise<SeenIncident> {
  return seenIncident(ctx, (await storedIncident(ctx, ref)).doc);
}

/** The incident with its alerts as they are now. */
export async function seenIncident(ctx: Context, incident: Incident): Promise<SeenIncident> {
  const [alerts, silences] = await Promise.all([alertsOf(ctx, [incident], 'strong'), activeSilences(ctx)]);
  return withAlerts(incident, alerts, silences);
}

/** Throws `not-found` where there is none of this id. */
export async function storedIncident(ctx: Context, ref: string): Promise<Stored<Incident>> {
  const place = placeOf(ref);
  const stored =
    place &&
    (await ctx.stores
      .documents('monitors')
      .read<Incident>([ctx.workspace, place.monitorId], incidentId(place.number)));
  if (!stored) throw unknownIncident(ref);
  return stored;
}

/** The words where there is no incident of an id. */
export function unknownIncident(ref: string): CairnError {
  return new CairnError('not-found', `There is no incident '${ref.slice(0, 100)}'.`, { field: 'id' });
}

/** The monitor and the number in an id; the number is what stands behind the last hyphen. */
function placeOf(ref: string): { readonly monitorId: string; readonly number: number } | undefined {
  const [, monitorId, number] = /^(.{1,100})-([1-9]\d{0,7})$/.exec(ref) ?? [];
  return monitorId === undefined ? undefined : { monitorId, number: Number(number) };
}
