import type { Principal } from '../../shared/context.ts';
import { CairnError, type Role } from '../../shared/http/index.ts';
import type { Settings } from '../../shared/settings.ts';

const nobody: Principal = { id: 'anonymous', name: 'Anonymous' };
/** Who works on a stack that asks nobody to sign in. */
const local: Principal = { id: 'local', name: 'Local user' };

/**
 * Who asks. Default deny: with `CAIRN_AUTH=on` only public routes answer, because no way to sign in
 * exists yet; `off` is possible on loopback only (the settings refuse it in Azure), and believes the user name
 * of Basic authentication, so that several people can be played on one machine.
 */
export function authenticate(request: Request, role: Role, settings: Settings): Principal {
  if (settings.auth === 'off') return named(request) ?? local;
  if (role === 'public') return nobody;
  throw new CairnError('unauthenticated', 'Sign in first: this deployment refuses callers it does not know.');
}

/** The user that a request names by Basic authentication: the same one however the name is spelt. */
function named(request: Request): Principal | undefined {
  const encoded = /^Basic ([\w+/=-]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const name = encoded && Buffer.from(encoded, 'base64').toString('utf8').split(':')[0];
  return name && /^[\w.@-]{1,100}$/.test(name) ? { id: name.toLowerCase(), name } : undefined;
}
