import type { App } from '../app.ts';
import { identify, type Identity, nobody, noteSeen } from '../../shared/access/index.ts';
import { type Log, randomIds, systemClock } from '../../shared/context.ts';
import { isCode, type RouteRole } from '../../shared/http/index.ts';

/** Who works on a stack that asks nobody to sign in. */
const local: Identity = {
  principal: { id: 'local', name: 'Local user' },
  kind: 'user',
  via: 'open',
  subjects: ['principal:local'],
};

/**
 * Who asks. Default deny: with `CAIRN_AUTH=on` whoever proves nothing is let through to public routes only, where
 * nobody looks at what they present. `off` is possible on loopback only (the settings refuse it in Azure), and
 * believes the user name of Basic authentication, so that several people can be played on one machine.
 * What a proxy says of the caller (`x-ms-client-principal` of Easy Auth) is believed nowhere: anyone can send it.
 */
export async function authenticate(
  request: Request,
  role: RouteRole,
  { settings, stores }: App,
  log: Log,
): Promise<Identity> {
  if (settings.auth === 'off') return named(request) ?? local;
  if (role === 'public') return nobody;
  const port = { settings, stores, clock: systemClock, ids: randomIds, log };
  const presented = { authorization: request.headers.get('authorization'), address: addressOf(request) };
  const identity = await identify(port, presented).catch((error: unknown) => {
    if (isCode(error, 'unauthenticated') && error.cause instanceof Error)
      log.warn('sign-in refused', { reason: error.cause.message, address: presented.address });
    throw error;
  });
  noteSeen(port, identity, role === 'signed-in' ? undefined : role);
  return identity;
}

/** Where a request comes from, as the last proxy before us saw it: what stands before that, a caller can invent. */
function addressOf(request: Request): string {
  const last = request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  const address = last.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  return address.slice(0, 100) || 'unknown';
}

/** The user that a request names by Basic authentication: the same one however the name is spelt. */
function named(request: Request): Identity | undefined {
  const encoded = /^Basic ([\w+/=-]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const name = encoded && Buffer.from(encoded, 'base64').toString('utf8').split(':')[0];
  if (!name || !/^[\w.@-]{1,100}$/.test(name)) return undefined;
  const id = name.toLowerCase();
  return { principal: { id, name }, kind: 'user', via: 'open', subjects: [`principal:${id}`] };
}
