import type { Context } from '../context.ts';
import { relay } from '../events/index.ts';
import { type DataPolicy, highRiskDaysMin } from '../privacy/index.ts';
import { lost, swap } from '../swap.ts';
import { isEndpointHighRisk } from './check-policy.ts';
import { changedPolicy } from './data-policy.ts';
import type { Deployment } from './deployment.ts';
import type { GoneEndpoint } from './endpoint.ts';
import { defaultDays } from './logging.ts';
import { checkMatch, documents, eventOf, getStored, partition, readLogged } from './store.ts';
import { toldOfPolicy } from './told.ts';

const dayMilliseconds = 86_400_000;

/**
 * Deletes an endpoint: instances stop answering for it within 10 seconds, and its name can be given again. Its log
 * stays for as long as its data policy says; without one it gets one, so that what nobody looks after is not kept for
 * good. With `ifMatch` only where the endpoint still has that etag: `conflict` otherwise. Throws `not-found`.
 */
export async function deleteEndpoint(ctx: Context, name: string, ifMatch?: string): Promise<void> {
  const event = await swap(ctx, `Endpoint '${name}'`, async () => {
    const stored = await getStored(ctx, name);
    checkMatch(stored.doc, ifMatch);
    const before = stored.doc;
    const now = ctx.clock.now();
    const highRiskUntil = (await isEndpointHighRisk(ctx, before))
      ? now + highRiskDaysMin * dayMilliseconds
      : undefined;
    const dataPolicy = before.dataPolicy ?? policyOfRest(ctx);
    const doc: GoneEndpoint = {
      ...before,
      type: 'gone-endpoint',
      deployments: before.deployments.map(rest),
      dataPolicy,
      ...(highRiskUntil === undefined ? {} : { highRiskUntil }),
      seq: before.seq + 1,
      updatedAt: now,
      deletedAt: now,
      keepsUntil: Math.max(now + dataPolicy.retentionDays * dayMilliseconds, highRiskUntil ?? 0),
    };
    const subject = toldOfPolicy(dataPolicy, before.dataPolicy);
    const told = eventOf(ctx, 'endpoint.deleted', doc, before, { subject });
    const { outcome } = await documents(ctx).batch(partition(ctx), [
      { op: 'replace', doc, etag: stored.etag },
      told,
    ]);
    return outcome === 'applied' ? told : lost;
  });
  relay(ctx, 'endpoints', partition(ctx), event);
}

/** Says of a deleted endpoint that nothing is left of its log. Of one that has been made again it says nothing. */
export async function endKeeping(ctx: Context, name: string): Promise<void> {
  const stored = await readLogged(ctx, name);
  if (stored?.doc.type !== 'gone-endpoint') return;
  const doc: GoneEndpoint = { ...stored.doc, keepsUntil: ctx.clock.now() };
  await documents(ctx).write(partition(ctx), { op: 'replace', doc, etag: stored.etag });
}

function policyOfRest(ctx: Context): DataPolicy {
  return changedPolicy(ctx, undefined, {
    purpose: 'Kept of an endpoint that is deleted.',
    pii: {},
    retentionDays: defaultDays(ctx),
    subjectKey: undefined,
  });
}

/** What is kept of a deployment: which versions answered, and no secret. */
function rest(deployment: Deployment): Deployment {
  if (deployment.kind === 'model') return deployment;
  const { kind, name, url } = deployment;
  return { kind, name, url };
}
