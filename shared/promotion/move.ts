import { isOffboarded } from '../access/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { unlessCode } from '../http/index.ts';
import {
  aliasChange,
  changeModel,
  getVersion,
  type ModelChange,
  type ModelRoot,
  stageChange,
} from '../registry/index.ts';
import { livingVerdict } from './judge.ts';
import {
  gateKey,
  type GateResult,
  type Judgement,
  type Policy,
  type Promotion,
  sameTarget,
} from './model.ts';
import { policyOver } from './policies.ts';
import { settled } from './settle.ts';
import {
  asRequester,
  inState,
  type Plan,
  planChanges,
  type PromotionChange,
  readIndex,
  readPromotion,
} from './store.ts';
import { holderOf } from './target.ts';

/** A judgement older than this is taken anew before the target moves. */
const judgementAgeMillisecondsMax = 10 * 60_000;

export type MoveOutcome =
  | { readonly outcome: 'moved' }
  /** Somebody changed the promotion meanwhile. */
  | { readonly outcome: 'lost' }
  /** The version holds its target already. */
  | { readonly outcome: 'held'; readonly judged: Judgement }
  /** The champion, the policy or the version is not the one that was judged, or that was long ago. */
  | { readonly outcome: 'stale' }
  /** The version was deleted. */
  | { readonly outcome: 'gone' }
  /** Who asked for it was disabled or deleted: nothing is done in their name any more. */
  | { readonly outcome: 'disowned' }
  /** `until`: when a freeze ends, in milliseconds since 1970; absent where it waits for people. */
  | { readonly outcome: 'waiting'; readonly judged: Judgement; readonly until: number | undefined };

/**
 * Moves the target of a judged promotion if everything still stands: one compare-and-swap of the model's
 * root with the promotion, the record of the move, and the older promotions to the same target, which it
 * supersedes. Approvals, the time and whether its requester is still let in are looked at in that very moment; an
 * approval or override counts that its giver had the role for when they gave it.
 */
export async function move(ctx: Context, root: ModelRoot, asked: Promotion): Promise<MoveOutcome> {
  const requester = asRequester(ctx, asked);
  let decided: Decided = { outcome: 'lost' };
  await changeModel(requester, root.name, async (current) => {
    decided = await decide(requester, current, asked);
    return decided.outcome === 'moved' ? decided.change : undefined;
  });
  return announced(decided);
}

type Decided =
  | Exclude<MoveOutcome, { outcome: 'moved' }>
  | { readonly outcome: 'moved'; readonly change: ModelChange; readonly plan: Plan };

function announced(decided: Decided): MoveOutcome {
  if (decided.outcome === 'moved') decided.plan.announce();
  return decided;
}

async function decide(ctx: Context, root: ModelRoot, asked: Promotion): Promise<Decided> {
  const stored = await readPromotion(ctx, asked.modelId, asked.number);
  // A model of the same name may have taken the place of the one that was meant.
  if (root.modelId !== asked.modelId || stored?.doc.status !== 'waiting') return { outcome: 'lost' };
  const promotion = stored.doc;
  if (await isOffboarded(ctx, promotion.requestedBy)) return { outcome: 'disowned' };
  const stands = await standing(ctx, root, promotion);
  if (stands.outcome !== 'passed') return stands;
  const change = await targetChange(ctx, root, promotion);
  if (!change) return { outcome: 'held', judged: stands.judged };
  const plan = await planned(ctx, stored, stands.judged);
  const alongside = [...(change.alongside ?? []), ...plan.writes];
  return { outcome: 'moved', change: { ...change, alongside }, plan };
}

type Standing =
  | Extract<MoveOutcome, { outcome: 'gone' | 'stale' | 'waiting' }>
  | { readonly outcome: 'passed'; readonly judged: Judgement };

/** Whether a judgement still holds for the model as it is now, and all of it has passed. */
async function standing(ctx: Context, root: ModelRoot, promotion: Promotion): Promise<Standing> {
  const { judged } = promotion;
  const version = await unlessCode(getVersion(ctx, root.modelId, promotion.version), 'not-found');
  if (!version || root.gone.includes(promotion.version)) return { outcome: 'gone' };
  const policy = await policyOver(ctx, root, promotion.target);
  const champion = holderOf(root, promotion) ?? null;
  const isSame =
    judged?.policyVersion === (policy?.version ?? null) &&
    judged.champion === champion &&
    judged.versionSeq === version.seq;
  if (!judged || !isSame) return { outcome: 'stale' };
  const living = livingGates(judged.gates, policy, promotion, ctx.clock.now());
  const { verdict, gates } = settled(living, promotion.override);
  const now = { ...judged, gates };
  switch (verdict) {
    case 'passed':
      // What was judged may have been logged or written anew while people were asked.
      return ctx.clock.now() > judged.at + judgementAgeMillisecondsMax
        ? { outcome: 'stale' }
        : { outcome: 'passed', judged: now };
    case 'waiting':
      return { outcome: 'waiting', judged: now, until: untilOf(gates) };
    case 'refused':
      return { outcome: 'stale' };
  }
}

/** The gates as judged, but for people and time: those are looked at now. */
function livingGates(
  gates: readonly GateResult[],
  policy: Policy | undefined,
  promotion: Promotion,
  now: number,
): readonly GateResult[] {
  return gates.map((gate) => {
    const spec = policy?.gates.find((one) => gateKey(one) === gate.key);
    const verdict = spec && livingVerdict(spec, promotion, now);
    return verdict ? { ...gate, ...verdict, at: now } : gate;
  });
}

function untilOf(gates: readonly GateResult[]): number | undefined {
  const until = gates.find(({ gate, status }) => gate === 'freeze' && status === 'waiting')?.inputs['until'];
  return typeof until === 'number' ? until : undefined;
}

/** The change of the model; `undefined` where the version holds its target already. */
async function targetChange(
  ctx: Context,
  root: ModelRoot,
  { target, version, number, archiveExisting }: Promotion,
): Promise<ModelChange | undefined> {
  if ('stage' in target)
    return stageChange(ctx, root, {
      name: root.name,
      version,
      stage: target.stage,
      archiveExisting,
      authority: { promotion: number },
    });
  if (holderOf(root, { target, version }) === version) return undefined;
  const cause = { kind: 'promotion', promotion: number } as const;
  const { move: _, ...change } = aliasChange(ctx, root, { alias: target.alias, to: version, cause });
  return change;
}

/** The end of the promotion that wins and of the older open ones to its target. */
async function planned(ctx: Context, stored: Stored<Promotion>, judged: Judgement): Promise<Plan> {
  const { modelId, number, target } = stored.doc;
  const index = await readIndex(ctx, modelId);
  const older = (index?.doc.open ?? []).filter(
    (one) => one.number < number && sameTarget(one.target, target),
  );
  const losing = await Promise.all(older.map((one) => readPromotion(ctx, modelId, one.number)));
  const finishedAt = ctx.clock.now();
  const superseded = (promotion: Promotion): PromotionChange => ({
    type: 'promotion.finished',
    promotion: inState(promotion, { status: 'superseded', supersededBy: number, finishedAt }),
  });
  return planChanges(ctx, modelId, [
    {
      stored,
      change: {
        type: 'promotion.finished',
        promotion: inState({ ...stored.doc, judged }, { status: 'promoted', finishedAt }),
      },
    },
    ...losing.flatMap((each) => (each ? [{ stored: each, change: superseded(each.doc) }] : [])),
  ]);
}
