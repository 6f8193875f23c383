import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import {
  aliasHolder,
  isGuarded,
  modelByName,
  type ModelRoot,
  moveAlias,
  stageNamed,
  stageOf,
  type Target,
  targetText,
  type Transition,
  transitionStage,
} from '../registry/index.ts';
import { advancePromotion } from './advance.ts';
import type { Promotion } from './model.ts';
import { needsPeople, outcomeOf } from './outcome.ts';
import { requestPromotion } from './request.ts';

/** How long a caller of MLflow's protocol waits for the gates; what takes longer goes on in the queue. */
const inlineMillisecondsMax = 20_000;

/**
 * MLflow's way to move an alias. Where a policy guards it, it asks for a promotion and judges it at once: it
 * succeeds only if all gates pass. Throws `invalid-state` where a gate refuses or is not done, and `forbidden`
 * where people have to approve first; the error names the promotion, which goes on.
 */
export async function setAlias(
  ctx: Context,
  { name, alias, version, expected }: Parameters<typeof moveAlias>[1],
): Promise<void> {
  const root = await modelByName(ctx, name);
  if (!isGuarded(root, { alias }) || aliasHolder(root, alias) === version)
    return moveAlias(ctx, { name, alias, version, expected });
  await promoted(ctx, root, { name, version, target: { alias } });
}

/** The same for MLflow's transition of a version to a stage. Returns the model as it then is. */
export async function setStage(ctx: Context, transition: Transition): Promise<ModelRoot> {
  const { name, version, archiveExisting } = transition;
  const root = await modelByName(ctx, name);
  const stage = stageNamed(transition.stage);
  if (stage === 'None' || !isGuarded(root, { stage }) || stageOf(root, version) === stage)
    return transitionStage(ctx, transition);
  await promoted(ctx, root, { name, version, target: { stage }, archiveExisting });
  return modelByName(ctx, name);
}

async function promoted(
  ctx: Context,
  root: ModelRoot,
  wish: Parameters<typeof requestPromotion>[1],
): Promise<void> {
  const { promotion } = await requestPromotion(ctx, wish, 'caller');
  const after = (await withinBound(advancePromotion(ctx, promotion))) ?? promotion;
  if (after.status !== 'promoted') throw refusal(root, wish.target, after);
}

/** What a promise gives if it does so in time; what it does later is nobody's loss: the promotion is on the agenda. */
async function withinBound<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), inlineMillisecondsMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

function refusal({ name, policy }: ModelRoot, target: Target, promotion: Promotion): CairnError {
  const address = `/api/v1/models/${encodeURIComponent(name)}/promotions/${promotion.number}`;
  return new CairnError(
    needsPeople(promotion) ? 'forbidden' : 'invalid-state',
    `${targetText(target)} of '${name}' is guarded by policy ${policy?.version}. ${outcomeOf(promotion)} See ${address}.`,
    { field: 'alias' in target ? 'alias' : 'stage' },
  );
}
