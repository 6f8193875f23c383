import * as z from 'zod';
import { fields, problem, route, type Surface } from '../../shared/http/index.ts';
import { lineageOf } from '../../shared/lineage/index.ts';

const query = z.object({
  node: fields.requiredText,
  direction: z.enum(['up', 'down', 'both']).default('both'),
  depth: fields.int64.refine((n) => n >= 1 && n <= 10, 'must be between 1 and 10').default(3),
});

/** Where everything came from and what became of it; OpenLineage events in. */
export const lineage: Surface = {
  name: 'lineage',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/lineage', {
      operation: 'getLineage',
      role: 'viewer',
      input: query,
      handle: (ctx, input) => lineageOf(ctx, input),
    }),
  ],
};
