import * as z from 'zod';
import {
  changeWorkspace,
  createWorkspace,
  defaultWorkspace,
  deleteWorkspace,
  getWorkspace,
  type WorkspaceDocument,
} from '../../../shared/access/index.ts';
import { endEmptyLogs } from '../../../shared/erasure/index.ts';
import { CairnError, fields, json, type Route, unlessCode } from '../../../shared/http/index.ts';
import { mlflowAt } from '../mlflow.ts';
import { accessElsewhere, enterableWorkspaces } from '../workspace.ts';

const name = { workspace_name: fields.requiredText };
const admin = { role: 'admin', scope: 'deployment' } as const;
/** MLflow's own server lists all at once. */
const listedMax = 10_000;

/** Where a workspace keeps its files is not for a client to say. */
const settings = {
  description: fields.text.optional(),
  default_artifact_root: z
    .literal('', 'cannot be chosen: files of every workspace are kept in the storage of this deployment')
    .optional(),
};

/** MLflow's workspaces. */
export const workspaces: readonly Route[] = [
  ...mlflowAt('3.0', 'GET', 'workspaces', 'signed-in', {
    input: z.object({}),
    async handle(ctx, _input, { identity }) {
      const { items } = await enterableWorkspaces(ctx, identity, { limit: listedMax, pageToken: undefined });
      return { workspaces: items.map(shown) };
    },
  }),
  ...mlflowAt('3.0', 'POST', 'workspaces', admin.role, {
    scope: admin.scope,
    input: z.object({ name: fields.requiredText, ...settings }),
    async handle(ctx, input) {
      if (input.name === defaultWorkspace)
        throw new CairnError(
          'invalid',
          `The '${defaultWorkspace}' workspace is reserved and cannot be created`,
          {
            field: 'name',
          },
        );
      const { description } = input;
      const made = await unlessCode(createWorkspace(ctx, input.name, { description }), 'conflict');
      if (made) return json({ workspace: shown(made) }, 201);
      throw new CairnError('already-exists', `Workspace '${input.name}' already exists.`, { field: 'name' });
    },
  }),
  ...mlflowAt('3.0', 'GET', 'workspaces/{workspace_name}', 'signed-in', {
    input: z.object(name),
    async handle(ctx, { workspace_name }, { identity }) {
      await accessElsewhere(ctx, identity, workspace_name, 'workspace_name');
      return { workspace: shown(await getWorkspace(ctx, workspace_name)) };
    },
  }),
  ...mlflowAt('3.0', 'PATCH', 'workspaces/{workspace_name}', admin.role, {
    scope: admin.scope,
    input: z.object({ ...name, ...settings }),
    handle: async (ctx, { workspace_name, description }) => ({
      workspace: shown(await changeWorkspace(ctx, workspace_name, { description })),
    }),
  }),
  ...mlflowAt('3.0', 'DELETE', 'workspaces/{workspace_name}', admin.role, {
    scope: admin.scope,
    input: z.object(name),
    async handle(ctx, { workspace_name }, { url }) {
      const mode = url.searchParams.get('mode') ?? 'RESTRICT';
      if (mode !== 'RESTRICT')
        throw new CairnError('invalid', `mode is '${mode}', but must be RESTRICT: empty a workspace first.`, {
          field: 'mode',
        });
      await endEmptyLogs(ctx, workspace_name);
      await deleteWorkspace(ctx, workspace_name);
      return new Response(null, { status: 204 });
    },
  }),
];

function shown({ name: called, description }: WorkspaceDocument) {
  return { name: called, description };
}
