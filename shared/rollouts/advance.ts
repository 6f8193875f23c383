import type { Context } from '../context.ts';
import {
  changeRollout,
  type Endpoint,
  endedRollout,
  getEndpoint,
  type Judgement,
  type ModelDeployment,
  noteJudgement,
  type Rollout,
  unwatchRollouts,
  watchRollouts,
} from '../endpoints/index.ts';
import { unlessCode } from '../http/index.ts';
import { readSummaries } from '../summaries/index.ts';
import { giveBackAlias } from './give-back.ts';
import { isLastStep } from './guards.ts';
import { judge } from './judge.ts';
import { whyUnusable } from './usable.ts';

const minute = 60_000;

/** The work message that asks for a look at the rollouts of an endpoint. */
export type RolloutMessage = { readonly endpoint: string };

/**
 * Looks at the rollouts of an endpoint: each is held, goes on a step, is finished, or is broken off. Whatever of this an
 * earlier look has left undone is done now; whoever looks late, twice or beside another changes nothing. An endpoint
 * without rollouts is not looked at any more.
 */
export async function advanceRollouts(ctx: Context, { endpoint: name }: RolloutMessage): Promise<void> {
  const endpoint = await unlessCode(getEndpoint(ctx, name), 'not-found');
  for (const deployment of endpoint?.deployments ?? [])
    if (endpoint && deployment.kind === 'model' && deployment.rollout)
      await look(ctx, endpoint, deployment, deployment.rollout);
  const after = await unlessCode(getEndpoint(ctx, name), 'not-found');
  for (const deployment of after?.deployments ?? [])
    if (deployment.kind === 'model') await giveBackAlias(ctx, deployment);
  if (after && hasRollout(after)) return;
  await unwatchRollouts(ctx, name);
  // One that began meanwhile took the timer to be looking already.
  const last = await unlessCode(getEndpoint(ctx, name), 'not-found');
  if (last && hasRollout(last)) await watchRollouts(ctx, name);
}

function hasRollout({ deployments }: Endpoint): boolean {
  return deployments.some((each) => each.kind === 'model' && each.rollout !== undefined);
}

async function look(
  ctx: Context,
  endpoint: Endpoint,
  deployment: ModelDeployment,
  rollout: Rollout,
): Promise<void> {
  const now = ctx.clock.now();
  const at = { endpoint: endpoint.name, deployment: deployment.name };
  const until = Math.floor((now - 2 * ctx.settings.predictionFlushSeconds * 1000) / minute) * minute;
  const summaries = await readSummaries(ctx, endpoint.name, rollout.since, Math.max(rollout.since, until));
  const observed = { deployment: deployment.name, summaries, now };
  const first = judge(rollout, observed);
  const unusable = await whyUnusable(ctx, deployment, rollout, first.requests.canary === 0);
  const judged = unusable === undefined ? first : judge(rollout, { ...observed, unusable });
  switch (judged.verdict) {
    case 'waiting':
      return noteJudgement(ctx, at, rollout, judged);
    case 'passing':
      await (isLastStep(rollout) ? finish : goOn)(ctx, at, rollout, judged);
      return;
    case 'breached':
      if (await breakOff(ctx, at, rollout, judged))
        ctx.log.error('rollout broken off', { ...at, version: rollout.to.version, reason: judged.says });
  }
}

type At = Parameters<typeof changeRollout>[1];

function goOn(ctx: Context, at: At, seen: Rollout, judged: Judgement): Promise<boolean> {
  return changeRollout(ctx, at, seen, (deployment, rollout) => ({
    deployment: {
      ...deployment,
      rollout: { ...rollout, step: rollout.step + 1, since: ctx.clock.now(), judged },
    },
    type: 'rollout.advanced',
    reason: judged.says,
  }));
}

function finish(ctx: Context, at: At, seen: Rollout, judged: Judgement): Promise<boolean> {
  return changeRollout(ctx, at, seen, ({ rollout: _, ...deployment }, rollout) => ({
    deployment: {
      ...deployment,
      stable: rollout.to,
      lastRollout: endedRollout({ ...rollout, judged }, 'finished', judged.says, ctx.clock.now()),
    },
    type: 'rollout.finished',
    reason: judged.says,
  }));
}

/** All calls go back to the stable version with this one write; the alias follows. */
function breakOff(ctx: Context, at: At, seen: Rollout, judged: Judgement): Promise<boolean> {
  return changeRollout(ctx, at, seen, ({ rollout: _, ...deployment }, rollout) => ({
    deployment: {
      ...deployment,
      lastRollout: endedRollout({ ...rollout, judged }, 'rolled-back', judged.says, ctx.clock.now()),
    },
    type: 'rollout.rolled-back',
    reason: judged.says,
  }));
}

/**
 * Puts an endpoint whose rollout has begun, or ended with an alias to be given back, where the timer looks. Subscriber
 * of `rollout.started`: what put it there before may have been taken away by a look that saw no rollout yet.
 */
export async function watchBegun(
  ctx: Context,
  { subject }: { readonly subject: Readonly<Record<string, string>> },
) {
  const name = subject['endpoint'] ?? '';
  const endpoint = await unlessCode(getEndpoint(ctx, name), 'not-found');
  if (endpoint && hasRollout(endpoint)) await watchRollouts(ctx, name);
}
