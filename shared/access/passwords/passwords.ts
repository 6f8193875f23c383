import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { changeAccess, readAccess } from '../change.ts';
import { currentState } from '../state.ts';
import type { PrincipalDocument } from '../model.ts';
import { limited } from './attempts.ts';
import { isPassword, passwordHash } from './hash.ts';

/**
 * Gives a user or service a password in place of what it had, which then no longer signs anyone in. Who may is
 * for the caller to say. Throws `not-found`; `invalid` for a password that will not do, and for principals that
 * sign in elsewhere.
 */
export async function setPassword(
  ctx: Context,
  principalId: string,
  password: string,
): Promise<PrincipalDocument> {
  const kept = await passwordHash(password);
  return changeAccess(ctx, async () => {
    const before = await readAccess<PrincipalDocument>(ctx, 'principal', principalId);
    if (before?.doc.type !== 'principal') throw notFound(principalId);
    if (before.doc.kind !== 'user' && before.doc.kind !== 'service')
      throw new CairnError('invalid', `'${principalId}' signs in elsewhere and has no password here.`, {
        field: 'username',
      });
    const after: PrincipalDocument = { ...before.doc, password: kept };
    return {
      edits: [
        {
          before,
          after,
          told: {
            type: 'principal.updated',
            subject: { principalId: before.doc.principalId, changed: 'password' },
          },
        },
      ],
      result: after,
    };
  });
}

/**
 * Whether this is the password of a principal who is signed in; it takes as long where there is none. Wrong ones
 * count as those of signing in do, and throw `too-many` alike: a token that somebody found is no way to guess it.
 */
export async function verifyPassword(ctx: Context, principalId: string, password: string): Promise<boolean> {
  const { state } = await currentState(ctx);
  const kept = state.principals.get(principalId)?.password;
  const from = { user: principalId, address: `signed in as ${principalId}` };
  return limited(ctx, from, () => isPassword(password, kept));
}

function notFound(principalId: string): CairnError {
  return new CairnError('not-found', `There is no principal '${principalId.slice(0, 100)}'.`, {
    field: 'username',
  });
}
