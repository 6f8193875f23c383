import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError, type Page } from '../http/index.ts';
import type { ContainerName } from '../resources.ts';
import { changeAccess, readAccess } from './change.ts';
import { checkedReason, checkedText, checkNumber, unknown } from './checks.ts';
import { endSubject } from './end.ts';
import type { AccessState } from './held.ts';
import { type Asked, pageBy } from './lists.ts';
import {
  accessId,
  defaultWorkspace,
  type GoneDocument,
  type WorkspaceDocument,
  type WorkspaceLimits,
  workspacePattern,
} from './model.ts';
import { accessState } from './state.ts';

const workspacesMax = 1000;
const descriptionCharsMax = 1000;

export type WorkspaceChange = {
  readonly description?: string | undefined;
  /** In place of all limits that were set; `null` for those of the settings again. */
  readonly limits?: WorkspaceLimits | null | undefined;
};

/**
 * Makes a workspace. Throws `conflict` where there is one of the name, or lineage of one that was deleted; `invalid`
 * for what can be no name.
 */
export function createWorkspace(
  ctx: Context,
  name: string,
  change: WorkspaceChange,
): Promise<WorkspaceDocument> {
  if (!workspacePattern.test(name))
    throw new CairnError(
      'invalid',
      "A workspace's name has 1 to 63 lower-case letters, digits and hyphens, and begins with a letter or digit.",
      { field: 'name' },
    );
  if (name === defaultWorkspace) throw taken(name);
  checkRetention(ctx, change);
  return changeAccess(ctx, async (state) => {
    checkNumber('workspaces', state.workspaces.size, workspacesMax);
    const before = await readAccess<WorkspaceDocument>(ctx, 'workspace', name);
    if (before?.doc.type === 'workspace') throw taken(name, before.doc);
    if (before && (await hasLineage(ctx, name)))
      throw new CairnError(
        'conflict',
        `A workspace '${name}' was deleted, and the lineage of it is kept: who enters this one would read it. Choose another name.`,
        { field: 'name' },
      );
    const after = changed(
      { ...unchanged(name), createdAt: ctx.clock.now(), createdBy: ctx.principal.id },
      change,
    );
    const told = { type: 'workspace.created', subject: { name } } as const;
    return { edits: [{ before, after, told }], result: after };
  });
}

/** Describes a workspace otherwise, or limits it otherwise. Throws `not-found`. */
export function changeWorkspace(
  ctx: Context,
  name: string,
  change: WorkspaceChange,
): Promise<WorkspaceDocument> {
  checkRetention(ctx, change);
  return changeAccess(ctx, async () => {
    const before = await readAccess<WorkspaceDocument>(ctx, 'workspace', name);
    const known = docOf(name, before);
    const after = changed(known, change);
    if (JSON.stringify(after) === JSON.stringify(known)) return { edits: [], result: known };
    const told = { type: 'workspace.updated', subject: { name } } as const;
    return { edits: [{ before, after, told }], result: after };
  });
}

/**
 * Deletes a workspace in which nothing is, and the rules about it. Throws `invalid-state` with what is in it, and
 * for the default one; `not-found`.
 */
export async function deleteWorkspace(ctx: Context, name: string, reason?: string): Promise<void> {
  if (name === defaultWorkspace)
    throw new CairnError('invalid-state', `Workspace '${name}' is always there.`, { field: 'name' });
  await endSubject(ctx, 'workspace', name, checkedReason(reason), async () => {
    const found = await contents(ctx, name);
    if (found.length === 0) return;
    throw new CairnError(
      'invalid-state',
      `Workspace '${name}' is not empty: ${found.join(', ')}. Delete and purge them first.`,
      { field: 'name' },
    );
  });
}

/** A workspace by name. Throws `not-found`. */
export async function getWorkspace(ctx: Context, name: string): Promise<WorkspaceDocument> {
  const state = await accessState(ctx);
  if (isWorkspace(state, name)) return state.workspaces.get(name) ?? unchanged(name);
  throw unknown('workspace', name, 'name');
}

/** The workspaces that `isShown`, by name. */
export async function listWorkspaces(
  ctx: Context,
  isShown: (name: string, state: AccessState) => boolean,
  asked: Asked,
): Promise<Page<WorkspaceDocument>> {
  const state = await accessState(ctx);
  const names = new Set([defaultWorkspace, ...state.workspaces.keys()]);
  const there = [...names].filter((name) => isWorkspace(state, name) && isShown(name, state));
  return pageBy(
    there.map((name) => state.workspaces.get(name) ?? unchanged(name)),
    ({ name }) => name,
    asked,
  );
}

