import type { Context } from '../../context.ts';
import { type Page, pageOf, positionIn } from '../../http/index.ts';
import { checkAlias, moveId } from './aliases.ts';
import type { AliasMove } from '../model.ts';
import { modelByName, partition } from '../models/models.ts';

/** Every move of an alias of a model, newest first, a page at a time; none for an alias that never was. */
export async function aliasHistory(
  ctx: Context,
  asked: {
    readonly name: string;
    readonly alias: string;
    readonly limit: number;
    readonly pageToken?: string | undefined;
  },
): Promise<Page<AliasMove>> {
  const { name, alias, limit, pageToken } = asked;
  checkAlias(alias);
  const { modelId } = await modelByName(ctx, name);
  const before = positionIn(pageToken, { seq: 0 })?.seq;
  const rows = await newestMoves(ctx, { modelId, alias, before, limit: limit + 1 });
  return pageOf(rows, limit, ({ seq }) => ({ seq }));
}

/** The newest moves of an alias, of those before number `before`. Reads Eventual unless told otherwise. */
export function newestMoves(
  ctx: Context,
  asked: {
    readonly modelId: string;
    readonly alias: string;
    readonly before?: number | undefined;
    readonly limit: number;
    readonly consistency?: 'strong' | 'eventual';
  },
): Promise<AliasMove[]> {
  const { modelId, alias, before, limit, consistency = 'eventual' } = asked;
  const from = moveId(alias, 0);
  const values = { from, to: before === undefined ? `${from.slice(0, -8)}:` : moveId(alias, before) };
  return ctx.stores.documents('models').query<AliasMove>(
    {
      text: "SELECT * FROM c WHERE c.type = 'alias-move' AND c.id >= @from AND c.id < @to ORDER BY c.id DESC",
      values,
    },
    { key: partition(ctx, modelId), limit, consistency },
  );
}
