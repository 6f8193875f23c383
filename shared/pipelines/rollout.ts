import type { Context } from '../context.ts';
import { aliasOf, canaryShare, getEndpoint } from '../endpoints/index.ts';
import { unlessCode } from '../http/index.ts';
import type { RetrainingJob } from './model.ts';

/** How a challenger that got the alias takes over at its endpoint, by the rollout policy of that. */
export type RolloutOfJob =
  /** Its policy has no steps, or the version was there already. */
  | { readonly status: 'at-once'; readonly deployment: string }
  | {
      readonly status: 'under-way';
      readonly deployment: string;
      /** Percent of the calls that it gets. */
      readonly share: number;
      readonly startedAt: number;
      readonly says?: string;
    }
  | {
      readonly status: 'finished' | 'rolled-back' | 'stopped' | 'superseded';
      readonly deployment: string;
      readonly startedAt: number;
      readonly endedAt: number;
      readonly reason: string;
    };

/** The rollout of a job's challenger: `undefined` before it begins, and where another has followed since. */
export async function rolloutOf(ctx: Context, job: RetrainingJob): Promise<RolloutOfJob | undefined> {
  if (job.status !== 'promoted') return undefined;
  const endpoint = await unlessCode(getEndpoint(ctx, job.endpoint), 'not-found');
  for (const deployment of endpoint?.deployments ?? []) {
    if (deployment.kind !== 'model' || deployment.modelId !== job.modelId) continue;
    if (aliasOf(deployment) !== job.alias) continue;
    const { name, rollout, lastRollout: last } = deployment;
    if (rollout?.to.version === job.version)
      return {
        ...{ status: 'under-way', deployment: name, share: canaryShare(rollout) },
        startedAt: rollout.startedAt,
        ...(rollout.judged ? { says: rollout.judged.says } : {}),
      };
    if (last?.to.version === job.version)
      return {
        ...{ status: last.outcome, deployment: name, reason: last.reason },
        ...{ startedAt: last.startedAt, endedAt: last.endedAt },
      };
    if (deployment.stable?.version === job.version) return { status: 'at-once', deployment: name };
  }
  return undefined;
}
