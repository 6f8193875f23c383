import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../context.ts';
import type { EventType } from '../events/index.ts';
import type { ModelDeployment } from './deployment.ts';
import type { Endpoint } from './endpoint.ts';
import { type Judgement, type Rollout, toldOfRollout } from './rollout.ts';
import { changeEndpoint, documents, getStored, partition } from './store.ts';

/** What becomes of a deployment in whose rollout something happens. */
export type RolloutChange = {
  readonly deployment: ModelDeployment;
  readonly type: EventType & `rollout.${string}`;
  readonly reason: string;
};

/**
 * Changes a deployment by compare-and-swap as long as its rollout is the one that was looked at, at the same step; where
 * somebody was faster nothing changes, and it says so. Throws `not-found` where the endpoint is gone.
 */
export async function changeRollout(
  ctx: Context,
  { endpoint: name, deployment: which }: { readonly endpoint: string; readonly deployment: string },
  seen: Rollout,
  change: (deployment: ModelDeployment, rollout: Rollout) => RolloutChange,
): Promise<boolean> {
  let isChanged = false;
  await changeEndpoint(ctx, name, (endpoint) => {
    const found = sameRollout(endpoint, which, seen);
    isChanged = found !== undefined;
    if (!found) return undefined;
    const { deployment, type, reason } = change(found.deployment, found.rollout);
    return {
      next: withDeployment(endpoint, deployment),
      type,
      reason,
      subject: { ...toldOfRollout(which, seen), modelId: deployment.modelId },
    };
  });
  return isChanged;
}

/**
 * Notes what was found of a rollout, unless it was found before, and as no change that is told of: it is looked at each
 * minute. Where the endpoint changes at the same moment, the next look will do.
 */
export async function noteJudgement(
  ctx: Context,
  { endpoint: name, deployment: which }: { readonly endpoint: string; readonly deployment: string },
  seen: Rollout,
  judged: Judgement,
): Promise<void> {
  const { doc, etag } = await getStored(ctx, name);
  const found = sameRollout(doc, which, seen);
  if (!found || isDeepStrictEqual({ ...found.rollout.judged, at: judged.at }, judged)) return;
  const next = withDeployment(doc, { ...found.deployment, rollout: { ...found.rollout, judged } });
  await documents(ctx).write(partition(ctx), { op: 'replace', doc: next, etag });
}

function sameRollout(
  { deployments }: Endpoint,
  which: string,
  { id, step }: Rollout,
): { deployment: ModelDeployment; rollout: Rollout } | undefined {
  const deployment = deployments.find(({ name }) => name === which);
  if (deployment?.kind !== 'model') return undefined;
  const { rollout } = deployment;
  return rollout?.id === id && rollout.step === step ? { deployment, rollout } : undefined;
}

function withDeployment(endpoint: Endpoint, changed: ModelDeployment): Endpoint {
  return {
    ...endpoint,
    deployments: endpoint.deployments.map((each) => (each.name === changed.name ? changed : each)),
  };
}
