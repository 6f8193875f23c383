import type { Context } from '../../context.ts';
import { eventWrite, relay } from '../../events/index.ts';
import { accessKey, type TokenDocument } from '../model.ts';
import { toldOfToken } from '../told.ts';

/** Stores a new token, with its event. Without the root: nobody has held anything about this token yet. */
export async function storeToken(ctx: Context, token: TokenDocument): Promise<void> {
  const there: Context = { ...ctx, workspace: '*' };
  const event = eventWrite(
    there,
    {
      type: 'token.created',
      aggregate: `token/${token.tokenId}`,
      seq: 1,
      subject: toldOfToken(token),
      after: token,
    },
    {},
  );
  const writes = [{ op: 'create', doc: token } as const, event];
  const { outcome } = await there.stores.documents('access').batch(accessKey, writes);
  if (outcome !== 'applied') throw new Error(`Token ${token.tokenId} is there already.`);
  relay(there, 'access', accessKey, event);
}
