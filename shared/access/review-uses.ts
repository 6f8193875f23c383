import type { Context } from '../context.ts';
import { accessKey, type SeenDocument } from './model.ts';

/** When each principal was last here and last needed which role, by the ids of {@link SeenDocument}s. */
export async function allSeen(ctx: Context): Promise<Map<string, SeenDocument>> {
  const seen = new Map<string, SeenDocument>();
  const rows = ctx.stores
    .documents('access')
    .stream<SeenDocument>(
      { text: "SELECT * FROM c WHERE c.type = 'seen' AND NOT STARTSWITH(c.id, 'seen:token:')" },
      { key: accessKey, consistency: 'strong' },
    );
  for await (const doc of rows) seen.set(doc.id, doc);
  return seen;
}

/** How many tokens of each principal still work, by principal id. */
export async function liveTokenCounts(ctx: Context): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const owners = ctx.stores.documents('access').stream<string>(
    {
      text: "SELECT VALUE c.principalId FROM c WHERE c.type = 'token' AND c.expiresAt > @now AND NOT IS_DEFINED(c.revoked)",
      values: { now: ctx.clock.now() },
    },
    { key: accessKey, consistency: 'strong' },
  );
  for await (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}
