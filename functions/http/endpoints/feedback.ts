import * as z from 'zod';
import { fields, problem, route, type Surface } from '../../../shared/http/index.ts';
import { getEndpoint } from '../../../shared/endpoints/index.ts';
import { checkLabelled, labelsMax, recordLabels } from '../../../shared/predictions/index.ts';

const feedback = z.object({
  endpoint: z.string({ error: 'must be the name of an endpoint' }).min(1),
  labels: z
    .array(
      z.object({
        prediction_id: fields.text,
        label: z.union([z.string(), z.number()], { error: 'must be text or a number' }),
      }),
      { error: 'must be a list of {prediction_id, label}' },
    )
    .min(1, 'must hold at least one label')
    .max(labelsMax, `must hold at most ${labelsMax} labels`),
});

/** What turned out to be true of predictions, sent back by those who asked for them. */
export const feedbacks: Surface = {
  name: 'feedback',
  part: 'inference',
  errors: problem,
  routes: [
    route('POST', '/api/v1/feedback', {
      operation: 'recordFeedback',
      role: 'contributor',
      scope: { on: [{ field: 'endpoint', names: 'endpoint' }] },
      input: feedback,
      async handle(ctx, { endpoint, labels }) {
        await checkLabelled(ctx, await getEndpoint(ctx, endpoint));
        await recordLabels(
          ctx,
          endpoint,
          labels.map(({ prediction_id, label }) => ({ predictionId: prediction_id, label })),
        );
        return { recorded: labels.length };
      },
    }),
  ],
};
