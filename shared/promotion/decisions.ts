import type { Role } from '../access/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { modelByName } from '../registry/index.ts';
import { scheduleSoon, unscheduled } from './agenda.ts';
import { isOpen, type Promotion } from './model.ts';
import { changePromotion, enqueue, inState, type PromotionChange } from './store.ts';

type Named = { readonly name: string; readonly number: number };
type Decide = (promotion: Promotion, by: string, at: number) => PromotionChange | undefined;

/**
 * Records that a person wants the version promoted, once a person. It counts from then on, whatever becomes of
 * their role. Throws `forbidden` for the author of the version, for who asked for the promotion, and for who is no
 * approver of the model at this moment, `conflict` where it is decided already.
 */
export function approvePromotion(
  ctx: Context,
  asked: Named & { readonly comment?: string | undefined },
): Promise<Promotion> {
  return carriedOn(ctx, asked, 'approver', (promotion, by, at) => {
    mustBeOpen(promotion, 'approved');
    if (promotion.approvals.some((approval) => approval.by === by)) return undefined;
    if (promotion.author === by)
      throw new CairnError(
        'forbidden',
        `'${by}' registered version ${promotion.version} and cannot approve it.`,
      );
    if (promotion.requestedBy === by)
      throw new CairnError('forbidden', `'${by}' asked for this promotion and cannot approve it.`);
    const approvals = [...promotion.approvals, { by, at, comment: asked.comment ?? '' }];
    return { type: 'promotion.approved', promotion: { ...promotion, approvals } };
  });
}

/**
 * Lets pass every gate that has not passed by now, for a stated reason, and has the promotion go on; a
 * gate that fails only later is not covered. A refused promotion opens again by it. Throws `forbidden` for who
 * is no admin of the model at this moment, `conflict` where there is nothing to override.
 */
export function overridePromotion(
  ctx: Context,
  asked: Named & { readonly reason: string },
): Promise<Promotion> {
  return carriedOn(ctx, asked, 'admin', (promotion, by, at) => {
    if (promotion.status !== 'refused') mustBeOpen(promotion, 'overridden');
    const gates = promotion.judged?.gates.filter(({ status }) => status !== 'passed');
    if (!promotion.judged || promotion.status === 'evaluating' || !gates)
      throw conflict(promotion, 'is still being judged; wait for its gates, then override those that failed');
    if (gates.length === 0)
      throw conflict(promotion, 'has passed every gate, so there is nothing to override');
    const override = { by, at, reason: asked.reason, gates: gates.map(({ key }) => key) };
    return {
      type: 'promotion.overridden',
      promotion: inState({ ...promotion, override }, { status: 'evaluating', since: at }),
    };
  });
}

/** Ends a promotion for good. Throws `conflict` where it is decided already. */
export function rejectPromotion(
  ctx: Context,
  asked: Named & { readonly reason: string },
): Promise<Promotion> {
  return ended(ctx, asked, 'approver', (promotion, by, at) => {
    if (promotion.status === 'rejected' && promotion.rejected.by === by) return undefined;
    mustBeOpen(promotion, 'rejected');
    const rejected = { by, at, reason: asked.reason };
    return {
      type: 'promotion.rejected',
      promotion: inState(promotion, { status: 'rejected', rejected, finishedAt: at }),
    };
  });
}

/** Takes a promotion back. Throws `forbidden` for others than who asked for it, `conflict` where it is decided already. */
export function cancelPromotion(ctx: Context, asked: Named): Promise<Promotion> {
  return ended(ctx, asked, 'contributor', (promotion, by, at) => {
    if (promotion.requestedBy !== by)
      throw new CairnError(
        'forbidden',
        `Only '${promotion.requestedBy}', who asked for this promotion, can cancel it; reject it instead.`,
      );
    if (promotion.status === 'cancelled') return undefined;
    mustBeOpen(promotion, 'cancelled');
    return {
      type: 'promotion.finished',
      promotion: inState(promotion, { status: 'cancelled', cancelledBy: by, finishedAt: at }),
    };
  });
}

/** A decision after which the queue takes the promotion further. */
async function carriedOn(
  ctx: Context,
  { name, number }: Named,
  role: Role,
  decide: Decide,
): Promise<Promotion> {
  const modelId = await decidable(ctx, name, role);
  let changed = false;
  const after = await changePromotion(ctx, modelId, number, async (promotion) => {
    const change = decide(promotion, ctx.principal.id, ctx.clock.now());
    changed = change !== undefined;
    // On the agenda first: a process that dies after the write has left somebody to carry on.
    if (change) await scheduleSoon(ctx, promotion);
    return change;
  });
  if (changed) await enqueue(ctx, after);
  return after;
}

async function ended(ctx: Context, { name, number }: Named, role: Role, decide: Decide): Promise<Promotion> {
  const modelId = await decidable(ctx, name, role);
  const after = await changePromotion(ctx, modelId, number, (promotion) =>
    decide(promotion, ctx.principal.id, ctx.clock.now()),
  );
  await unscheduled(ctx, after);
  return after;
}

/** The model that goes by a name now, over which the caller has to hold the role: it may have been renamed since they were let in. */
async function decidable(ctx: Context, name: string, role: Role): Promise<string> {
  const { modelId } = await modelByName(ctx, name);
  ctx.access.require(role, { type: 'model', id: modelId });
  return modelId;
}

function mustBeOpen(promotion: Promotion, done: string): void {
  if (!isOpen(promotion)) throw conflict(promotion, `is ${promotion.status} and cannot be ${done}`);
}

function conflict({ number, model }: Promotion, what: string): CairnError {
  return new CairnError('conflict', `Promotion ${number} of '${model}' ${what}.`, { field: 'number' });
}