/** Whether there is a workspace of a name. */
export function isWorkspace({ workspaces }: AccessState, name: string): boolean {
  const known = workspaces.get(name);
  return known ? !known.ending : name === defaultWorkspace;
}

function docOf(
  name: string,
  stored: Stored<WorkspaceDocument | GoneDocument> | undefined,
): WorkspaceDocument {
  if (stored?.doc.type === 'workspace' && !stored.doc.ending) return stored.doc;
  if (!stored && name === defaultWorkspace) return unchanged(name);
  throw unknown('workspace', name, 'name');
}

/** The default workspace is there without a document until something about it is said. */
function unchanged(name: string): WorkspaceDocument {
  return {
    id: accessId('workspace', name),
    type: 'workspace',
    v: 1,
    workspace: '*',
    seq: 0,
    name,
    description: '',
    createdAt: 0,
    createdBy: 'cairn',
  };
}

function changed(
  { limits: held, ...doc }: WorkspaceDocument,
  { description, limits }: WorkspaceChange,
): WorkspaceDocument {
  const next = limits === undefined ? held : (limits ?? undefined);
  return {
    ...doc,
    description:
      description === undefined
        ? doc.description
        : checkedText(description, 'description', descriptionCharsMax),
    ...(next && Object.keys(next).length > 0 ? { limits: next } : {}),
  };
}

function checkRetention({ settings }: Context, { limits }: WorkspaceChange): void {
  const days = limits?.batchRetentionDays;
  if (days === undefined || days <= settings.retentionDaysMax) return;
  throw new CairnError(
    'invalid',
    `This deployment keeps nothing for longer than ${settings.retentionDaysMax} days (CAIRN_RETENTION_DAYS_MAX).`,
    { field: 'limits.batch_retention_days' },
  );
}

function taken(name: string, doc?: WorkspaceDocument): CairnError {
  return new CairnError(
    'conflict',
    doc?.ending
      ? `Workspace '${name}' is being deleted; try again shortly.`
      : `There is a workspace '${name}' already.`,
    { field: 'name' },
  );
}

/** What makes a workspace not empty. An experiment in the bin is still there; that of MLflow comes by itself. */
const kinds: readonly { container: ContainerName; type: string; what: string; except?: string }[] = [
  { container: 'experiments', type: 'experiment', what: 'experiments', except: " AND c.experimentId != '0'" },
  { container: 'models', type: 'model', what: 'registered models' },
  { container: 'endpoints', type: 'endpoint', what: 'endpoints' },
  {
    container: 'endpoints',
    type: 'gone-endpoint',
    what: 'deleted endpoints whose logs are kept',
    except: ' AND c.keepsUntil > @now',
  },
  { container: 'monitors', type: 'monitor', what: 'monitors' },
  { container: 'webhooks', type: 'webhook', what: 'webhooks' },
];

/** Whether there is lineage under the name of a workspace: it is kept for good, and keeps nobody from deleting one. */
async function hasLineage(ctx: Context, workspace: string): Promise<boolean> {
  const found = await ctx.stores.documents('lineage').query<string>(
    {
      text: 'SELECT VALUE c.id FROM c WHERE c.workspace = @workspace',
      values: { workspace },
    },
    { limit: 1, consistency: 'strong' },
  );
  return found.length > 0;
}

async function contents(ctx: Context, workspace: string): Promise<string[]> {
  const counts = await Promise.all(
    kinds.map(({ container, type, except = '' }) =>
      ctx.stores.documents(container).query<number>(
        {
          text: `SELECT VALUE COUNT(1) FROM c WHERE c.type = @type${except}`,
          values: { type, now: ctx.clock.now() },
        },
        { key: [workspace], consistency: 'strong' },
      ),
    ),
  );
  const runs = await ctx.stores.documents('runs').query<string>(
    {
      text: "SELECT VALUE c.runId FROM c WHERE c.type = 'run' AND c.workspace = @workspace",
      values: { workspace },
    },
    { limit: 1, consistency: 'strong' },
  );
  return [
    ...kinds.flatMap(({ what }, i) => (counts[i]?.[0] ? [`${counts[i][0]} ${what}`] : [])),
    ...(runs.length > 0 ? ['runs'] : []),
  ];
}
