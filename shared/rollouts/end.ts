import type { Context } from '../context.ts';
import {
  changeEndpoint,
  endedRollout,
  type Endpoint,
  type ModelDeployment,
  type Rollout,
  toldOfRollout,
} from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';

export type EndOfRollout = {
  readonly endpoint: string;
  readonly deployment: string;
  /** Why; it stands in the deployment and in the audit log. */
  readonly reason: string;
};

/**
 * Lets the version on its way in take over at once. Throws `not-found` for an unknown endpoint or deployment, `conflict`
 * where no rollout is under way.
 */
export function finishRollout(ctx: Context, asked: EndOfRollout): Promise<Endpoint> {
  return end(ctx, asked, 'finished');
}

/** Gives all calls back to the stable version at once; the alias stays where it is. Throws the same. */
export function stopRollout(ctx: Context, asked: EndOfRollout): Promise<Endpoint> {
  return end(ctx, asked, 'stopped');
}

async function end(
  ctx: Context,
  { endpoint: name, deployment: which, reason }: EndOfRollout,
  outcome: 'finished' | 'stopped',
): Promise<Endpoint> {
  const { doc } = await changeEndpoint(ctx, name, (endpoint) => {
    const { rollout, ...deployment } = withRollout(endpoint, which);
    const lastRollout = endedRollout(rollout, outcome, reason, ctx.clock.now());
    const stable = outcome === 'finished' ? { stable: rollout.to } : {};
    const ended: ModelDeployment = { ...deployment, ...stable, lastRollout };
    return {
      next: {
        ...endpoint,
        deployments: endpoint.deployments.map((each) => (each.name === which ? ended : each)),
      },
      type: `rollout.${outcome}`,
      reason,
      subject: { ...toldOfRollout(which, rollout), modelId: deployment.modelId },
    };
  });
  return doc;
}

function withRollout(
  { name, deployments }: Endpoint,
  which: string,
): ModelDeployment & { readonly rollout: Rollout } {
  const deployment = deployments.find((each) => each.name === which);
  if (!deployment)
    throw new CairnError('not-found', `Endpoint '${name}' has no deployment '${which.slice(0, 100)}'.`, {
      field: 'deployment',
    });
  if (deployment.kind === 'model' && deployment.rollout)
    return { ...deployment, rollout: deployment.rollout };
  const last = deployment.kind === 'model' ? deployment.lastRollout : undefined;
  const before = last ? `; the last one, to version ${last.to.version}, is ${last.outcome}` : '';
  throw new CairnError(
    'conflict',
    `No rollout is under way in deployment '${which}' of endpoint '${name}'${before}.`,
    { field: 'deployment' },
  );
}
