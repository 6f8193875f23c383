import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import type { Clock, Log } from '../../context.ts';
import { isCode } from '../../http/index.ts';
import type { Settings } from '../../settings.ts';
import { entraIdentity } from './entra.ts';
import { githubIdentity } from './github.ts';
import { KeySet } from './key-set.ts';
import type { Proof } from './proofs.ts';
import { Refused } from './refused.ts';

const clockToleranceSeconds = 60;

/** An issuer whose tokens are taken, and what a verified one proves. */
type Issuer = {
  /** As its tokens name it. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly keys: KeySet;
  readonly requiredClaims: readonly string[];
  /** `expiresAt`: when the token ends, in milliseconds since 1970. */
  readonly identify: (claims: JWTPayload, expiresAt: number, log: Log) => Proof['identityIn'];
};

/**
 * Verifies the JSON Web Tokens of the issuers that the settings name: Entra ID, of both versions, and GitHub
 * Actions. Signatures are RS256 by the issuer's published keys and nothing else; keys, and places of keys, that
 * a token brings along are not looked at. https://www.rfc-editor.org/rfc/rfc8725
 */
export class Jwts {
  readonly #issuers: readonly Issuer[];
  readonly #clock: Clock;

  constructor(settings: Settings, clock: Clock) {
    this.#issuers = issuersOf(settings, clock);
    this.#clock = clock;
  }

  /** What a token proves. Throws {@link Refused}, and `unavailable` where its issuer's keys cannot be had. */
  async verify(text: string, log: Log): Promise<Proof> {
    const { issuer, payload } = await this.verified(text, log);
    const endsAt = (payload.exp ?? 0) * 1000;
    // Clocks differ: it is taken for as long as it would be verified again.
    return {
      expiresAt: endsAt + clockToleranceSeconds * 1000,
      identityIn: issuer.identify(payload, endsAt, log),
    };
  }

  /** The claims of a token whose signature, issuer, audience and time are right. Throws the same. */
  async verified(text: string, log: Log): Promise<{ issuer: Issuer; payload: JWTPayload }> {
    const { jwtVerify, decodeJwt } = await import('jose');
    try {
      const { iss, exp = 0 } = decodeJwt(text);
      const issuer = this.#issuers.find((known) => known.issuer === iss);
      if (!issuer) throw new Refused('its issuer is not one of those that are trusted');
      // Nobody is asked for the keys of what would be refused with them.
      if (!(exp + clockToleranceSeconds > this.#clock.now() / 1000)) throw new Refused('it has expired');
      const { payload } = await jwtVerify(text, keyIn(issuer.keys, log), {
        algorithms: ['RS256'],
        issuer: issuer.issuer,
        audience: [...issuer.audiences],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp', 'iat', ...issuer.requiredClaims],
      });
      return { issuer, payload };
    } catch (error) {
      if (error instanceof Refused || isCode(error, 'unavailable')) throw error;
      const { code, message } = error as { code?: unknown; message?: unknown };
      throw new Refused(`JWT ${String(code ?? 'unreadable')}: ${String(message)}`);
    }
  }
}

function keyIn(keys: KeySet, log: Log): JWTVerifyGetKey {
  return async ({ kid }) => {
    if (typeof kid !== 'string') throw new Refused('it names no key');
    const key = await keys.key(kid, log);
    if (!key) throw new Refused('its issuer has no such key');
    return key;
  };
}

function issuersOf({ entra, githubIssuer, publicUrl }: Settings, clock: Clock): Issuer[] {
  const issuers: Issuer[] = [];
  if (entra) {
    const { authority, tenant, clientId } = entra;
    const v2 = `${authority}/${tenant}/v2.0`;
    const keys = new KeySet(v2, clock);
    const audiences = [clientId, `api://${clientId}`];
    const requiredClaims = ['tid', 'oid', 'ver'];
    const of = (issuer: string, version: string): Issuer => {
      const identify: Issuer['identify'] = (claims, expiresAt, log) =>
        entraIdentity(claims, { tenant, version, expiresAt }, log);
      return { issuer, audiences, keys, requiredClaims, identify };
    };
    // An app registration that asks for no version gets tokens of the first, under the issuer of old.
    issuers.push(of(v2, '2.0'), of(`https://sts.windows.net/${tenant}/`, '1.0'));
  }
  if (githubIssuer) {
    issuers.push({
      issuer: githubIssuer,
      audiences: [publicUrl],
      keys: new KeySet(githubIssuer, clock),
      requiredClaims: ['sub', 'repository'],
      identify: githubIdentity,
    });
  }
  return issuers;
}
