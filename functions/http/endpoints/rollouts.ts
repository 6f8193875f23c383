import * as z from 'zod';
import { getStored } from '../../../shared/endpoints/index.ts';
import { fields, json, problem, type Route, route, type Surface } from '../../../shared/http/index.ts';
import { finishRollout, stopRollout } from '../../../shared/rollouts/index.ts';
import { present } from './present.ts';

const asked = z.strictObject({
  name: fields.requiredText,
  deployment: fields.requiredText,
  reason: z
    .string({ error: 'must say why' })
    .trim()
    .min(1, 'must say why')
    .max(2000, 'must be at most 2000 characters'),
});

/** What people do about rollouts that are under way; the timer does the rest. */
export const rollouts: Surface = {
  name: 'rollouts',
  part: 'control',
  errors: problem,
  routes: [ended('finish', 'finishRollout', finishRollout), ended('stop', 'stopRollout', stopRollout)],
};

function ended(how: string, operation: string, end: typeof finishRollout): Route {
  return route('POST', `/api/v1/endpoints/{name}/deployments/{deployment}/rollout/${how}`, {
    operation,
    role: 'operator',
    scope: { on: [{ field: 'name', names: 'endpoint' }] },
    input: asked,
    async handle(ctx, { name, deployment, reason }) {
      await end(ctx, { endpoint: name, deployment, reason });
      const stored = await getStored(ctx, name);
      return json({ ...present(stored.doc), etag: stored.etag }, 200, { etag: stored.etag });
    },
  });
}
