import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { checkEndpoint } from './check.ts';
import { deploymentsOf } from './deploy.ts';
import type { Endpoint } from './endpoint.ts';
import { follow } from './follow.ts';
import type { EndpointChange } from './input.ts';
import { loggedAs } from './logging.ts';
import { changeEndpoint } from './store.ts';
import { toldOfChange } from './told.ts';

/**
 * Changes what is given of an endpoint. A deployment that stays as it was keeps the version it answers with and its
 * rollout; one that gets another model, alias or version starts anew. With `ifMatch` only where the endpoint still has
 * that etag: `conflict` otherwise. Throws `not-found`, `invalid` for what does not fit together, `conflict` for a
 * deployment that would be removed while it gets calls, and for a version that is too large.
 */
export async function updateEndpoint(
  ctx: Context,
  name: string,
  change: EndpointChange,
  ifMatch?: string,
): Promise<Endpoint> {
  const { doc } = await changeEndpoint(
    ctx,
    name,
    async (before) => {
      const after = await merged(ctx, before, change);
      if (isDeepStrictEqual(after, before)) return undefined;
      return { next: after, type: 'endpoint.changed', subject: toldOfChange(before, after) };
    },
    ifMatch,
  );
  // What starts anew is pinned behind the commit, as when it is created; instances answer by what they have till then.
  return change.deployments === undefined ? doc : follow(ctx, name);
}

async function merged(ctx: Context, before: Endpoint, change: EndpointChange): Promise<Endpoint> {
  const { sticky, nonFinite, ...kept } = before;
  const deployments = change.deployments
    ? await deploymentsOf(ctx, change.deployments, before.deployments)
    : before.deployments;
  const traffic = change.traffic ?? before.traffic;
  const names = new Set(deployments.map((each) => each.name));
  if (!change.traffic) refuseRemoved(before, names);
  const nextSticky = change.sticky === undefined ? sticky : (change.sticky ?? undefined);
  const nextNonFinite = change.nonFinite === undefined ? nonFinite : (change.nonFinite ?? undefined);
  const next: Endpoint = {
    ...kept,
    deployments,
    // A share of 0 goes with its deployment.
    traffic: change.traffic ?? withoutNone(traffic, names),
    mirror: change.mirror ?? withoutNone(before.mirror, names),
    ...(nextSticky ? { sticky: nextSticky } : {}),
    limits: { ...before.limits, ...change.limits },
    ...(nextNonFinite ? { nonFinite: nextNonFinite } : {}),
    rollout: {
      ...before.rollout,
      ...change.rollout,
      guards: { ...before.rollout.guards, ...change.rollout?.guards },
    },
    ...(change.labels === undefined ? {} : { labels: change.labels }),
  };
  checkEndpoint(next);
  return loggedAs(ctx, next, change.logging);
}

function refuseRemoved({ deployments, traffic }: Endpoint, names: ReadonlySet<string>): void {
  const removed = deployments.find((each) => !names.has(each.name) && (traffic[each.name] ?? 0) > 0);
  if (!removed) return;
  throw new CairnError(
    'conflict',
    `Deployment '${removed.name}' gets ${traffic[removed.name]} % of the calls and cannot be removed; give them to others by 'traffic', before or in the same change.`,
    { field: `traffic.${removed.name}` },
  );
}

/** Shares without those of deployments that are not there any more; what is left must still sum up. */
function withoutNone(shares: Endpoint['traffic'], names: ReadonlySet<string>): Endpoint['traffic'] {
  return Object.fromEntries(Object.entries(shares).filter(([name]) => names.has(name)));
}
