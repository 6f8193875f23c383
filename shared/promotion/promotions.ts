import type { Context } from '../context.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import { modelByName } from '../registry/index.ts';
import type { Promotion, PromotionStatus } from './model.ts';
import { documents, keyOf, promotionId, readPromotion } from './store.ts';

/** One promotion of a model. Throws `not-found`. */
export async function getPromotion(ctx: Context, name: string, number: number): Promise<Promotion> {
  const root = await modelByName(ctx, name);
  const stored = await readPromotion(ctx, root.modelId, number);
  if (stored) return { ...stored.doc, model: root.name };
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
  const root = await modelByName(ctx, name);
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
    { key: keyOf(ctx, root.modelId), limit: limit + 1, consistency },
  );
  const named = rows.map((promotion) => ({ ...promotion, model: root.name }));
  return pageOf(named, limit, ({ number }) => ({ number }));
}
