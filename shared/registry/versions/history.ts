import type { Context } from '../../context.ts';
import type { CairnEvent, EventDocument } from '../../events/index.ts';
import type { AliasMove, ModelVersion } from '../model.ts';
import { partition } from '../models/models.ts';

/** Every move of any alias to or away from a version, oldest first. */
export function movesOfVersion(ctx: Context, { modelId, version }: ModelVersion): Promise<AliasMove[]> {
  return ctx.stores
    .documents('models')
    .query<AliasMove>(
      {
        text: `SELECT * FROM c WHERE c.type = 'alias-move' AND (c["from"] = @version OR c["to"] = @version)`,
        values: { version },
      },
      { key: partition(ctx, modelId), consistency: 'strong' },
    )
    .then((moves) => moves.toSorted((a, b) => a.seq - b.seq));
}

/** What has happened to a version: its own events, its promotions', and those of aliases that it gained or lost. Oldest first. */
export async function eventsOfVersion(
  ctx: Context,
  { modelId, version }: ModelVersion,
): Promise<CairnEvent[]> {
  const rows = await ctx.stores.documents('models').query<EventDocument>(
    {
      text: `SELECT * FROM c WHERE c.type = 'event' AND (c.event.subject.version = @number OR c.event.subject["from"] = @number OR c.event.subject["to"] = @number)`,
      values: { number: String(version) },
    },
    { key: partition(ctx, modelId), consistency: 'strong' },
  );
  return rows
    .map(({ event }) => event)
    .toSorted(
      (a, b) =>
        a.at - b.at || (a.aggregate < b.aggregate ? -1 : a.aggregate > b.aggregate ? 1 : a.seq - b.seq),
    );
}
