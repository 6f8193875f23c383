import * as z from 'zod';
import {
  accessOfPrincipal,
  accessState,
  getPrincipal,
  type Place,
  type Resource,
  rulesAt,
  setRule,
} from '../../../shared/access/index.ts';
import type { Context } from '../../../shared/context.ts';
import { CairnError, fields, type Route, unlessCode } from '../../../shared/http/index.ts';
import { modelByName } from '../../../shared/registry/index.ts';
import { getExperiment } from '../../../shared/tracking/index.ts';
import { mlflow, mlflowAt } from '../mlflow.ts';
import {
  heldPermission,
  type Permission,
  permission,
  permissionOf,
  ruleOf,
  userNumber,
  workspaceRuleOf,
} from './permission.ts';
import { isSelf, requireSelfOr } from './users.ts';

const username = fields.requiredText;

/** The kinds of resource that permissions of MLflow are about, and how its calls name one. */
const kinds = {
  experiments: {
    field: 'experiment_id',
    names: 'experiment',
    answer: 'experiment_permission',
    find: async (ctx: Context, id: string): Promise<Resource> => ({
      type: 'experiment',
      id: (await getExperiment(ctx, id)).experimentId,
    }),
  },
  'registered-models': {
    field: 'name',
    names: 'model-name',
    answer: 'registered_model_permission',
    find: async (ctx: Context, name: string): Promise<Resource> => ({
      type: 'model',
      id: (await modelByName(ctx, name)).modelId,
    }),
  },
} as const;

/** Permissions of users over single experiments and models, as clients of MLflow 2 ask for them. */
export const permissions: readonly Route[] = Object.entries(kinds).flatMap(([path, kind]) => {
  const scope = { on: [{ field: kind.field, names: kind.names }] };
  const input = z.object({ [kind.field]: fields.requiredText, username });
  const changed = input.extend({ permission });
  const placeOf = async (ctx: Context, given: Record<string, unknown>): Promise<Place> => ({
    principalId: (await getPrincipal(ctx, String(given['username']))).principalId,
    workspace: ctx.workspace,
    resource: await kind.find(ctx, String(given[kind.field])),
  });
  const shown = (place: Place, given: Record<string, unknown>, held: string) => ({
    [kind.answer]: {
      [kind.field]: given[kind.field],
      user_id: userNumber(place.principalId),
      permission: held,
      ...(kind.field === 'name' ? { workspace: place.workspace } : {}),
    },
  });
  return [
    ...mlflow('POST', `${path}/permissions/create`, 'admin', {
      scope,
      input: changed,
      async handle(ctx, given) {
        const place = await placeOf(ctx, given);
        await setRule(ctx, ctx.access, place, ruleOf(given.permission as Permission), 'absent');
        return shown(place, given, given.permission);
      },
    }),
    ...mlflow('GET', `${path}/permissions/get`, 'admin', {
      scope,
      input,
      async handle(ctx, given) {
        const place = await placeOf(ctx, given);
        return shown(place, given, await permissionAt(ctx, place));
      },
    }),
    ...mlflow('PATCH', `${path}/permissions/update`, 'admin', {
      scope,
      input: changed,
      handle: async (ctx, given) =>
        setRule(
          ctx,
          ctx.access,
          await placeOf(ctx, given),
          ruleOf(given.permission as Permission),
          'present',
        ),
    }),
    ...mlflow('DELETE', `${path}/permissions/delete`, 'admin', {
      scope,
      input,
      handle: async (ctx, given) => setRule(ctx, ctx.access, await placeOf(ctx, given), undefined, 'present'),
    }),
  ];
});

const target = {
  username,
  resource_type: z.enum(['experiment', 'registered_model', 'prompt', 'workspace'], {
    error:
      'must be one of experiment, registered_model, prompt, workspace: nothing else can be granted by it here',
  }),
  resource_id: fields.requiredText,
};
/** Whoever is admin of anything here may ask; the rule itself asks for admin of what it is about. */
const managing = { among: ['experiment', 'model'] } as const;

/** The same for any resource, as clients of MLflow 3 ask for it. */
export const userPermissions: readonly Route[] = [
  ...mlflowAt('3.0', 'POST', 'users/permissions/grant', 'admin', {
    scope: managing,
    input: z.object({ ...target, permission }),
    async handle(ctx, given) {
      const place = await managedTarget(ctx, given);
      const rule = place.resource ? ruleOf(given.permission) : workspaceRuleOf(given.permission);
      await setRule(ctx, ctx.access, place, rule);
    },
  }),
  ...mlflowAt('3.0', 'POST', 'users/permissions/revoke', 'admin', {
    scope: managing,
    input: z.object(target),
    handle: async (ctx, given) => setRule(ctx, ctx.access, await managedTarget(ctx, given), undefined),
  }),
  ...mlflowAt('3.0', 'GET', 'users/permissions/get', 'signed-in', {
    input: z.object(target),
    async handle(ctx, given) {
      requireSelfOr(ctx, given.username, ctx.access.may('admin'));
      if (isSelf(ctx, given.username)) return allowed(await ownPermission(ctx, given));
      return allowed(await heldBy(ctx, await targetOf(ctx, given)));
    },
  }),
];

function allowed(held: string) {
  return { allowed: held !== 'NO_PERMISSIONS', permission: held };
}

type Target = z.output<z.ZodObject<typeof target>>;

/** What the caller themselves hold: of what they may not see the same as of what is not there. */
async function ownPermission(ctx: Context, given: Target): Promise<Permission> {
  const place = ctx.access.isMember ? await unlessCode(targetOf(ctx, given), 'not-found') : undefined;
  return place ? heldPermission(ctx.access, place.resource) : 'NO_PERMISSIONS';
}

/** What a rule is to be about. Whoever is no admin of it gets the same answer whether it exists or not. */
async function managedTarget(ctx: Context, given: Target): Promise<Place> {
  if (given.resource_type === 'workspace' || ctx.access.may('admin')) return targetOf(ctx, given);
  const place = await unlessCode(targetOf(ctx, given), 'not-found', 'invalid');
  if (place && ctx.access.may('admin', place.resource)) return place;
  throw new CairnError(
    'forbidden',
    `Needs MANAGE on ${given.resource_type} '${given.resource_id}'; ask an admin of workspace '${ctx.workspace}'.`,
    { field: 'resource_id' },
  );
}

async function targetOf(
  ctx: Context,
  { username: name, resource_type: type, resource_id: id }: Target,
): Promise<Place> {
  const place = { principalId: name.toLowerCase(), workspace: ctx.workspace };
  switch (type) {
    case 'experiment':
      return { ...place, resource: await kinds.experiments.find(ctx, id) };
    case 'registered_model':
    case 'prompt':
      return { ...place, resource: await kinds['registered-models'].find(ctx, id) };
    case 'workspace':
      return place;
  }
}

/** What is said of a user by itself, else what it holds by other rules. Throws `not-found` where it holds nothing. */
async function permissionAt(ctx: Context, place: Place): Promise<string> {
  const [own] = rulesAt(await accessState(ctx), place, ctx.clock.now());
  if (own) return permissionOf(own.rule);
  const by = await heldBy(ctx, place);
  if (by !== 'NO_PERMISSIONS') return by;
  throw new CairnError('not-found', `User '${place.principalId}' has no permission there.`, {
    field: 'username',
  });
}

async function heldBy(ctx: Context, { principalId, resource }: Place) {
  const principal = await getPrincipal(ctx, principalId);
  return heldPermission(accessOfPrincipal(ctx, await accessState(ctx), principal, ctx.workspace), resource);
}
