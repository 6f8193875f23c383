import type { Context } from '../../context.ts';
import { platform } from '../../context.ts';
import type { Resource } from '../access.ts';
import { changeAccess, type Edit, readAccess } from '../change.ts';
import type { Identity } from '../identity.ts';
import {
  accessId,
  accessKey,
  type GrantDocument,
  type PrincipalDocument,
  type TokenDocument,
} from '../model.ts';
import { covers, type Role } from '../role.ts';
import { accessState } from '../state.ts';
import type { AccessState } from '../held.ts';
import { creation } from '../principals.ts';
import { toldOfGrant } from '../told.ts';
import { storeToken } from './store.ts';
import { newToken } from './text.ts';

/** The service that retrainings and conversions sign in as: to be seen, reviewed and disabled like any other. */
const jobs = 'cairn-jobs';
const jobRole: Role = 'contributor';

/** A job that has been stopped still stores what it had at hand. */
const secondsMore = 300;

/**
 * The text of a token by which a job calls back: of contributors, in its workspace and no other, over `resources`
 * alone where these are given, for as long as it may run. `undefined` where nobody has to sign in. Ended by
 * {@link endJobTokens}.
 */
export async function jobToken(
  ctx: Context,
  { jobId, secondsMax }: { readonly jobId: string; readonly secondsMax: number },
  resources?: readonly Resource[],
): Promise<string | undefined> {
  if (ctx.settings.auth === 'off') return undefined;
  const there: Context = { ...ctx, principal: platform };
  await seeToJobs(there);
  const { id, text, hash } = newToken(ctx.ids);
  const now = ctx.clock.now();
  await storeToken(there, {
    id: `token:${id}`,
    type: 'token',
    v: 1,
    workspace: '*',
    seq: 1,
    tokenId: id,
    name: nameOf(jobId),
    principalId: jobs,
    hash,
    createdAt: now,
    createdBy: platform.id,
    expiresAt: now + (secondsMax + secondsMore) * 1000,
    scopes: { role: jobRole, workspaces: [ctx.workspace], ...(resources ? { resources } : {}) },
  });
  return text;
}

/** Revokes what tokens a job still has. Doing it again does nothing. */
export async function endJobTokens(ctx: Context, jobId: string): Promise<void> {
  if (ctx.settings.auth === 'off') return;
  const live = await ctx.stores.documents('access').query<Pick<TokenDocument, 'tokenId'>>(
    {
      text: "SELECT c.tokenId FROM c WHERE c.type = 'token' AND c.principalId = @jobs AND c.name = @name AND NOT IS_DEFINED(c.revoked)",
      values: { jobs, name: nameOf(jobId) },
    },
    { key: accessKey, consistency: 'strong' },
  );
  const there: Context = { ...ctx, principal: platform };
  const reason = 'The job has ended.';
  if (live.length > 0)
    await changeAccess(there, async () => ({
      edits: (await Promise.all(live.map(async ({ tokenId }) => revocation(there, tokenId, reason)))).flat(),
      result: undefined,
    }));
}

/** Whether who asks signed in by a token of this job; so they are where nobody has to sign in. */
export function isOfJob({ via, token }: Identity, jobId: string): boolean {
  return via === 'open' || (token?.principalId === jobs && token.name === nameOf(jobId));
}

const nameOf = (jobId: string) => `Job ${jobId}`;

async function revocation(ctx: Context, tokenId: string, reason: string): Promise<Edit[]> {
  const before = await readAccess<TokenDocument>(ctx, 'token', tokenId);
  if (before?.doc.type !== 'token' || before.doc.revoked) return [];
  const after: TokenDocument = {
    ...before.doc,
    revoked: { at: ctx.clock.now(), by: ctx.principal.id, reason },
  };
  const subject = { tokenId, principalId: before.doc.principalId };
  return [{ before, after, told: { type: 'token.revoked', reason, subject } }];
}

/** Sees to it that the service of jobs is known, and a contributor where this one runs. */
async function seeToJobs(ctx: Context): Promise<void> {
  if (isSeenTo(await accessState(ctx), ctx.workspace)) return;
  await changeAccess(ctx, async (state) => {
    if (isSeenTo(state, ctx.workspace)) return { edits: [], result: undefined };
    const common = { v: 1, workspace: '*', seq: 0 } as const;
    const at = ctx.clock.now();
    const principal: PrincipalDocument = {
      ...common,
      id: accessId('principal', jobs),
      type: 'principal',
      principalId: jobs,
      name: 'Jobs of the platform',
      kind: 'service',
      createdAt: at,
      createdBy: ctx.principal.id,
    };
    const grantId = ctx.ids.hex(8);
    const after: GrantDocument = {
      ...common,
      id: accessId('grant', grantId),
      type: 'grant',
      grantId,
      subject: `principal:${jobs}`,
      inWorkspace: ctx.workspace,
      rule: { effect: 'allow', role: jobRole },
      grantedBy: ctx.principal.id,
      grantedAt: at,
      reason: 'Retrainings and conversions call back by tokens of their own.',
    };
    return {
      edits: [
        ...(state.principals.has(jobs) ? [] : [await creation(ctx, principal)]),
        { after, told: { type: 'grant.created', subject: toldOfGrant(after) } },
      ],
      result: undefined,
    };
  });
}

function isSeenTo(state: AccessState, workspace: string): boolean {
  const grants = [...(state.grants.get(`principal:${jobs}`)?.values() ?? [])];
  return (
    state.principals.has(jobs) &&
    grants.some(
      ({ inWorkspace, resource, rule }) =>
        inWorkspace === workspace && !resource && (rule.effect === 'deny' || covers(rule.role, jobRole)),
    )
  );
}
