import type { Context } from '../../context.ts';
import { type Proof } from '../authentication/proofs.ts';
import { Refused } from '../authentication/refused.ts';
import type { AccessState } from '../held.ts';
import { limited } from './attempts.ts';
import { isPassword } from './hash.ts';

type Port = Pick<Context, 'stores' | 'clock' | 'ids'>;

/**
 * What a user and a password prove. It takes as long for a user that does not exist. It stays proven until the
 * password is another one. Throws `Refused`, and `too-many` after too many wrong ones.
 */
export async function passwordProof(
  port: Port,
  { user, password }: { readonly user: string; readonly password: string },
  address: string,
  state: AccessState,
): Promise<Proof> {
  const id = user.toLowerCase();
  const kept = state.principals.get(id)?.password;
  if (!(await limited(port, { user: id, address }, () => isPassword(password, kept))))
    throw new Refused('the user or the password is wrong');
  return {
    expiresAt: Number.POSITIVE_INFINITY,
    identityIn({ principals }) {
      const known = principals.get(id);
      if (known?.password !== kept || !known) throw new Refused('the password is another one by now');
      return {
        principal: { id, name: known.name },
        kind: known.kind,
        via: 'password',
        subjects: [`principal:${id}`],
      };
    },
  };
}
