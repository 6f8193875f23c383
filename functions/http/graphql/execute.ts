import {
  buildSchema,
  type DocumentNode,
  execute,
  GraphQLError,
  GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  parse,
  specifiedRules,
  validate,
  visit,
} from 'graphql';
import type { Context } from '../../../shared/context.ts';
import { type Call, CairnError, type Route } from '../../../shared/http/index.ts';
import { resolverOf } from './endpoints.ts';
import { excessOf } from './guard.ts';
import { typeDefinitions } from './schema.ts';

/** Tokens of the longest document that is parsed at all. */
const tokensMax = 5000;
const messageCharsMax = 2000;
/** Levels of a document's selections, values and types, or of its variables: what nests deeper than any input is of no use. */
const levelsMax = 40;

export type GraphQLRequest = {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName: string | null | undefined;
};

/** The answer in MLflow's form, where errors are plain sentences. */
export type GraphQLAnswer = { readonly data: unknown; readonly errors: readonly string[] | null };

let schema: GraphQLSchema | undefined;

/** Runs one document against the endpoints of these routes, as the one who asks. What is wrong with it stands in `errors`. */
export async function answerGraphQL(
  ctx: Context,
  call: Pick<Call, 'identity' | 'request'>,
  request: GraphQLRequest,
  routes: readonly Route[],
): Promise<GraphQLAnswer> {
  schema ??= builtSchema();
  const document = parsed(request.query);
  checkDocumentLevels(document);
  checkLevels('variables', request.variables, levelsMax);
  const excess = excessOf(document);
  const problems = excess ? [excess] : validate(schema, document, specifiedRules, { maxErrors: 10 });
  if (problems.length > 0) return { data: null, errors: problems.map(shown) };
  const { data, errors } = await execute({
    schema,
    document,
    contextValue: ctx,
    variableValues: request.variables ?? {},
    operationName: request.operationName,
    fieldResolver: resolverOf(routes, call),
  });
  for (const error of errors ?? [])
    if (isOurs(error)) ctx.log.error('a GraphQL field failed', { reason: error.originalError?.stack });
  return {
    data: data ?? null,
    errors:
      errors?.map((error) =>
        isOurs(error)
          ? `The server failed to answer. Quote request ${ctx.requestId} when you report it.`
          : shown(error),
      ) ?? null,
  };
}

/** Whether a field failed by a fault of this server's; of what has no field, such as a variable, the caller hears. */
function isOurs({ originalError, path }: GraphQLError): boolean {
  return path !== undefined && originalError !== undefined && !(originalError instanceof CairnError);
}

/** A message may quote a variable, which is as long as the caller likes. */
function shown({ message }: GraphQLError): string {
  return message.length > messageCharsMax ? `${message.slice(0, messageCharsMax)}…` : message;
}

const nesting: ReadonlySet<string> = new Set([Kind.SELECTION_SET, Kind.LIST, Kind.OBJECT, Kind.LIST_TYPE]);

/** Refuses a document that nests too deeply: those who look at it do so by calls within calls. */
function checkDocumentLevels(document: DocumentNode): void {
  let levels = 0;
  visit(document, {
    enter({ kind }) {
      if (nesting.has(kind) && ++levels > levelsMax) throw tooDeep('query');
    },
    leave({ kind }) {
      if (nesting.has(kind)) levels--;
    },
  });
}

/** The same for a value. */
function checkLevels(field: string, value: unknown, levels: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (levels === 0) throw tooDeep(field);
  for (const member of Object.values(value)) checkLevels(field, member, levels - 1);
}

function tooDeep(field: string): CairnError {
  return new CairnError('invalid', `The ${field} must not nest deeper than ${levelsMax} levels.`, { field });
}

function parsed(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens: tokensMax, noLocation: true });
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep('query');
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
    // As it was given: the endpoint says what is wrong with it.
    long.coerceInputValue = (value) => {
      if (typeof value === 'string' || typeof value === 'number') return value;
      throw new GraphQLError('LongString must be a whole number, as text or not.');
    };
    long.coerceInputLiteral = (node) =>
      node.kind === Kind.INT || node.kind === Kind.STRING ? node.value : undefined;
  }
  return built;
}
