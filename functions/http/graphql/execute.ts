import {
  buildSchema,
  type DocumentNode,
  execute,
  GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { Context } from '../../../shared/context.ts';
import { CairnError, type Route } from '../../../shared/http/index.ts';
import { resolverOf } from './endpoints.ts';
import { excessOf } from './guard.ts';
import { typeDefinitions } from './schema.ts';

/** Tokens of the longest document that is parsed at all. */
const tokensMax = 5000;

export type GraphQLRequest = {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName: string | null | undefined;
};

/** The answer in MLflow's form, where errors are plain sentences. */
export type GraphQLAnswer = { readonly data: unknown; readonly errors: readonly string[] | null };

let schema: GraphQLSchema | undefined;

/** Runs one document against the endpoints of these routes. What is wrong with it stands in `errors`. */
export async function answerGraphQL(
  ctx: Context,
  request: GraphQLRequest,
  routes: readonly Route[],
): Promise<GraphQLAnswer> {
  schema ??= builtSchema();
  const document = parsed(request.query);
  const excess = excessOf(document);
  const problems = excess ? [excess] : validate(schema, document, specifiedRules, { maxErrors: 10 });
  if (problems.length > 0) return { data: null, errors: problems.map(({ message }) => message) };
  const { data, errors } = await execute({
    schema,
    document,
    contextValue: ctx,
    variableValues: request.variables ?? {},
    operationName: request.operationName,
    fieldResolver: resolverOf(routes),
  });
  for (const { originalError } of errors ?? [])
    if (originalError && !(originalError instanceof CairnError))
      ctx.log.error('a GraphQL field failed', { reason: originalError.stack });
  return {
    data: data ?? null,
    errors:
      errors?.map(({ message, originalError }) =>
        originalError && !(originalError instanceof CairnError)
          ? `The server failed to answer. Quote request ${ctx.requestId} when you report it.`
          : message,
      ) ?? null,
  };
}

function parsed(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens: tokensMax, noLocation: true });
  } catch (error) {
    throw new CairnError('invalid', `The query is not valid GraphQL: ${(error as Error).message}`, {
      field: 'query',
      cause: error,
    });
  }
}

function builtSchema(): GraphQLSchema {
  const built = buildSchema(typeDefinitions, { noLocation: true });
  const long = built.getType('LongString');
  if (long instanceof GraphQLScalarType) {
    long.coerceOutputValue = String;
    long.coerceInputValue = Number;
    long.coerceInputLiteral = (node) =>
      node.kind === Kind.INT || node.kind === Kind.STRING ? Number(node.value) : undefined;
  }
  return built;
}
