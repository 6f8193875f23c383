import type { Context } from '../context.ts';
import { isFirstAdmin } from './decide.ts';
import { accessId, accessKey, type GoneDocument, type PrincipalDocument } from './model.ts';

/**
 * Whether a principal was disabled or deleted, as it stands at this moment: what they asked for is not to be done
 * later in their name. Who never was registered here (of Entra ID, or where nobody signs in) was not.
 */
export async function isOffboarded(
  { stores, settings }: Pick<Context, 'stores' | 'settings'>,
  principalId: string,
): Promise<boolean> {
  if (isFirstAdmin(principalId, settings)) return false;
  const stored = await stores
    .documents('access')
    .read<PrincipalDocument | GoneDocument>(accessKey, accessId('principal', principalId));
  return stored?.doc.type === 'gone' || stored?.doc.disabled !== undefined;
}
