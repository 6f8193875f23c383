import type { JWTPayload } from 'jose';
import * as z from 'zod';
import type { Log } from '../../context.ts';
import type { Identity } from '../identity.ts';
import { guid, type Subject } from '../model.ts';
import type { Proof } from './proofs.ts';
import { Refused } from './refused.ts';

const objectId = z.string().regex(new RegExp(`^${guid}$`, 'i'));
const texts = z.array(z.string().max(500)).max(1000);

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
const claimsOfEntra = z.object({
  tid: objectId,
  oid: objectId,
  ver: z.string(),
  preferred_username: z.string().optional(),
  upn: z.string().optional(),
  name: z.string().optional(),
  app_displayname: z.string().optional(),
  groups: texts.optional(),
  roles: texts.optional(),
  hasgroups: z.unknown().optional(),
  _claim_names: z.looseObject({ groups: z.unknown().optional() }).optional(),
});

/**
 * What a verified token of Entra ID proves: a person or an application by tenant and object id, which are for
 * good, never by a name or an address, which are not; with the groups and application roles it claims.
 */
export function entraIdentity(
  payload: JWTPayload,
  { tenant, version, expiresAt }: { tenant: string; version: string; expiresAt: number },
  log: Log,
): Proof['identityIn'] {
  const { data: claims, error } = claimsOfEntra.safeParse(payload);
  if (!claims)
    throw new Refused(`a claim is of no form that Entra ID gives it: ${error.issues[0]?.path.join('.')}`);
  const tid = claims.tid.toLowerCase();
  if (tid !== tenant.toLowerCase()) throw new Refused('it is of another tenant');
  if (claims.ver !== version) throw new Refused('its version is not that of its issuer');
  const id = `entra:${tid}/${claims.oid.toLowerCase()}`;
  if (claims._claim_names?.groups !== undefined || claims.hasgroups !== undefined)
    log.warn('the groups of a caller are left out of their token, which has no room for so many', {
      principal: id,
      fix: 'let the app registration claim only groups assigned to the application, or grant by app roles',
    });
  const { preferred_username: username, upn, name, app_displayname: application } = claims;
  const identity: Identity = {
    principal: { id, name: username ?? upn ?? name ?? application ?? id },
    kind: 'entra',
    via: 'entra',
    subjects: [
      `principal:${id}`,
      ...(claims.groups ?? []).map((group): Subject => `entra-group:${group.toLowerCase()}`),
      ...(claims.roles ?? []).map((role): Subject => `app-role:${role}`),
    ],
    expiresAt,
  };
  return () => identity;
}
