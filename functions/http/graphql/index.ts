import * as z from 'zod';
import { fields, mlflowError, type Route, route, type Surface } from '../../../shared/http/index.ts';

const json = z.record(z.string(), z.unknown(), { error: 'must be an object' }).nullish();

/** MLflow's GraphQL operations, answered by the endpoints of `routes`. */
export function graphql(routes: readonly Route[]): Surface {
  return {
    name: 'graphql',
    part: 'control',
    errors: mlflowError,
    routes: [
      route('POST', '/graphql', {
        operation: 'graphql',
        role: 'viewer',
        // Each of the endpoints that are asked asks for what it needs.
        scope: { among: ['experiment', 'model'] },
        input: z.object({
          query: fields.requiredText.max(100_000, 'must have at most 100,000 characters'),
          variables: json,
          operationName: fields.text.nullish(),
        }),
        async handle(ctx, { query, variables, operationName }, call) {
          // Loaded by those who ask: most instances never see such a request.
          const { answerGraphQL } = await import('./execute.ts');
          return answerGraphQL(ctx, call, { query, variables, operationName }, routes);
        },
      }),
    ],
  };
}
