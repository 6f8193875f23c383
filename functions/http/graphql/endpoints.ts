import { type GraphQLFieldResolver, GraphQLFloat, getNullableType, isListType } from 'graphql';
import type { Context } from '../../../shared/context.ts';
import { type Call, CairnError, mlflowError, type Route } from '../../../shared/http/index.ts';
import { gate } from '../../../shared/turns.ts';
import { enterDenial } from '../audit/denials.ts';
import { perform } from '../guard.ts';
import { snakeCase, snakeName } from '../snake-case.ts';

type Json = Readonly<Record<string, unknown>>;

/** The endpoint that answers a field of the root, by its operation. */
const operations: Readonly<Record<string, string>> = {
  mlflowGetExperiment: 'experiments/get',
  mlflowGetRun: 'runs/get',
  mlflowListArtifacts: 'artifacts/list',
  mlflowGetMetricHistoryBulkInterval: 'metrics/get-history-bulk-interval',
  mlflowSearchModelVersions: 'model-versions/search',
  mlflowSearchRuns: 'runs/search',
  mlflowSearchDatasets: 'experiments/search-datasets',
};

/** A list may hold thousands of runs, each of which has an experiment and model versions to be asked for. */
const asksAtOnceMax = 8;

/**
 * Resolves every field of the schema, for one execution: those of the root by the endpoints, which ask for roles,
 * parse and refuse as they do for everybody else, and those below from the JSON that the endpoints gave.
 */
export function resolverOf(
  routes: readonly Route[],
  { identity, request: whole }: Pick<Call, 'identity' | 'request'>,
): GraphQLFieldResolver<unknown, Context> {
  const byOperation = new Map(routes.map((route) => [route.operation, route]));
  const inTurn = gate(asksAtOnceMax);
  const ask = (ctx: Context, operation: string, input: Json): Promise<Json> =>
    inTurn(async () => {
      const route = byOperation.get(operation);
      if (!route) throw new Error(`No endpoint is the operation '${operation}'.`);
      const request = requestOf(route, input);
      const url = new URL(request.url);
      try {
        const response = await perform(ctx, route, { request, url, params: {}, identity });
        return (await response.json()) as Json;
      } catch (error) {
        await enterDenial(ctx, route, whole, error);
        throw error;
      }
    });
  const experiments = new Map<unknown, Promise<Json>>();
  const experimentOf = (ctx: Context, id: unknown): Promise<Json> => {
    const asked = experiments.get(id) ?? ask(ctx, 'experiments/get', { experiment_id: id });
    experiments.set(id, asked);
    return asked;
  };
  return (source, args, ctx, { parentType, fieldName, returnType }) => {
    const operation = operations[fieldName];
    if (operation) return orApiError(() => ask(ctx, operation, snakeCase(args['input'] ?? {}) as Json));
    if (parentType.name === 'MlflowRunExtension') {
      const { info } = source as { info: Json };
      if (fieldName === 'experiment')
        return experimentOf(ctx, info['experiment_id']).then((answer) => answer['experiment']);
      if (fieldName === 'modelVersions')
        return ask(ctx, 'model-versions/search', { filter: `run_id = '${String(info['run_id'])}'` }).then(
          (answer) => answer['model_versions'],
        );
    }
    const value = (source as Json)[fieldName === 'apiError' ? fieldName : snakeName(fieldName)];
    const type = getNullableType(returnType);
    // Empty lists are left out of the endpoints' JSON, and its texts for NaN and the infinities are no numbers here.
    if (value === undefined && isListType(type)) return [];
    return type === GraphQLFloat && typeof value === 'string' ? null : value;
  };
}

/** A refusal is part of the answer here. */
async function orApiError(answer: () => Promise<Json>): Promise<Json> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof CairnError) || error.status >= 500) throw error;
    const { error_code: code, message } = mlflowError(error, '');
    return { apiError: { code, message } };
  }
}

/** The request that a client of the endpoint would send. */
function requestOf({ method, path }: Route, input: Json): Request {
  const url = new URL(path, 'http://graphql');
  if (method !== 'GET')
    return new Request(url, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
  for (const [name, value] of Object.entries(input))
    for (const each of [value].flat()) if (each !== null) url.searchParams.append(name, String(each));
  return new Request(url);
}
