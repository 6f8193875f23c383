import {
  aliasOf,
  canaryShare,
  type Deployment,
  type EndedRollout,
  type Endpoint,
  type Judgement,
  mainOf,
  maskedColumns,
  type Rollout,
  type RolloutPolicy,
} from '../../../shared/endpoints/index.ts';

/** An endpoint as it is read by itself: with what its deployments wait for. */
export function presentOne(doc: Endpoint, waiting: ReadonlyMap<string, string>) {
  const deployments = doc.deployments.map((each) => ({
    ...presentDeployment(each),
    ...(each.kind === 'model' ? { waiting_for: waiting.get(each.name) ?? null } : {}),
  }));
  return { ...present(doc), deployments };
}

/**
 * An endpoint as callers read it. `model`, `alias` and `stable` are those of the deployment that stands for it, the
 * one that gets most calls.
 */
export function present(doc: Endpoint) {
  const { name, deployments, traffic, mirror, sticky, limits, logging, nonFinite, labels } = doc;
  const main = mainOf(doc);
  return {
    name,
    model: main?.model ?? null,
    model_id: main?.modelId ?? null,
    alias: (main && aliasOf(main)) ?? null,
    status: deployments.some((each) => each.kind === 'external' || each.stable) ? 'ready' : 'waiting',
    stable: main?.stable ?? null,
    deployments: deployments.map(presentDeployment),
    traffic,
    mirror,
    sticky: sticky ? { [sticky.by]: sticky.name } : null,
    limits: {
      rows_max: limits.rowsMax,
      timeout_seconds: limits.timeoutSeconds,
      body_bytes_max: limits.bodyBytesMax,
    },
    logging: {
      sample_rate: logging.sampleRate,
      durability: logging.durability,
      masked_columns: maskedColumns(doc.dataPolicy),
      retention_days: doc.dataPolicy?.retentionDays ?? null,
    },
    non_finite: nonFinite ?? null,
    rollout: presentPolicy(doc.rollout),
    labels: labels ?? {},
    created_at: doc.createdAt,
    updated_at: doc.updatedAt,
  };
}

function presentDeployment(deployment: Deployment) {
  if (deployment.kind === 'external') {
    const { name, url, secret } = deployment;
    return { name, kind: 'external', url, has_secret: secret !== undefined };
  }
  const { name, model, modelId, follows, stable, rollout, lastRollout, settings } = deployment;
  return {
    name,
    kind: 'model',
    model,
    model_id: modelId,
    ...('alias' in follows ? { alias: follows.alias } : { version: follows.version }),
    stable: stable ?? null,
    rollout: rollout ? presentRollout(rollout) : null,
    last_rollout: lastRollout ? presentEnded(lastRollout) : null,
    settings: { execution: settings.execution, micro_batch_rows: settings.microBatchRows },
  };
}

function presentPolicy({ plan, holdSeconds, guards }: RolloutPolicy) {
  return {
    plan,
    hold_seconds: holdSeconds,
    guards: {
      requests_min: guards.requestsMin,
      alpha: guards.alpha,
      error_ratio_max: guards.errorRatioMax,
      latency_ratio_max: guards.latencyRatioMax,
      score_distance_max: guards.scoreDistanceMax,
    },
  };
}

function presentRollout(rollout: Rollout) {
  const { id, from, to, policy, step, since, startedAt, judged } = rollout;
  return {
    id,
    from,
    to,
    step,
    percent: canaryShare(rollout),
    since,
    started_at: startedAt,
    policy: presentPolicy(policy),
    judged: judged ? presentJudgement(judged) : null,
  };
}

function presentEnded({ id, from, to, step, startedAt, judged, outcome, reason, endedAt }: EndedRollout) {
  return {
    id,
    from,
    to,
    step,
    outcome,
    reason,
    started_at: startedAt,
    ended_at: endedAt,
    judged: judged ? presentJudgement(judged) : null,
  };
}

function presentJudgement({ at, verdict, says, requests, guards }: Judgement) {
  return {
    at,
    verdict,
    says,
    requests,
    guards: guards.map(({ evidenceLimit, ...guard }) => ({ ...guard, evidence_limit: evidenceLimit })),
  };
}
