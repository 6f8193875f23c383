import * as z from 'zod';

/** What JSON holds. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Schema = Parameters<typeof z.fromJSONSchema>[0];

const ref = z.strictObject({ $ref: z.string().startsWith('#/components/schemas/') });
const schema = z.union([ref, z.record(z.string(), z.unknown()).refine(isSchema)]);
const media = z.strictObject({ schema, example: z.unknown().optional() });
const content = z.record(z.string().regex(/^[a-z]+\/[a-z.+-]+$/), media);
const headers = z.record(z.string(), z.strictObject({ description: z.string(), schema }));
const response = z.strictObject({
  description: z.string().min(1),
  headers: headers.optional(),
  content: content.optional(),
});
const operation = z.strictObject({
  operationId: z.string().min(1),
  summary: z.string(),
  tags: z.array(z.string()),
  parameters: z.array(
    z.strictObject({
      name: z.string().min(1),
      in: z.enum(['query', 'header', 'path', 'cookie']),
      required: z.boolean(),
      description: z.string().optional(),
      schema,
    }),
  ),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z.strictObject({ required: z.literal(true), content }),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), response),
});

/** The objects of https://spec.openapis.org/oas/v3.1.0 that a document of an endpoint uses, and no field beside them. */
export const document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.strictObject({ url: z.url() })).min(1),
  paths: z.record(z.string().startsWith('/'), z.strictObject({ post: operation })),
  components: z.strictObject({
    securitySchemes: z.record(z.string(), z.looseObject({ type: z.enum(['http', 'apiKey', 'oauth2']) })),
    schemas: z.record(z.string(), schema),
  }),
});
export type Document = z.output<typeof document>;

const keywords = {
  lists: ['anyOf', 'oneOf', 'prefixItems'],
  maps: ['properties'],
  schemas: ['items', 'additionalProperties'],
  values: 'type format pattern enum const minimum maximum minItems maxItems uniqueItems required description',
};

/** Whether a schema uses only keywords of draft 2020-12 that are known here, with no empty list where one must not be. */
function isSchema(given: unknown): boolean {
  if (typeof given === 'boolean') return true;
  if (typeof given !== 'object' || given === null) return false;
  return Object.entries(given).every(([keyword, value]: [string, unknown]) => {
    if (keywords.lists.includes(keyword))
      return Array.isArray(value) && value.length > 0 && value.every(isSchema);
    if (keywords.maps.includes(keyword)) return Object.values(value as object).every(isSchema);
    if (keywords.schemas.includes(keyword)) return isSchema(value);
    return keywords.values.split(' ').includes(keyword);
  });
}

/** Whether a value is as a schema of the document has it. Throws for a schema that is none. */
export function conforms({ components }: Document, stated: unknown, value: unknown): boolean {
  const { $ref } = stated as { $ref?: string };
  const found = $ref === undefined ? stated : components.schemas[$ref.split('/').at(-1) ?? ''];
  return z.fromJSONSchema(found as Schema, { defaultTarget: 'draft-2020-12' }).safeParse(value).success;
}
