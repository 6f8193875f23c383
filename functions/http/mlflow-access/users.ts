import * as z from 'zod';
import {
  accessOfPrincipal,
  accessState,
  createPrincipal,
  deletePrincipal,
  type GrantDocument,
  getPrincipal,
  listPrincipals,
  passwordHash,
  type PrincipalDocument,
  setPassword,
  setRule,
  verifyPassword,
} from '../../../shared/access/index.ts';
import type { Context } from '../../../shared/context.ts';
import { CairnError, fields, type Route, unlessCode } from '../../../shared/http/index.ts';
import { modelNames } from '../../../shared/registry/index.ts';
import { mlflow, mlflowAt } from '../mlflow.ts';
import { permissionOf, userNumber, workspacePermissionOf } from './permission.ts';

const username = fields.requiredText.max(100, 'must have at most 100 characters');
const password = fields.requiredText;
const deploymentAdmin = { role: 'admin', scope: 'deployment' } as const;
/** MLflow's own server lists all at once. */
const listedMax = 10_000;

/** MLflow's users: principals with a password. */
export const users: readonly Route[] = [
  ...mlflow('POST', 'users/create', deploymentAdmin.role, {
    scope: deploymentAdmin.scope,
    input: z.object({ username, password }),
    async handle(ctx, input) {
      const kept = await passwordHash(input.password);
      const made = await unlessCode(
        createPrincipal(ctx, { name: input.username, password: kept }),
        'conflict',
      );
      if (made) return { user: await shown(ctx, made) };
      throw new CairnError('already-exists', `User (username=${input.username}) already exists.`, {
        field: 'username',
      });
    },
  }),
  ...mlflow('GET', 'users/get', 'signed-in', {
    input: z.object({ username }),
    async handle(ctx, input) {
      requireSelfOr(ctx, input.username, ctx.access.may('admin'));
      return { user: await shown(ctx, await getPrincipal(ctx, input.username)) };
    },
  }),
  ...mlflow('GET', 'users/list', 'admin', {
    scope: 'workspace',
    input: z.object({}),
    async handle(ctx) {
      const { items } = await listPrincipals(ctx, { limit: listedMax, pageToken: undefined });
      return {
        users: await Promise.all(items.map(async (user) => ({ ...(await summary(ctx, user)), roles: [] }))),
      };
    },
  }),
  ...mlflow('GET', 'users/current', 'signed-in', {
    input: z.object({}),
    async handle(ctx) {
      const { id: principalId, name } = ctx.principal;
      const known = (await accessState(ctx)).principals.get(principalId);
      return {
        user: await summary(ctx, known ?? { principalId, name, kind: 'user' }),
        is_basic_auth: known?.password !== undefined,
      };
    },
  }),
  ...mlflow('PATCH', 'users/update-password', 'signed-in', {
    input: z.object({ username, password, current_password: fields.text.optional() }),
    async handle(ctx, input) {
      requireSelfOr(ctx, input.username, ctx.access.inDeployment === 'admin');
      const { principalId } = await getPrincipal(ctx, input.username);
      if (isSelf(ctx, principalId)) await checkCurrent(ctx, input);
      await setPassword(ctx, principalId, input.password);
    },
  }),
  ...mlflow('PATCH', 'users/update-admin', deploymentAdmin.role, {
    scope: deploymentAdmin.scope,
    input: z.object({ username, is_admin: z.boolean({ error: 'must be true or false' }) }),
    async handle(ctx, input) {
      const { principalId } = await getPrincipal(ctx, input.username);
      const rule = input.is_admin ? ({ effect: 'allow', role: 'admin' } as const) : undefined;
      await setRule(ctx, ctx.access, { principalId, workspace: '*' }, rule);
    },
  }),
  ...mlflow('DELETE', 'users/delete', deploymentAdmin.role, {
    scope: deploymentAdmin.scope,
    input: z.object({ username }),
    async handle(ctx, input) {
      if (isSelf(ctx, input.username))
        throw new CairnError('bad-request', 'Nobody deletes their own account; ask another admin.', {
          field: 'username',
        });
      await deletePrincipal(ctx, input.username);
    },
  }),
  ...mlflowAt('3.0', 'GET', 'users/current/permissions', 'signed-in', {
    input: z.object({}),
    handle: (ctx) => permissionsOf(ctx, ctx.principal.id),
  }),
  ...mlflowAt('3.0', 'GET', 'users/permissions/list', 'signed-in', {
    input: z.object({ username }),
    async handle(ctx, input) {
      requireSelfOr(ctx, input.username, ctx.access.may('admin'));
      return permissionsOf(ctx, (await getPrincipal(ctx, input.username)).principalId);
    },
  }),
];

