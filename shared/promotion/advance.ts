import { type Context, platform } from '../context.ts';
import { isCode, unlessCode } from '../http/index.ts';
import { modelById, type ModelRoot } from '../registry/index.ts';
import { scheduleLater, scheduleSoon, unscheduled } from './agenda.ts';
import { judge } from './judge.ts';
import { isOpen, type Judgement, type Promotion } from './model.ts';
import { move } from './move.ts';
import { settled } from './settle.ts';
import {
  changePromotion,
  inState,
  type PromotionChange,
  type PromotionMessage,
  readPromotion,
} from './store.ts';

/** A judgement that fails in a way that might pass is given up after this long. */
const judgingMillisecondsMax = 3_600_000;
/** Times a promotion is judged anew in one go, where the model changes under it. */
const stepsMax = 20;

/**
 * Work of kind `promotion`: takes a promotion as far as it goes. Each step reads the state, acts in a way
 * that may be repeated, and swaps the state; whoever loses the swap reads again and carries on from there.
 * So any number of messages, processes and crashes lead through the same states once. Returns the
 * promotion as it then is; `undefined` for one that there is not, or whose model is gone.
 */
export async function advancePromotion(
  ctx: Context,
  { modelId, number }: PromotionMessage,
): Promise<Promotion | undefined> {
  for (let steps = 0; steps < stepsMax; steps++) {
    const promotion = (await readPromotion(ctx, modelId, number))?.doc;
    const root = promotion && (await unlessCode(modelById(ctx, modelId), 'not-found'));
    if (!promotion || !root || !isOpen(promotion)) {
      await unscheduled(ctx, { workspace: ctx.workspace, modelId, number });
      return promotion;
    }
    if (promotion.status === 'evaluating') {
      await evaluate(ctx, root, promotion);
      continue;
    }
    const result = await move(ctx, root, promotion);
    switch (result.outcome) {
      case 'moved':
      case 'lost':
        continue;
      case 'held':
        await changePromotion(ctx, modelId, number, (now) =>
          unless(now, promotion, held(ctx, now, result.judged)),
        );
        continue;
      case 'stale':
        await changePromotion(ctx, modelId, number, (now) => unless(now, promotion, again(ctx, now)));
        continue;
      case 'disowned':
        await changePromotion(ctx, modelId, number, (now) => withdrawn(ctx, now));
        continue;
      case 'gone':
        await changePromotion(ctx, modelId, number, (now) => failed(ctx, now, goneText(now.version)));
        continue;
      case 'waiting': {
        await scheduleLater(ctx, promotion, result.until);
        let isSame = false;
        const after = await changePromotion(ctx, modelId, number, (now) => {
          isSame = now.seq === promotion.seq;
          return isSame ? looked(now, result.judged) : undefined;
        });
        // Approved meanwhile: the timer was just put off, so it is looked at here.
        if (isSame) return after;
        continue;
      }
    }
  }
  // Its model changes faster than it can be judged; the timer comes back to it.
  await scheduleSoon(ctx, { workspace: ctx.workspace, modelId, number });
  return (await readPromotion(ctx, modelId, number))?.doc;
}

/** Judges a promotion and keeps the verdicts, unless somebody else has done so meanwhile. */
async function evaluate(
  ctx: Context,
  root: ModelRoot,
  promotion: Promotion & { readonly status: 'evaluating' },
): Promise<void> {
  const { modelId, number, version } = promotion;
  const change = root.gone.includes(version)
    ? (now: Promotion) => failed(ctx, now, goneText(version))
    : await judge(ctx, root, promotion).then(
        (judged) => (now: Promotion) => judgedChange(ctx, now, judged),
        (error: unknown) => {
          // The version or its champion was deleted since the root was read: read it again.
          if (isCode(error, 'not-found')) return () => undefined;
          if (ctx.clock.now() < promotion.since + judgingMillisecondsMax) throw error;
          ctx.log.error('promotion not judged', { modelId, number, reason: String(error) });
          return (now: Promotion) => failed(ctx, now, 'It could not be judged within an hour.');
        },
      );
  // Somebody who overrides or approves meanwhile changes what the verdicts mean: then they are taken anew.
  await changePromotion(ctx, modelId, number, (now) =>
    now.status === 'evaluating' && now.since === promotion.since ? change(now) : undefined,
  );
}

const goneText = (version: number) => `Version ${version} was deleted.`;

function judgedChange(ctx: Context, promotion: Promotion, judgement: Judgement): PromotionChange {
  const { verdict, gates } = settled(judgement.gates, promotion.override);
  const after = { ...promotion, judged: { ...judgement, gates } };
  return {
    type: 'promotion.judged',
    promotion: inState(
      after,
      verdict === 'refused' ? { status: 'refused', finishedAt: ctx.clock.now() } : { status: 'waiting' },
    ),
  };
}

/** A change that was decided on `seen` and holds for nothing newer. */
function unless<T>(now: Promotion, seen: Promotion, change: T): T | undefined {
  return now.seq === seen.seq ? change : undefined;
}

function again(ctx: Context, promotion: Promotion): PromotionChange {
  const state = { status: 'evaluating', since: ctx.clock.now() } as const;
  return { type: 'promotion.judged', promotion: inState(promotion, state) };
}

function held(ctx: Context, promotion: Promotion, judged: Judgement): PromotionChange {
  const state = { status: 'promoted', finishedAt: ctx.clock.now() } as const;
  return { type: 'promotion.finished', promotion: inState({ ...promotion, judged }, state) };
}

/** What waits, as it is now; nothing where it says what it said. */
function looked(promotion: Promotion, judged: Judgement): PromotionChange | undefined {
  const said = (judgement?: Judgement) =>
    judgement?.gates.map(({ says, status }) => [status, says]).join('\n');
  if (said(promotion.judged) === said(judged)) return undefined;
  return { type: 'promotion.judged', promotion: { ...promotion, judged } };
}

/** Cancelled by the platform, since who asked for it is not let in any more. */
function withdrawn(ctx: Context, promotion: Promotion): PromotionChange | undefined {
  if (!isOpen(promotion)) return undefined;
  const state = { status: 'cancelled', cancelledBy: platform.id, finishedAt: ctx.clock.now() } as const;
  return { type: 'promotion.finished', promotion: inState(promotion, state) };
}

function failed(ctx: Context, promotion: Promotion, reason: string): PromotionChange | undefined {
  if (!isOpen(promotion)) return undefined;
  return {
    type: 'promotion.finished',
    promotion: inState(promotion, { status: 'failed', reason, finishedAt: ctx.clock.now() }),
  };
}
