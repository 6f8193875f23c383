import type { Context } from '../../context.ts';
import { type Described, describedOf } from './described.ts';
import { objectOf, type Schema } from './elements.ts';
import { type Example, exampleFor } from './example.ts';
import { inferRequestSchema, inferResponseSchema } from './infer-schema.ts';
import { invocationRequestSchema, invocationResponseSchema } from './invocation-schema.ts';

/** What the deployment as a whole says of signing in: the same for each operation here. */
export type SignIn = {
  /** Security requirements of an operation; none where nobody signs in. */
  readonly security: readonly Schema[];
  readonly securitySchemes: Schema;
};

const text = { type: 'string' };
const errors = {
  MlflowError: objectOf({ error_code: text, message: text }),
  InferenceError: objectOf({ error: text }),
};
type ErrorName = keyof typeof errors;

/**
 * The OpenAPI 3.1 document of one endpoint: both protocols with the columns, types, sizes and labels of the model
 * that answers, an example that works, and what is answered where a call fails. Throws as {@link describedOf}.
 */
export async function endpointOpenApi(
  ctx: Context,
  name: string,
  deployment: string | undefined,
  { security, securitySchemes }: SignIn,
): Promise<Record<string, unknown>> {
  const described = await describedOf(ctx, name, deployment);
  const example = await exampleFor(ctx, described);
  const { ready } = described.model;
  const common = { tags: [name], parameters: parametersOf(ctx, described), security };
  const isOpen = security.length === 0;
  return {
    openapi: '3.1.0',
    info: {
      title: name,
      version: String(ready.version),
      description: `Version ${ready.version} of the model '${described.deployment.model}', in deployment '${described.deployment.name}'.`,
    },
    servers: [{ url: ctx.settings.inferenceUrl.replace(/\/+$/, '') }],
    paths: {
      [`/endpoints/${name}/invocations`]: {
        post: {
          operationId: 'invoke',
          summary: 'Score rows, in the protocol of MLflow’s scoring server.',
          ...common,
          requestBody: { required: true, content: invocationContent(described, example) },
          responses: {
            200: success(
              'The predictions, and ids for the labels to come.',
              invocationResponseSchema(described),
            ),
            ...failures('MlflowError', isOpen),
            415: {
              description: 'A body of another content type.',
              content: { 'text/plain': { schema: text } },
            },
          },
        },
      },
      [`/v2/models/${name}/infer`]: {
        post: {
          operationId: 'infer',
          summary: 'Score tensors, in the Open Inference Protocol v2.',
          ...common,
          parameters: [...common.parameters, headerLength],
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: inferRequestSchema(described), example: example.infer },
              ...binary,
            },
          },
          responses: {
            200: success('The output tensors.', inferResponseSchema(described), binary),
            ...failures('InferenceError', isOpen),
            415: failure('A body of another content type.', 'InferenceError'),
          },
        },
      },
    },
    components: { securitySchemes, schemas: errors },
  };
}

function parametersOf({ workspace }: Context, { endpoint }: Described): Schema[] {
  const { deployments, sticky } = endpoint;
  return [
    {
      name: 'X-MLFLOW-WORKSPACE',
      in: 'header',
      required: workspace !== 'default',
      schema: { const: workspace },
    },
    {
      name: 'x-cairn-deployment',
      in: 'header',
      required: false,
      description: 'The deployment that has to answer, whatever the shares of traffic.',
      schema: { enum: deployments.map((each) => each.name) },
    },
    ...(sticky?.by === 'header'
      ? [
          {
            name: sticky.name,
            in: 'header',
            required: false,
            description: 'Calls with the same value are answered by the same deployment.',
            schema: text,
          },
        ]
      : []),
  ];
}

function invocationContent(described: Described, { invocations, csv }: Example): Schema {
  return {
    'application/json': { schema: invocationRequestSchema(described), example: invocations },
    ...(csv === null ? {} : { 'text/csv': { schema: text, example: csv } }),
  };
}

/** The binary tensor extension: JSON, and behind it the bytes of the tensors that say `binary_data_size`. */
const binary: Schema = {
  'application/octet-stream': {
    schema: { description: 'JSON as above, and behind it bytes: little-endian, row by row.' },
  },
};
const headerLength: Schema = {
  name: 'Inference-Header-Content-Length',
  in: 'header',
  required: false,
  description: 'Length of the JSON in bytes, where tensors follow it as bytes.',
  schema: { type: 'integer', minimum: 2 },
};

function success(description: string, schema: Schema, other: Schema = {}): Schema {
  return {
    description,
    headers: {
      'x-cairn-deployment': { description: 'The deployment that answered.', schema: text },
      'x-cairn-version': { description: 'The version of its model.', schema: text },
    },
    content: { 'application/json': { schema }, ...other },
  };
}

function failures(name: ErrorName, isOpen: boolean): Schema {
  const told: Readonly<Record<string, string>> = {
    400: 'What was sent does not fit the model; the message names the field and the fix.',
    ...(isOpen
      ? {}
      : {
          401: 'Not signed in, or with something that is not, or no longer, good.',
          403: 'Without the role viewer on the endpoint.',
        }),
    404: 'No such endpoint, deployment or version.',
    409: 'The version that should answer cannot be served; the message says why.',
    413: 'More bytes or rows than the endpoint takes, or an answer of more bytes.',
    429: 'Too many calls wait already; Retry-After says for how long to stay away.',
    500: 'The model failed to run.',
    503: 'No version is ready yet; Retry-After says for how long to stay away.',
    504: 'It took longer than the endpoint allows.',
  };
  return Object.fromEntries(
    Object.entries(told).map(([status, description]) => [status, failure(description, name)]),
  );
}

function failure(description: string, name: ErrorName): Schema {
  return {
    description,
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  };
}
