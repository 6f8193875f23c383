import type { Context } from '../../context.ts';
import { storeToken } from './store.ts';
import { newToken } from './text.ts';

/**
 * The text of a token of the first admin, whom `CAIRN_FIRST_ADMIN` names, for as long as it takes to look around.
 * It asks for no right but that to write the store: whoever holds that could write a grant as well.
 */
export async function firstToken(ctx: Context, seconds: number): Promise<string> {
  const { id, text, hash } = newToken(ctx.ids);
  const now = ctx.clock.now();
  const principalId = ctx.principal.id.toLowerCase();
  await storeToken(ctx, {
    id: `token:${id}`,
    type: 'token',
    v: 1,
    workspace: '*',
    seq: 1,
    tokenId: id,
    name: 'First token of the deployment',
    principalId,
    hash,
    createdAt: now,
    createdBy: principalId,
    expiresAt: now + seconds * 1000,
    scopes: {},
  });
  return text;
}
