import {
  type ErrorShape,
  inferenceError,
  mlflowError,
  problem,
  type Route,
  type Scope,
} from '../../../shared/http/index.ts';

type Json = Readonly<Record<string, unknown>>;

const text = { type: 'string' };

/** How callers say who they are, and what they are told when they may not: the components that {@link securityOf} names. */
export const securityComponents: { readonly securitySchemes: Json; readonly schemas: Json } = {
  securitySchemes: {
    token: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'cairn_<id>_<secret>',
      description: 'A token of this deployment: POST /api/v1/tokens makes one.',
    },
    jwt: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description:
        'An access token of Microsoft Entra ID for this deployment (GET /api/v1/sign-in says which), or of GitHub Actions where a trust names the workflow.',
    },
    basic: {
      type: 'http',
      scheme: 'basic',
      description: 'A user name, and as password a token of theirs or the password that they were given.',
    },
  },
  schemas: {
    MlflowError: objectOf({ error_code: text, message: text }, ['error_code', 'message']),
    InferenceError: objectOf({ error: text }, ['error']),
    Problem: objectOf(
      { type: text, title: text, status: { type: 'integer' }, detail: text, field: text, requestId: text },
      ['type', 'title', 'status', 'detail', 'requestId'],
    ),
  },
};

/** Any one of them does. */
export const signInWays: readonly Json[] = ['token', 'jwt', 'basic'].map((scheme) => ({ [scheme]: [] }));

/**
 * The security of one operation: `security`, the refusals in the shape of its protocol, and as `x-cairn-role` and
 * `x-cairn-scope` the least role and where it is needed.
 */
export function securityOf({ role, scope }: Route, errors: ErrorShape): { operation: Json; responses: Json } {
  if (role === 'public')
    return { operation: { security: [], 'x-cairn-role': role }, responses: refusals(errors, {}) };
  const security = signInWays;
  const unknown = 'Not signed in, or with something that is not, or no longer, good';
  if (role === 'signed-in')
    return {
      operation: { security, 'x-cairn-role': role },
      responses: refusals(errors, { 401: unknown }),
    };
  return {
    operation: { security, 'x-cairn-role': role, 'x-cairn-scope': scopeJson(scope) },
    responses: refusals(errors, { 401: unknown, 403: `Without the role ${role} where it is needed` }),
  };
}

function refusals(errors: ErrorShape, told: Readonly<Record<number, string>>): Json {
  const all = { ...told, default: 'An error, in the shape of its protocol' };
  return Object.fromEntries(
    Object.entries(all).map(([status, description]) => [status, { description, content: contentOf(errors) }]),
  );
}

function contentOf(errors: ErrorShape): Json {
  const name = new Map([
    [mlflowError, 'MlflowError'],
    [inferenceError, 'InferenceError'],
    [problem, 'Problem'],
  ]).get(errors);
  const type = errors === problem ? 'application/problem+json' : 'application/json';
  return { [type]: { schema: name === undefined ? {} : { $ref: `#/components/schemas/${name}` } } };
}

/** `{in: 'deployment' | 'workspace'}`, `{on: [{field, names, role?}], in?: 'workspace'}` or `{among: [type]}`. */
function scopeJson(scope: Scope = 'workspace'): Json {
  if (typeof scope === 'string') return { in: scope };
  if ('among' in scope) return { among: scope.among };
  const on = scope.on.map(({ field, names, role }) => ({ field, names, ...(role && { role }) }));
  return { on, ...(scope.inWorkspace && { in: 'workspace' }) };
}

function objectOf(properties: Json, required: readonly string[]): Json {
  return { type: 'object', properties, required };
}
