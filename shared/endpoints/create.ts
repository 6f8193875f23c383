import type { Context } from '../context.ts';
import { relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import { checkEndpoint } from './check.ts';
import { deploymentsOf } from './deploy.ts';
import { type Endpoint, endpointId, limitsDefault, loggingDefault } from './endpoint.ts';
import { follow } from './follow.ts';
import type { NewEndpoint } from './input.ts';
import { loggedAs } from './logging.ts';
import { rolloutPolicyDefault } from './rollout.ts';
import { documents, eventOf, isThere, partition, readLogged } from './store.ts';
import { toldOfPolicy } from './told.ts';

/**
 * Makes an endpoint and pins its deployments to the versions that their aliases hold, where these are ready. One
 * that is made by the name of a deleted one takes over its log, and the data policy that this is kept by.
 * Throws `invalid` for what does not fit together, `not-found` for a model, also one that the caller may not see,
 * `invalid` for an alias, `conflict` for a version that is too large, `already-exists`.
 */
export async function createEndpoint(ctx: Context, input: NewEndpoint): Promise<Endpoint> {
  const { name } = input;
  const deployments = await deploymentsOf(ctx, input.deployments);
  const event = await swap(ctx, `Endpoint '${name}'`, async () => {
    const before = await readLogged(ctx, name);
    if (before && isThere(before))
      throw new CairnError('already-exists', `Endpoint '${name}' exists already.`, { field: 'name' });
    const now = ctx.clock.now();
    const gone = before?.doc.type === 'gone-endpoint' ? before.doc : undefined;
    const made: Endpoint = {
      id: endpointId(name),
      type: 'endpoint',
      v: 2,
      workspace: ctx.workspace,
      name,
      deployments,
      traffic: input.traffic ?? { [deployments[0]?.name ?? '']: 100 },
      mirror: input.mirror ?? {},
      ...(input.sticky ? { sticky: input.sticky } : {}),
      limits: { ...limitsDefault, ...input.limits },
      logging: loggingDefault,
      ...(input.nonFinite ? { nonFinite: input.nonFinite } : {}),
      rollout: {
        ...rolloutPolicyDefault,
        ...input.rollout,
        guards: { ...rolloutPolicyDefault.guards, ...input.rollout?.guards },
      },
      ...(input.labels === undefined ? {} : { labels: input.labels }),
      ...(gone ? { logSince: now } : {}),
      ...(gone?.dataPolicy ? { dataPolicy: gone.dataPolicy } : {}),
      ...(gone?.highRiskUntil !== undefined && gone.highRiskUntil > now
        ? { highRiskUntil: gone.highRiskUntil }
        : {}),
      seq: (gone?.seq ?? 0) + 1,
      createdAt: now,
      updatedAt: now,
    };
    checkEndpoint(made);
    const doc = await loggedAs(ctx, made, input.logging);
    const subject = toldOfPolicy(doc.dataPolicy, gone?.dataPolicy);
    const told = eventOf(ctx, 'endpoint.created', doc, undefined, { subject });
    const write = before
      ? ({ op: 'replace', doc, etag: before.etag } as const)
      : ({ op: 'create', doc } as const);
    const { outcome } = await documents(ctx).batch(partition(ctx), [write, told]);
    return outcome === 'applied' ? told : lost;
  });
  relay(ctx, 'endpoints', partition(ctx), event);
  // After the commit: what becomes ready or moves from now on finds the endpoint, and this finds what was before.
  return follow(ctx, name);
}
