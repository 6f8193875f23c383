import type { Key, Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { type EventType, eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import type { Target } from '../registry/index.ts';
import { lost, swap } from '../swap.ts';
import { isOpen, type Promotion, type PromotionState } from './model.ts';

/** Numbers the promotions of a model and knows the open ones, so that none is asked for twice. */
export type PromotionIndex = Document & {
  readonly type: 'promotions';
  readonly modelId: string;
  readonly next: number;
  readonly open: readonly { readonly number: number; readonly version: number; readonly target: Target }[];
};

/** Promotions and policies lie in the partition of their model, so that one batch changes all of them. */
export const documents = (ctx: Context) => ctx.stores.documents('models');
export const keyOf = (ctx: Context, modelId: string): Key => [ctx.workspace, modelId];

export function readPromotion(
  ctx: Context,
  modelId: string,
  number: number,
): Promise<Stored<Promotion> | undefined> {
  return documents(ctx).read<Promotion>(keyOf(ctx, modelId), promotionId(number));
}

export function readIndex(ctx: Context, modelId: string): Promise<Stored<PromotionIndex> | undefined> {
  return documents(ctx).read<PromotionIndex>(keyOf(ctx, modelId), 'promotions');
}

export function promotionId(number: number): string {
  return `promotion:${String(number).padStart(8, '0')}`;
}

/** How a promotion shall go on: its new state and what else of it changes, announced as `type`. */
export type PromotionChange = {
  readonly type: EventType;
  readonly promotion: Promotion;
};

/** The promotion in a new state, without what belonged to the old one. */
export function inState(promotion: Promotion, state: PromotionState): Promotion {
  const { id, type, v, workspace, modelId, model, number, version, target } = promotion;
  const {
    archiveExisting,
    requestedBy,
    author,
    comment,
    approvals,
    override,
    judged,
    createdAt,
    updatedAt,
    seq,
  } = promotion;
  return {
    ...({ id, type, v, workspace, modelId, model, number, version, target } as const),
    ...{ requestedBy, author, comment, approvals, createdAt, updatedAt, seq },
    ...(archiveExisting ? { archiveExisting } : {}),
    ...(override ? { override } : {}),
    ...(judged ? { judged } : {}),
    ...state,
  };
}

/**
 * One compare-and-swap of a promotion with its event, and of the index where it opens or ends. `decide`
 * is asked again after a lost swap and answers `undefined` where nothing is to change.
 */
export function changePromotion(
  ctx: Context,
  modelId: string,
  number: number,
  decide: (promotion: Promotion) => Promise<PromotionChange | undefined> | PromotionChange | undefined,
): Promise<Promotion> {
  return swap(ctx, `Promotion ${number}`, async () => {
    const stored = await readPromotion(ctx, modelId, number);
    if (!stored)
      throw new CairnError('not-found', `There is no promotion ${number} of this model.`, {
        field: 'number',
      });
    const change = await decide(stored.doc);
    if (!change) return stored.doc;
    const plan = await planChanges(ctx, modelId, [{ stored, change }]);
    const { outcome } = await documents(ctx).batch(keyOf(ctx, modelId), plan.writes);
    if (outcome !== 'applied') return lost;
    plan.announce();
    return plan.after[0] ?? stored.doc;
  });
}

/** Changes of promotions as writes of one batch; `announce` tells of them once it has been applied. */
export type Plan = {
  readonly writes: readonly Write[];
  readonly after: readonly Promotion[];
  announce(): void;
};

/** The writes and events of some changes, with the index where one of them opens or ends a promotion. */
export async function planChanges(
  ctx: Context,
  modelId: string,
  changes: readonly { readonly stored: Stored<Promotion>; readonly change: PromotionChange }[],
): Promise<Plan> {
  const key = keyOf(ctx, modelId);
  const after = changes.map(
    ({ stored, change }): Promotion => ({
      ...change.promotion,
      seq: stored.doc.seq + 1,
      updatedAt: ctx.clock.now(),
    }),
  );
  const replaces = changes.map(({ stored: { etag } }, at): Write => {
    const doc = after[at];
    if (!doc) throw new Error('A change without its promotion.');
    return { op: 'replace', doc, etag };
  });
  const events = changes.map(({ stored, change }, at) =>
    promotionEvent(ctx, change.type, stored.doc, after[at] ?? stored.doc),
  );
  const index = await indexWrite(
    ctx,
    modelId,
    changes.map(({ stored }, at) => ({ before: stored.doc, after: after[at] ?? stored.doc })),
  );
  return {
    writes: [...replaces, ...events, ...index],
    after,
    announce: () => events.forEach((event) => relay(ctx, 'models', key, event)),
  };
}

/** The event of a change; there is no `before` of a new promotion. */
export function promotionEvent(
  ctx: Context,
  type: EventType,
  before: Promotion | undefined,
  after: Promotion,
): Write & { op: 'create' } {
  const { modelId, number, version, target, status } = after;
  return eventWrite(
    ctx,
    {
      type,
      aggregate: `promotion/${modelId}/${number}`,
      seq: after.seq,
      subject: { modelId, promotion: String(number), version: String(version), ...target, status },
      ...(before ? { before } : {}),
      after,
    },
    { workspace: ctx.workspace, modelId },
  );
}

async function indexWrite(
  ctx: Context,
  modelId: string,
  changes: readonly { readonly before: Promotion; readonly after: Promotion }[],
): Promise<Write[]> {
  const moved = changes.filter(({ before, after }) => isOpen(before) !== isOpen(after));
  if (moved.length === 0) return [];
  const index = await readIndex(ctx, modelId);
  if (!index) throw new Error('A promotion without the index of its model.');
  const numbers = new Set(moved.map(({ after }) => after.number));
  const others = index.doc.open.filter(({ number }) => !numbers.has(number));
  const opened = moved.flatMap(({ after }) => (isOpen(after) ? [openEntry(after)] : []));
  return [{ op: 'replace', doc: { ...index.doc, open: [...others, ...opened] }, etag: index.etag } as const];
}

export function openEntry({ number, version, target }: Promotion): PromotionIndex['open'][number] {
  return { number, version, target };
}

/** Whatever is done on behalf of a promotion is done in the name of who asked for it. */
export function asRequester(ctx: Context, { requestedBy }: Promotion): Context {
  return { ...ctx, principal: { id: requestedBy, name: requestedBy } };
}

export type PromotionMessage = { readonly modelId: string; readonly number: number };

/** Has the queue take a promotion further. Should the message be lost, the agenda does. */
export async function enqueue(ctx: Context, { modelId, number }: PromotionMessage): Promise<void> {
  await ctx.stores.queues.send(ctx, 'work', { kind: 'promotion', modelId, number });
}
