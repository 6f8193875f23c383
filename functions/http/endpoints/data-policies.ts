import * as z from 'zod';
import { fields, json, type Route, route } from '../../../shared/http/index.ts';
import {
  type DataPolicy,
  type HashKeyFacts,
  listHashKeys,
  retentionDaysDefault,
  rotateHashKey,
} from '../../../shared/privacy/index.ts';
import { getDataPolicy, putDataPolicy } from '../../../shared/endpoints/index.ts';

const columnsMax = 1000;
const column = z
  .string({ error: 'must be the name of a column' })
  .min(1, 'must be the name of a column')
  .max(250, 'must be at most 250 characters');

const newPolicy = z.strictObject({
  name: fields.requiredText,
  purpose: z
    .string({ error: 'must say what the predictions are kept for' })
    .trim()
    .min(1, 'must say what the predictions are kept for')
    .max(2000, 'must be at most 2000 characters'),
  retention_days: z
    .number({ error: 'must be a number of days' })
    .int('must be a whole number of days')
    .min(1, 'must be at least 1')
    .default(retentionDaysDefault),
  pii: z
    .record(column, z.enum(['mask', 'hash'], "must be 'mask' or 'hash'"), { error: 'must be an object' })
    .refine((pii) => Object.keys(pii).length <= columnsMax, `must name at most ${columnsMax} columns`)
    .default({}),
  subject_key: column.optional(),
});

const onEndpoint = { on: [{ field: 'name', names: 'endpoint' }] } as const;

/** What an endpoint logs, for how long, and which columns are personal data; and the keys that these are hashed by. */
export const dataPolicyRoutes: readonly Route[] = [
  route('GET', '/api/v1/endpoints/{name}/data-policy', {
    operation: 'getDataPolicy',
    role: 'viewer',
    scope: onEndpoint,
    input: z.strictObject({ name: fields.requiredText }),
    handle: async (ctx, { name }) => policyResponse(name, await getDataPolicy(ctx, name)),
  }),
  route('PUT', '/api/v1/endpoints/{name}/data-policy', {
    operation: 'putDataPolicy',
    role: 'operator',
    scope: onEndpoint,
    input: newPolicy,
    async handle(ctx, { name, purpose, retention_days, pii, subject_key }, { request }) {
      const input = { purpose, retentionDays: retention_days, pii, subjectKey: subject_key };
      return policyResponse(name, await putDataPolicy(ctx, name, input, ifMatchOf(request)));
    },
  }),
  route('GET', '/api/v1/hash-keys', {
    operation: 'listHashKeys',
    role: 'admin',
    scope: 'workspace',
    input: z.strictObject({}),
    handle: async (ctx) => ({ hash_keys: (await listHashKeys(ctx)).map(presentKey) }),
  }),
  route('POST', '/api/v1/hash-keys', {
    operation: 'rotateHashKey',
    role: 'admin',
    scope: 'workspace',
    input: z.strictObject({ reason: fields.requiredText.max(2000, 'must be at most 2000 characters') }),
    handle: async (ctx, { reason }) => json(presentKey(await rotateHashKey(ctx, reason)), 201),
  }),
];

/** The version that the caller read; what is no version of a policy matches none. */
function ifMatchOf(request: Request): string | undefined {
  return request.headers
    .get('if-match')
    ?.trim()
    .replace(/^(W\/)?"(.*)"$/, '$2');
}

/** Version 0 is what there is before anybody has said anything. */
function policyResponse(endpoint: string, policy: DataPolicy | undefined): Response {
  const body = {
    endpoint,
    version: policy?.version ?? 0,
    purpose: policy?.purpose ?? null,
    retention_days: policy?.retentionDays ?? null,
    pii: policy?.pii ?? {},
    subject_key: policy?.subjectKey ?? null,
    changed_at: policy?.changedAt ?? null,
    changed_by: policy?.changedBy ?? null,
  };
  return json(body, 200, { etag: `"${body.version}"` });
}

function presentKey({ keyId, at }: HashKeyFacts) {
  return { key_id: keyId, created_at: at };
}
