import type { DeploymentBody, EndpointBody } from './body.ts';
import { type DeploymentDraft, type Draft, mebibyte, rounded } from './draft.ts';
import { faultOf, planOf, trafficOf, wordsOf } from './draft-faults.ts';
import { sharesOf } from './traffic.ts';

/** What is sent for a draft. Throws an `Error` in words where it cannot be. */
export function bodyOf(draft: Draft): EndpointBody {
  const fault = faultOf(draft);
  if (fault !== undefined) throw new Error(fault);
  return {
    name: draft.name.trim(),
    deployments: draft.deployments.map(deploymentBody),
    traffic: sharesOf(trafficOf(draft)),
    mirror: Object.fromEntries(
      draft.deployments
        .map(({ name, mirror }) => [name, Number(mirror)] as const)
        .filter(([, share]) => share > 0),
    ),
    sticky:
      draft.stickyBy === 'none'
        ? null
        : draft.stickyBy === 'header'
          ? { header: draft.stickyName.trim() }
          : { input: draft.stickyName.trim() },
    limits: {
      rows_max: Number(draft.rowsMax),
      timeout_seconds: Number(draft.timeoutSeconds),
      body_bytes_max: Math.round(Number(draft.bodyMebibytes) * mebibyte),
    },
    logging: {
      sample_rate: rounded(Number(draft.samplePercent) / 100),
      durability: draft.durability,
      masked_columns: wordsOf(draft.maskedColumns, '\n'),
      ...(draft.retentionDays.trim() === '' ? {} : { retention_days: Number(draft.retentionDays) }),
    },
    non_finite: draft.nonFinite === 'protocol' ? null : draft.nonFinite,
    rollout: {
      plan: planOf(draft.plan),
      hold_seconds: Math.round(Number(draft.holdMinutes) * 60),
      guards: {
        requests_min: Number(draft.requestsMin),
        alpha: Number(draft.alpha),
        error_ratio_max: Number(draft.errorRatioMax),
        latency_ratio_max: Number(draft.latencyRatioMax),
        score_distance_max: draft.scoreDistanceMax.trim() === '' ? null : Number(draft.scoreDistanceMax),
      },
    },
    labels: Object.fromEntries(draft.labels.map(({ name, value }) => [name.trim(), value])),
  };
}

function deploymentBody(draft: DeploymentDraft): DeploymentBody {
  const name = draft.name.trim();
  const { source, model, execution } = draft;
  const settings = { execution, micro_batch_rows: Number(draft.microBatchRows) };
  switch (source) {
    case 'external':
      // Left out, the secret stays that it has; an empty one takes it away.
      return {
        name,
        url: draft.url.trim(),
        ...(draft.secret !== '' || draft.dropsSecret ? { secret: draft.secret } : {}),
      };
    case 'alias':
      return { name, model, alias: draft.alias.trim(), settings };
    case 'version':
      return { name, model, version: Number(draft.version), settings };
  }
}
