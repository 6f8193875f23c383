import type { Context } from '../../context.ts';
import { CairnError, type Page, pageOf, positionIn } from '../../http/index.ts';
import { flushSeen, seenId } from '../authentication/seen.ts';
import { changeAccess, readAccess } from '../change.ts';
import { isFirstAdmin } from '../decide.ts';
import type { Identity } from '../identity.ts';
import { accessKey, type SeenDocument, type TokenDocument } from '../model.ts';
import { creation, principalDocument } from '../principals.ts';
import { accessState } from '../state.ts';
import { toldOfToken } from '../told.ts';
import { confinedTo, type TokenScopes } from './scopes.ts';
import { storeToken } from './store.ts';
import { newToken } from './text.ts';

const secondsDefault = 30 * 86_400;
const secondsMin = 60;
/** What one principal may have that still work. */
const liveMax = 100;
/** Tokens made by tokens made by tokens … */
const ancestorsMax = 5;

export type NewToken = {
  readonly name: string;
  readonly expiresInSeconds?: number | undefined;
  readonly scopes?: TokenScopes | undefined;
  /** Whose it is to be, where not the caller's own. */
  readonly principalId?: string | undefined;
};

/** A token as lists show it: `lastUsedAt` is some minutes behind. */
export type TokenUse = { readonly token: TokenDocument; readonly lastUsedAt: number | undefined };

/**
 * Makes a token: its text, which is shown this once, and what is kept of it. For others than oneself one must be
 * admin of the deployment (`forbidden`). Made by a token, it is confined as that one is and ends no later. Throws
 * `invalid` for a life that is too long, `not-found` for an unknown principal.
 */
export async function createToken(
  ctx: Context,
  by: Identity,
  input: NewToken,
): Promise<{ text: string; token: TokenDocument }> {
  const now = ctx.clock.now();
  const principalId = input.principalId?.toLowerCase() ?? by.principal.id;
  if (principalId !== by.principal.id) requireDeploymentAdmin(ctx);
  if (by.via === 'github')
    throw new CairnError(
      'forbidden',
      'A workload signs in by its own tokens, which end with it; give a service a token.',
    );
  await checkNumber(ctx, principalId, now);
  const made = newToken(ctx.ids);
  const token: TokenDocument = {
    id: `token:${made.id}`,
    type: 'token',
    v: 1,
    workspace: '*',
    seq: 1,
    tokenId: made.id,
    name: input.name,
    principalId,
    ...claimedBy(by, principalId),
    hash: made.hash,
    createdAt: now,
    createdBy: ctx.principal.id,
    expiresAt: endOf(ctx, by, input.expiresInSeconds, now),
    scopes: confinedTo(by.token?.scopes, input.scopes ?? {}),
    ...(by.token ? { ancestors: lineOf(by.token) } : {}),
  };
  const state = await accessState(ctx);
  if (state.principals.has(principalId) || isFirstAdmin(principalId, ctx.settings))
    await storeToken(ctx, token);
  else if (by.kind === 'entra' && principalId === by.principal.id) await writeWithPrincipal(ctx, token);
  else throw new CairnError('not-found', `There is no principal '${principalId}'.`, { field: 'principal' });
  return { text: made.text, token };
}

/** Tokens of a principal, or of all, newest first; also those that have ended. */
export async function listTokens(
  ctx: Context,
  {
    principalId,
    limit,
    pageToken,
  }: { principalId?: string | undefined; limit: number; pageToken?: string | undefined },
): Promise<Page<TokenUse>> {
  const after = positionIn(pageToken, { createdAt: 0, tokenId: '' });
  const conditions = [
    "c.type = 'token'",
    ...(principalId === undefined ? [] : ['c.principalId = @principalId']),
    ...(after ? ['(c.createdAt < @createdAt OR (c.createdAt = @createdAt AND c.tokenId > @tokenId))'] : []),
  ];
  const rows = await ctx.stores.documents('access').query<TokenDocument>(
    {
      text: `SELECT * FROM c WHERE ${conditions.join(' AND ')} ORDER BY c.createdAt DESC, c.tokenId ASC`,
      values: { ...after, ...(principalId === undefined ? {} : { principalId }) },
    },
    { key: accessKey, limit: limit + 1, consistency: 'strong' },
  );
  const { items, ...more } = pageOf(rows, limit, ({ createdAt, tokenId }) => ({ createdAt, tokenId }));
  const used = await lastUses(ctx, items);
  return { items: items.map((token) => ({ token, lastUsedAt: used.get(token.tokenId) })), ...more };
}

/**
 * Takes a token back and gives it with its last use: it and all that it made are refused here at once and everywhere within two seconds. One that
 * is revoked already stays as it is. Others than one's own only an admin of the deployment may revoke; to anyone else they are
 * `not-found`.
 */
