import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';

const secretCharsMax = 1000;

/**
 * A secret as it is stored: sealed, so that nothing that reads the store reads it. `undefined` where none is given,
 * `''` where it is to go. It is checked here and not before, since what is refused there is quoted. `name` is what it
 * is called, `Webhook secret`. Throws `invalid`.
 */
export async function sealedSecret(
  { stores }: Pick<Context, 'stores'>,
  secret: unknown,
  { name, field }: { readonly name: string; readonly field: string },
): Promise<string | undefined> {
  if (secret === undefined || secret === '') return secret;
  if (typeof secret !== 'string' || secret.length > secretCharsMax)
    throw new CairnError('invalid', `${name} must be text of at most ${secretCharsMax} characters.`, {
      field,
    });
  if (stores.keys === undefined)
    throw new CairnError(
      'invalid',
      'This deployment has no key to keep a secret by: set CAIRN_KEY_VAULT_URL (on a laptop CAIRN_KEYS_FOLDER), or leave the secret out.',
      { field },
    );
  return stores.keys.seal(secret);
}

/** A secret by what is stored of it; `undefined` where it cannot be read. */
export async function unsealedSecret(
  { stores }: Pick<Context, 'stores'>,
  sealed: string,
): Promise<string | undefined> {
  try {
    return await stores.keys?.unseal(sealed);
  } catch {
    // What the reason would say is of the keys.
    return undefined;
  }
}
