import * as z from 'zod';
import { fields, problem, type Route, route, type Surface } from '../../../shared/http/index.ts';
import { finishRollout, stopRollout } from '../../../shared/rollouts/index.ts';
import { shown } from './shown.ts';

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
      return shown(ctx, await end(ctx, { endpoint: name, deployment, reason }));
    },
  });
}
