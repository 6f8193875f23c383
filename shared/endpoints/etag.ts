import { createHash } from 'node:crypto';
import type { Deployment } from './deployment.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * The etag of an endpoint: of what people change of it. Versions that are pinned, and rollouts that begin, go on and are
 * judged each minute, leave it as it is: they undo nothing that somebody has read and is about to change.
 */
export function etagOf(endpoint: Endpoint): string {
  const { name, createdAt, deployments, traffic, mirror, sticky, limits, logging, nonFinite } = endpoint;
  const { rollout, labels, dataPolicy } = endpoint;
  const given = [
    [name, createdAt, traffic, mirror, sticky, limits, logging, nonFinite, rollout, labels, dataPolicy],
    deployments.map(givenOf),
  ];
  return `"${createHash('sha256').update(JSON.stringify(given)).digest('hex').slice(0, 32)}"`;
}

function givenOf(deployment: Deployment) {
  if (deployment.kind === 'external') return deployment;
  const { name, modelId, model, follows, settings } = deployment;
  return { name, modelId, model, follows, settings };
}
