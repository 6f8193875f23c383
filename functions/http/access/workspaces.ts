import * as z from 'zod';
import {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  getWorkspace,
  type WorkspaceDocument,
  type WorkspaceLimits,
} from '../../../shared/access/index.ts';
import { endEmptyLogs } from '../../../shared/erasure/index.ts';
import { fields, json, type Route, route } from '../../../shared/http/index.ts';
import { accessElsewhere, enterableWorkspaces } from '../workspace.ts';
import { asked, inputs, listed, nothing } from './shapes.ts';

const positive = fields.int64.pipe(z.number().min(1, 'must be above 0'));

const changes = {
  description: inputs.text(1000).optional(),
  limits: z
    .strictObject({
      calls_per_minute: positive.optional(),
      storage_gb: z.number().positive('must be above 0').optional(),
      batch_rows_per_month: positive.optional(),
      batch_retention_days: positive.optional(),
    })
    .transform(
      (limits): WorkspaceLimits => ({
        ...(limits.calls_per_minute === undefined ? {} : { callsPerMinute: limits.calls_per_minute }),
        ...(limits.storage_gb === undefined ? {} : { storageGb: limits.storage_gb }),
        ...(limits.batch_rows_per_month === undefined
          ? {}
          : { batchRowsPerMonth: limits.batch_rows_per_month }),
        ...(limits.batch_retention_days === undefined
          ? {}
          : { batchRetentionDays: limits.batch_retention_days }),
      }),
    )
    .nullable()
    .optional(),
};

/** Workspaces. Everyone sees those in which they hold a role; admins of the deployment make and change them. */
export const workspaces: readonly Route[] = [
  route('GET', '/api/v1/workspaces', {
    operation: 'listWorkspaces',
    role: 'signed-in',
    input: z.strictObject(asked),
    handle: async (ctx, { max_results: limit, page_token: pageToken }, { identity }) => {
      const page = await enterableWorkspaces(ctx, identity, { limit, pageToken });
      return listed('workspaces', page, page.items.map(shown));
    },
  }),
  route('POST', '/api/v1/workspaces', {
    operation: 'createWorkspace',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name, ...changes }),
    handle: async (ctx, { name, ...change }) => json(shown(await createWorkspace(ctx, name, change)), 201),
  }),
  route('GET', '/api/v1/workspaces/{name}', {
    operation: 'getWorkspace',
    role: 'signed-in',
    input: z.strictObject({ name: inputs.name }),
    handle: async (ctx, { name }, { identity }) => {
      await accessElsewhere(ctx, identity, name, 'name');
      return shown(await getWorkspace(ctx, name));
    },
  }),
  route('PATCH', '/api/v1/workspaces/{name}', {
    operation: 'changeWorkspace',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name, ...changes }),
    handle: async (ctx, { name, ...change }) => shown(await changeWorkspace(ctx, name, change)),
  }),
  route('DELETE', '/api/v1/workspaces/{name}', {
    operation: 'deleteWorkspace',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name, reason: inputs.reason }),
    handle: async (ctx, { name, reason }) => {
      await endEmptyLogs(ctx, name);
      await deleteWorkspace(ctx, name, reason);
      return nothing();
    },
  }),
];

function shown({ name, description, createdAt, createdBy, limits = {} }: WorkspaceDocument) {
  const { callsPerMinute, storageGb, batchRowsPerMonth, batchRetentionDays } = limits;
  return {
    name,
    description,
    created_at: createdAt,
    created_by: createdBy,
    limits: {
      ...(callsPerMinute === undefined ? {} : { calls_per_minute: callsPerMinute }),
      ...(storageGb === undefined ? {} : { storage_gb: storageGb }),
      ...(batchRowsPerMonth === undefined ? {} : { batch_rows_per_month: batchRowsPerMonth }),
      ...(batchRetentionDays === undefined ? {} : { batch_retention_days: batchRetentionDays }),
    },
  };
}
