import type { Principal } from '../../shared/context.ts';
import { CairnError, type Role } from '../../shared/http/index.ts';
import type { Settings } from '../../shared/settings.ts';

const nobody: Principal = { id: 'anonymous', name: 'Anonymous' };
/** Who works on a stack that asks nobody to sign in. */
const local: Principal = { id: 'local', name: 'Local user' };

/**
 * Who asks. Default deny: with `CAIRN_AUTH=on` only public routes answer, because no way to sign in
 * exists yet; `off` is possible on loopback only (the settings refuse it in Azure).
 */
export function authenticate(_request: Request, role: Role, settings: Settings): Principal {
  if (settings.auth === 'off') return local;
  if (role === 'public') return nobody;
  throw new CairnError('unauthenticated', 'Sign in first: this deployment refuses callers it does not know.');
}
