import type { Context } from '../context.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import { modelByName } from '../registry/index.ts';
import type { Promotion, PromotionStatus } from './model.ts';
import { documents, keyOf, promotionId, readPromotion } from './store.ts';

/** One promotion of a model. Throws `not-found`. */
export async function getPromotion(ctx: Context, name: string, number: number): Promise<Promotion> {
  const { modelId } = await modelByName(ctx, name);
  const stored = await readPromotion(ctx, modelId, number);
  if (stored) return stored.doc;
  throw new CairnError('not-found', `There is no promotion ${number} of '${name}'.`, { field: 'number' });
}

export type PromotionSearch = {
  readonly name: string;
  readonly alias?: string | undefined;
  readonly version?: number | undefined;
  readonly status?: PromotionStatus | undefined;
  readonly limit: number;
  readonly pageToken?: string | undefined;
  /** Eventual unless told otherwise. */
  readonly consistency?: 'strong' | 'eventual';
};

/** Promotions of a model, newest first, a page at a time. */
export async function listPromotions(ctx: Context, search: PromotionSearch): Promise<Page<Promotion>> {
  const { name, alias, version, status, limit, pageToken, consistency = 'eventual' } = search;
  const { modelId } = await modelByName(ctx, name);
  const before = positionIn(pageToken, { number: 0 })?.number;
  const conditions = [
    ["c.type = 'promotion'"],
    ['c.id < @before'],
    alias === undefined ? [] : ['c.target.alias = @alias'],
    version === undefined ? [] : ['c.version = @version'],
    status === undefined ? [] : ['c.status = @status'],
  ].flat();
  const rows = await documents(ctx).query<Promotion>(
    {
      text: `SELECT * FROM c WHERE ${conditions.join(' AND ')} ORDER BY c.id DESC`,
      values: {
        before: before === undefined ? 'promotion:~' : promotionId(before),
        ...(alias === undefined ? {} : { alias }),
        ...(version === undefined ? {} : { version }),
        ...(status === undefined ? {} : { status }),
      },
    },
    { key: keyOf(ctx, modelId), limit: limit + 1, consistency },
  );
  return pageOf(rows, limit, ({ number }) => ({ number }));
}
