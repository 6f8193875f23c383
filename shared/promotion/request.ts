import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import {
  aliasHolder,
  checkAlias,
  heldByAnother,
  modelByName,
  type ModelRoot,
  stageOf,
  type Target,
  targetText,
  versionByName,
} from '../registry/index.ts';
import { lost, swap } from '../swap.ts';
import { scheduleSoon } from './agenda.ts';
import { type Promotion, sameTarget } from './model.ts';
import {
  documents,
  enqueue,
  keyOf,
  openEntry,
  promotionEvent,
  promotionId,
  type PromotionIndex,
  readIndex,
  readPromotion,
} from './store.ts';

export type Wish = {
  readonly name: string;
  readonly version: number;
  readonly target: Target;
  readonly comment?: string | undefined;
  /** Moves the other versions of the stage to Archived. */
  readonly archiveExisting?: boolean | undefined;
  /** The version that must hold the alias when it is asked for. */
  readonly expected?: number | undefined;
  /** Names this wish: expressed again under the same key it is the same promotion, whatever became of it. */
  readonly key?: string | undefined;
};

/** A promotion that was asked for under a key. */
type PromotionKey = Document & {
  readonly type: 'promotion-key';
  readonly modelId: string;
  readonly number: number;
};

/** More at once are decided by nobody. Those to one target are superseded in one batch, beside all else in it. */
const openMax = { perTarget: 7, perModel: 100 };

/**
 * Asks for a version to be promoted. The same wish while it is open, or under the same key, is the same
 * promotion. `start` says who judges it first: the queue, or the caller itself at once.
 * Throws `not-found` for a model or version, `conflict` where the version is there already or another than
 * `expected` is, `invalid` where the key was used for another wish, `too-many` beyond 7 open ones to a target
 * or 100 of a model.
 */
export async function requestPromotion(
  ctx: Context,
  wish: Wish,
  start: 'queue' | 'caller' = 'queue',
): Promise<{ readonly promotion: Promotion; readonly created: boolean }> {
  if ('alias' in wish.target) checkAlias(wish.target.alias);
  const result = await swap(ctx, `The promotions of '${wish.name}'`, () => attempt(ctx, wish));
  if (result.created && start === 'queue') await enqueue(ctx, result.promotion);
  return result;
}

async function attempt(ctx: Context, wish: Wish) {
  const { name, version, key } = wish;
  const root = await modelByName(ctx, name);
  const { modelId } = root;
  const index = await readIndex(ctx, modelId);
  const known = (await underKey(ctx, modelId, key)) ?? openOne(index?.doc, wish);
  if (known !== undefined) return { promotion: await sameWish(ctx, modelId, known, wish), created: false };
  const { userId: author } = await versionByName(ctx, name, version);
  refuseHeld(root, wish);
  refuseOther(root, wish);
  refuseMore(index?.doc, wish);
  const promotion = newPromotion(ctx, root, index?.doc.next ?? 1, { ...wish, author });
  // On the agenda first: a process that dies after the write has left somebody to carry on.
  await scheduleSoon(ctx, promotion);
  const event = promotionEvent(ctx, 'promotion.requested', undefined, promotion);
  const next = nextIndex(promotion, index?.doc);
  const { outcome } = await documents(ctx).batch(keyOf(ctx, modelId), [
    index ? { op: 'replace', doc: next, etag: index.etag } : { op: 'create', doc: next },
    { op: 'create', doc: promotion },
    ...(key === undefined ? [] : [{ op: 'create', doc: keyDocument(promotion, key) } as const]),
    event,
  ]);
  if (outcome !== 'applied') return lost;
  relay(ctx, 'models', keyOf(ctx, modelId), event);
  return { promotion, created: true };
}

async function underKey(ctx: Context, modelId: string, key: string | undefined): Promise<number | undefined> {
  if (key === undefined) return undefined;
  const stored: Stored<PromotionKey> | undefined = await documents(ctx).read(keyOf(ctx, modelId), keyId(key));
  return stored?.doc.number;
}

function openOne(index: PromotionIndex | undefined, { version, target }: Wish): number | undefined {
  return index?.open.find((one) => one.version === version && sameTarget(one.target, target))?.number;
}

async function sameWish(ctx: Context, modelId: string, number: number, wish: Wish): Promise<Promotion> {
  const stored = await readPromotion(ctx, modelId, number);
  if (!stored) throw new Error(`Promotion ${number} is in the index and nowhere else.`);
  const { version, target } = stored.doc;
  if (version === wish.version && sameTarget(target, wish.target)) return stored.doc;
  throw new CairnError(
    'invalid',
    `The idempotency key was used for promotion ${number}, of version ${version}; give a new wish a new key.`,
    { field: 'idempotency-key' },
  );
}

function refuseHeld(root: ModelRoot, { version, target }: Wish): void {
  const held =
    'alias' in target ? aliasHolder(root, target.alias) === version : stageOf(root, version) === target.stage;
  if (!held) return;
  throw new CairnError(
    'conflict',
    `${targetText(target)} of '${root.name}' is version ${version} already, so there is nothing to promote.`,
    { field: 'version' },
  );
}

function refuseOther(root: ModelRoot, { target, expected }: Wish): void {
  if (expected === undefined || !('alias' in target) || aliasHolder(root, target.alias) === expected) return;
  throw heldByAnother(root, target.alias, expected);
}

function refuseMore(index: PromotionIndex | undefined, { name, target }: Wish): void {
  const open = index?.open ?? [];
  const toTarget = open.filter((one) => sameTarget(one.target, target)).length;
  if (toTarget < openMax.perTarget && open.length < openMax.perModel) return;
  throw new CairnError(
    'too-many',
    `${targetText(target)} of '${name}' has ${toTarget} open promotions, the model ${open.length}; end some of them first.`,
  );
}

function newPromotion(
  ctx: Context,
  root: ModelRoot,
  number: number,
  wish: Wish & { author: string },
): Promotion {
  const now = ctx.clock.now();
  return {
    id: promotionId(number),
    type: 'promotion',
    v: 1,
    workspace: root.workspace,
    modelId: root.modelId,
    model: root.name,
    number,
    version: wish.version,
    target: wish.target,
    requestedBy: ctx.principal.id,
    author: wish.author,
    comment: wish.comment ?? '',
    ...(wish.archiveExisting ? { archiveExisting: true } : {}),
    approvals: [],
    createdAt: now,
    updatedAt: now,
    seq: 1,
    status: 'evaluating',
    since: now,
  };
}

function nextIndex(promotion: Promotion, index: PromotionIndex | undefined): PromotionIndex {
  const { workspace, modelId, number } = promotion;
  return {
    id: 'promotions',
    type: 'promotions',
    v: 1,
    workspace,
    modelId,
    next: number + 1,
    open: [...(index?.open ?? []), openEntry(promotion)],
  };
}

function keyDocument({ workspace, modelId, number }: Promotion, key: string): PromotionKey {
  return { id: keyId(key), type: 'promotion-key', v: 1, workspace, modelId, number };
}

function keyId(key: string): string {
  return `promotion-key:${createHash('sha256').update(key).digest('hex')}`;
}
