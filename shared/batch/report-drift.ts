import type { Context } from '../context.ts';
import { unlessCode } from '../http/index.ts';
import {
  type ColumnDrift,
  type CountedReference,
  defaultSettings,
  type Drift,
  driftedShareOf,
  getMonitor,
  givenBound,
  type Monitor,
  profileDrift,
  referenceProfile,
} from '../monitoring/index.ts';
import { edgesFor } from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import type { CommittingJob } from './job.ts';
import type { JobProfile } from './profile.ts';

/** What a monitor would say of these rows; where it cannot be told, why. It is no reason for the job to fail. */
export async function driftOf(
  ctx: Context,
  { jobId, owner, model }: CommittingJob,
  { ready, counted }: { readonly ready: VersionReady | undefined; readonly counted: JobProfile | undefined },
) {
  const unknown = (why: string) => ({ verdict: 'insufficient-data', reason: why, reference: null });
  if (!ready) return unknown('The version is gone.');
  if (!counted) return unknown('Not all rows were counted.');
  if (!ready.reference) return unknown('The version names no reference set.');
  if ((await edgesFor(ctx, model))?.id !== counted.edges.id)
    return unknown('The reference set of the version could not be read before the job began.');
  let reference: CountedReference;
  try {
    reference = await referenceProfile(ctx, ready, counted.edges);
  } catch (error) {
    ctx.log.warn('batch report without drift', { jobId, reason: String(error) });
    return unknown('The reference set could not be counted when the job ended.');
  }
  if ('why' in reference) return unknown(reference.why);
  const { profile, uri, rows } = reference;
  const monitor = owner.type === 'endpoint' ? await monitorOf(ctx, owner.id) : undefined;
  const { minRows, signals } = monitor ?? defaultSettings;
  const drift = signals['feature-drift'];
  const thresholds = {
    psi: givenBound('feature-drift', drift, 'psi', 'upper') ?? 0,
    pValue: givenBound('feature-drift', drift, 'p-value', 'lower') ?? 0,
    driftedShare: givenBound('feature-drift', drift, 'drifted-share', 'upper') ?? driftedShareOf.cairn.upper,
  };
  return {
    ...presentDrift(profileDrift(profile, counted.profile, { minRows, thresholds })),
    reference: { uri, rows },
    monitor: monitor?.monitorId ?? null,
    min_rows: minRows,
    thresholds: {
      psi: thresholds.psi,
      p_value: thresholds.pValue,
      drifted_share: thresholds.driftedShare,
    },
  };
}

/** The monitor of an endpoint's own name, which each gets when it is made. */
async function monitorOf(ctx: Context, endpoint: string): Promise<Monitor | undefined> {
  const monitor = (await unlessCode(getMonitor(ctx, endpoint), 'not-found'))?.doc;
  return monitor?.endpoint === endpoint ? monitor : undefined;
}

/** Drift in the words in which monitors tell of it. */
function presentDrift(drift: Drift) {
  if (drift.verdict === 'insufficient-data') return drift;
  const { driftedShare, features, score, ...rest } = drift;
  return {
    ...rest,
    features: features.map(presentColumnDrift),
    score: score && presentColumnDrift(score),
    drifted_share: driftedShare,
  };
}

function presentColumnDrift(drift: ColumnDrift) {
  if (drift.verdict === 'not-comparable') return drift;
  const { pValue, ...rest } = drift;
  return { ...rest, p_value: pValue };
}