export function isSelf(ctx: Context, name: string): boolean {
  return ctx.principal.id === name.toLowerCase();
}

/** The same answer for users who exist and who do not. */
export function requireSelfOr(ctx: Context, name: string, mayAsk: boolean): void {
  if (mayAsk || isSelf(ctx, name)) return;
  throw new CairnError('forbidden', 'Permission denied: of others only admins may ask, and change anything.');
}

/** Whoever finds a session open does not make it their own. */
async function checkCurrent(
  ctx: Context,
  { password: next, current_password: current }: { password: string; current_password?: string | undefined },
): Promise<void> {
  const refused = (message: string) => new CairnError('invalid', message, { field: 'current_password' });
  if (!current) throw refused('To change your own password, give the one you have as current_password.');
  if (!(await verifyPassword(ctx, ctx.principal.id, current)))
    throw refused('current_password is not your password.');
  if (next === current) throw refused('The new password must differ from the current one.');
}

async function summary(ctx: Context, principal: Pick<PrincipalDocument, 'principalId' | 'name' | 'kind'>) {
  const state = await accessState(ctx);
  return {
    id: userNumber(principal.principalId),
    username: principal.principalId,
    is_admin: accessOfPrincipal(ctx, state, principal, ctx.workspace).inDeployment === 'admin',
  };
}

/** A user with what is said of it by itself in this workspace, as clients of MLflow 2 read it. */
async function shown(ctx: Context, principal: PrincipalDocument) {
  const number = userNumber(principal.principalId);
  const own = await ownRules(ctx, principal.principalId);
  const names = await modelNames(ctx, idsOf(own, 'model'));
  return {
    ...(await summary(ctx, principal)),
    experiment_permissions: own
      .filter(({ resource }) => resource?.type === 'experiment')
      .map(({ resource, rule }) => ({
        experiment_id: resource?.id,
        user_id: number,
        permission: permissionOf(rule),
      })),
    registered_model_permissions: own
      .filter(({ resource }) => resource?.type === 'model' && names.has(resource.id))
      .map(({ resource, rule }) => ({
        name: names.get(resource?.id ?? ''),
        workspace: ctx.workspace,
        user_id: number,
        permission: permissionOf(rule),
      })),
    scorer_permissions: [],
  };
}

/** The same as clients of MLflow 3 read it: a row for each rule. */
async function permissionsOf(ctx: Context, principalId: string) {
  const state = await accessState(ctx);
  const known = state.principals.get(principalId) ?? {
    principalId,
    name: principalId,
    kind: 'user' as const,
  };
  const own = await ownRules(ctx, principalId);
  const names = await modelNames(ctx, idsOf(own, 'model'));
  const types = {
    experiment: 'experiment',
    model: 'registered_model',
    endpoint: 'gateway_endpoint',
  } as const;
  return {
    is_admin: accessOfPrincipal(ctx, state, known, ctx.workspace).inDeployment === 'admin',
    permissions: own.map(({ inWorkspace, resource, rule }) => ({
      role_id: userNumber(principalId),
      role_name: `__user_${userNumber(principalId)}__`,
      workspace: inWorkspace,
      resource_type: resource ? types[resource.type] : 'workspace',
      resource_pattern: resource ? (names.get(resource.id) ?? resource.id) : '*',
      permission: resource ? permissionOf(rule) : workspacePermissionOf(rule),
    })),
  };
}

async function ownRules(ctx: Context, principalId: string): Promise<GrantDocument[]> {
  const { grants } = await accessState(ctx);
  return [...(grants.get(`principal:${principalId}`)?.values() ?? [])].filter(
    ({ inWorkspace, expiresAt }) =>
      (inWorkspace === ctx.workspace || inWorkspace === '*') && (expiresAt ?? Infinity) > ctx.clock.now(),
  );
}

function idsOf(rules: readonly GrantDocument[], type: string): string[] {
  return rules.flatMap(({ resource }) => (resource?.type === type ? [resource.id] : []));
}
