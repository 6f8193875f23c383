import type { App } from '../app.ts';
import { type Identity, nobody } from '../../shared/access/index.ts';
import { CairnError, type RouteRole } from '../../shared/http/index.ts';

/** Who works on a stack that asks nobody to sign in. */
const local: Identity = {
  principal: { id: 'local', name: 'Local user' },
  kind: 'user',
  via: 'open',
  subjects: ['principal:local'],
};

/**
 * Who asks. Default deny: with `CAIRN_AUTH=on` whoever proves nothing is let through to public routes only.
 * `off` is possible on loopback only (the settings refuse it in Azure), and believes the user name of Basic
 * authentication, so that several people can be played on one machine.
 */
export function authenticate(request: Request, role: RouteRole, { settings }: App): Promise<Identity> {
  if (settings.auth === 'off') return Promise.resolve(named(request) ?? local);
  if (role === 'public') return Promise.resolve(nobody);
  throw new CairnError('unauthenticated', 'Sign in first: this deployment refuses callers it does not know.');
}

/** The user that a request names by Basic authentication: the same one however the name is spelt. */
function named(request: Request): Identity | undefined {
  const encoded = /^Basic ([\w+/=-]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const name = encoded && Buffer.from(encoded, 'base64').toString('utf8').split(':')[0];
  if (!name || !/^[\w.@-]{1,100}$/.test(name)) return undefined;
  const id = name.toLowerCase();
  return { principal: { id, name }, kind: 'user', via: 'open', subjects: [`principal:${id}`] };
}