export async function revokeToken(
  ctx: Context,
  by: Identity,
  tokenId: string,
  reason = '',
): Promise<TokenUse> {
  const token = await changeAccess(ctx, async () => {
    const before = await readAccess<TokenDocument>(ctx, 'token', tokenId);
    const doc = before?.doc.type === 'token' ? before.doc : undefined;
    const isTheirs = doc?.principalId === ctx.principal.id || ctx.access.inDeployment === 'admin';
    if (!doc || !isTheirs || !isWithin(doc, by))
      throw new CairnError('not-found', `There is no token '${tokenId.slice(0, 100)}'.`, { field: 'id' });
    if (doc.revoked) return { edits: [], result: doc };
    const after: TokenDocument = { ...doc, revoked: { at: ctx.clock.now(), by: ctx.principal.id, reason } };
    const subject = { tokenId, principalId: doc.principalId };
    return {
      edits: [
        {
          before,
          after,
          told: { type: 'token.revoked', subject, ...(reason === '' ? {} : { reason }) },
        },
      ],
      result: { ...after, seq: doc.seq + 1 },
    };
  });
  await flushSeen(ctx.stores);
  return { token, lastUsedAt: (await lastUses(ctx, [token])).get(tokenId) };
}

/** What a token of one's own keeps of the claims that its maker signed in with, or that their token kept. */
function claimedBy(by: Identity, principalId: string): Pick<TokenDocument, 'claimed'> {
  if (principalId !== by.principal.id) return {};
  const claimed = by.token ? by.token.claimed : by.subjects.filter((each) => !each.startsWith('principal:'));
  return claimed && claimed.length > 0 ? { claimed } : {};
}

function lineOf({ ancestors = [], tokenId }: TokenDocument): readonly string[] {
  if (ancestors.length < ancestorsMax) return [...ancestors, tokenId];
  throw new CairnError(
    'forbidden',
    'Too long a line of tokens made by tokens; sign in otherwise to make one.',
  );
}

/** Whether a token may be revoked by a caller: one that is confined revokes itself and what it made, no more. */
function isWithin({ tokenId, ancestors = [] }: TokenDocument, { token }: Identity): boolean {
  if (!token || Object.keys(token.scopes).length === 0) return true;
  return tokenId === token.tokenId || ancestors.includes(token.tokenId);
}

/** Throws `forbidden` unless the caller is admin of the whole deployment. */
export function requireDeploymentAdmin({ access }: Context): void {
  if (access.inDeployment !== 'admin')
    throw new CairnError('forbidden', 'Tokens of others are for admins of the whole deployment.');
}

function endOf(ctx: Context, by: Identity, seconds: number | undefined, now: number): number {
  const secondsMax = ctx.settings.tokenDaysMax * 86_400;
  const own = by.token?.expiresAt ?? Number.POSITIVE_INFINITY;
  if (seconds === undefined) return Math.min(now + Math.min(secondsDefault, secondsMax) * 1000, own);
  if (seconds < secondsMin || seconds > secondsMax)
    throw new CairnError(
      'invalid',
      `expires_in_seconds must be between ${secondsMin} and ${secondsMax}, which is ${ctx.settings.tokenDaysMax} days.`,
      { field: 'expires_in_seconds' },
    );
  const endsAt = now + seconds * 1000;
  if (endsAt > own)
    throw new CairnError('forbidden', 'A token cannot make one that outlives it; ask for fewer seconds.', {
      field: 'expires_in_seconds',
    });
  return endsAt;
}

async function checkNumber(ctx: Context, principalId: string, now: number): Promise<void> {
  const [live = 0] = await ctx.stores.documents('access').query<number>(
    {
      text: "SELECT VALUE COUNT(1) FROM c WHERE c.type = 'token' AND c.principalId = @principalId AND c.expiresAt > @now AND NOT IS_DEFINED(c.revoked)",
      values: { principalId, now },
    },
    { key: accessKey },
  );
  if (live >= liveMax)
    throw new CairnError(
      'invalid',
      `'${principalId}' has ${liveMax} tokens, which is the most; revoke some first.`,
    );
}

/** Whoever of Entra ID has a token is known here from then on, so that the token ends when they are removed. */
async function writeWithPrincipal(ctx: Context, token: TokenDocument): Promise<void> {
  const { principalId, createdAt } = token;
  // Not a moment younger than the token: one that is older than its principal is of another who had the name.
  const doc = { ...principalDocument(ctx, principalId, ctx.principal.name, 'entra'), createdAt };
  await changeAccess(ctx, async (state) => {
    const known = state.principals.has(principalId) ? [] : [await creation(ctx, doc)];
    const told = { type: 'token.created', subject: toldOfToken(token) } as const;
    return { edits: [...known, { after: token, told }], result: undefined };
  });
}

async function lastUses(ctx: Context, tokens: readonly TokenDocument[]): Promise<Map<string, number>> {
  if (tokens.length === 0) return new Map();
  const ids = new Map(tokens.map(({ tokenId }) => [seenId(`token:${tokenId}`), tokenId]));
  const seen = await ctx.stores.documents('access').query<Pick<SeenDocument, 'id' | 'at'>>(
    {
      text: "SELECT c.id, c.at FROM c WHERE c.type = 'seen' AND ARRAY_CONTAINS(@ids, c.id)",
      values: { ids: [...ids.keys()] },
    },
    { key: accessKey },
  );
  return new Map(seen.map(({ id, at }) => [ids.get(id) ?? '', at]));
}
