import type { AccountState } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { changeAccess, readAccess } from './change.ts';
import { isFirstAdmin } from './decide.ts';
import type { PrincipalDocument } from './model.ts';
import { principalDocument } from './principals.ts';
import { allSeen } from './review-uses.ts';
import { accessState } from './state.ts';

/** How often the directory is asked: with the timer's minute and the queue, whoever leaves it is out within 15 minutes. */
export const directoryCheckSeconds = 600;

/** Who was here this long ago and is not known otherwise holds nothing that still works. */
const seenMillisecondsMax = 2 * 3_600_000;

const reasons: Partial<Record<AccountState, string>> = {
  gone: 'gone from Entra ID',
  disabled: 'disabled in Entra ID',
};

/**
 * Disables the principals of Entra ID whose account there is gone or disabled, so that what they still hold (a
 * token of Entra ID for an hour, Cairn tokens for months) ends. Nobody is enabled again by it. Asks nothing where
 * nobody of Entra ID is about. Returns who was disabled.
 */
export async function checkDirectory(ctx: Context): Promise<string[]> {
  const { entra, directoryCheck } = ctx.settings;
  if (!directoryCheck || !entra) return [];
  const about = await principalsAbout(ctx, entra.tenant.toLowerCase());
  if (about.size === 0) return [];
  const states = await ctx.stores.directory.accounts([...about.keys()]);
  if (!(await isOurs(ctx, entra.clientId, states))) {
    ctx.log.error('directory not believed', {
      reason:
        'it knows neither the app registration nor anyone asked for: is the identity of the app of another tenant?',
    });
    return [];
  }
  const unknown = [...states.values()].filter((state) => state === 'unknown').length;
  if (unknown > 0)
    ctx.log.warn('directory gave no answer', {
      count: unknown,
      reason: 'throttled, or the identity lacks User.Read.All or Application.Read.All of Microsoft Graph',
    });
  const disabled: string[] = [];
  for (const [objectId, principalId] of about) {
    const reason = reasons[states.get(objectId) ?? 'unknown'];
    if (reason !== undefined && (await disable(ctx, principalId, reason))) disabled.push(principalId);
  }
  if (disabled.length > 0) ctx.log.info('principals disabled by the directory', { count: disabled.length });
  return disabled;
}

/** Principals of the tenant who could get in: those who are known, and those who were here lately. By object id. */
async function principalsAbout(ctx: Context, tenant: string): Promise<Map<string, string>> {
  const { principals } = await accessState(ctx);
  const about = new Map<string, string>();
  const add = (principalId: string) => {
    const [, of, objectId] = /^entra:([^/]+)\/(.+)$/.exec(principalId) ?? [];
    if (of !== tenant || objectId === undefined || isFirstAdmin(principalId, ctx.settings)) return;
    if (!principals.get(principalId)?.disabled) about.set(objectId, principalId);
  };
  for (const id of principals.keys()) add(id);
  for (const { id, at } of (await allSeen(ctx)).values())
    if (at > ctx.clock.now() - seenMillisecondsMax) add(id.replace(/^seen:entra:([^:]+):/, 'entra:$1/'));
  return about;
}

/** Whether the directory is that of the principals: another tenant's would say of each of them that it is gone. */
async function isOurs(
  { stores }: Context,
  clientId: string,
  states: ReadonlyMap<string, AccountState>,
): Promise<boolean> {
  const values = [...states.values()];
  if (values.some((state) => state === 'enabled' || state === 'disabled')) return true;
  return !values.includes('gone') || (await stores.directory.knowsApp(clientId)) === true;
}

/** Disables a principal unless it is; one of whom there is no document gets one, so that it stays out. */
function disable(ctx: Context, principalId: string, reason: string): Promise<boolean> {
  return changeAccess(ctx, async () => {
    const before = await readAccess<PrincipalDocument>(ctx, 'principal', principalId);
    const now = ctx.clock.now();
    const known: PrincipalDocument =
      before?.doc.type === 'principal'
        ? before.doc
        : principalDocument(ctx, principalId, principalId, 'entra');
    if (known.disabled) return { edits: [], result: false };
    const after = { ...known, disabled: { at: now, by: ctx.principal.id, reason } };
    const told = { type: 'principal.disabled', reason, subject: { principalId } } as const;
    return { edits: [{ before, after, told }], result: true };
  });
}
