import type { CryptoKey, JWK } from 'jose';
import * as z from 'zod';
import type { Clock, Log } from '../../context.ts';
import { CairnError } from '../../http/index.ts';

/** An issuer publishes keys long before it signs with them; this long, a key that is taken back is still believed. */
const freshSecondsMax = 600;
/** Keys that could not be asked for anew are believed for so long. */
const heldSecondsMax = 86_400;
/** Between two requests to an issuer, whoever asks for whatever key. */
const cooldownSeconds = 30;
const fetchMillisecondsMax = 5000;
const answerBytesMax = 256 * 1024;

const configuration = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

type Held = { readonly keys: ReadonlyMap<string, JWK>; readonly at: number };

/**
 * The public keys of one OpenID issuer, found by its configuration. Asked for once by however many need them,
 * and again when an unknown one is named or they are no longer fresh; never more often than the cooldown lets.
 */
export class KeySet {
  readonly #issuer: string;
  readonly #clock: Clock;
  readonly #imported = new WeakMap<JWK, Promise<CryptoKey>>();
  #held: Held | undefined;
  #asked = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #failed = false;

  constructor(issuer: string, clock: Clock) {
    this.#issuer = issuer;
    this.#clock = clock;
  }

  /**
   * The key of this id, `undefined` where the issuer has none. Throws `unavailable` where the issuer does not
   * answer and no key of this id is held.
   */
  async key(id: string, log: Log): Promise<CryptoKey | undefined> {
    const isFresh = this.#held !== undefined && this.#age(this.#held) < freshSecondsMax;
    if (!isFresh || !this.#held?.keys.has(id)) await this.#refresh(log);
    const held = this.#held && this.#age(this.#held) < heldSecondsMax ? this.#held : undefined;
    const jwk = held?.keys.get(id);
    if (jwk) return this.#import(jwk);
    if (!held || this.#failed)
      throw new CairnError(
        'unavailable',
        'Who issued the token cannot be asked for its keys just now; try again shortly.',
        { retryAfterSeconds: 5 },
      );
    return undefined;
  }

  #age({ at }: Held): number {
    return (this.#clock.now() - at) / 1000;
  }

  async #refresh(log: Log): Promise<void> {
    if (!this.#asking && this.#clock.now() - this.#asked < cooldownSeconds * 1000) return;
    this.#asking ??= this.#ask(log).finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  async #ask(log: Log): Promise<void> {
    this.#asked = this.#clock.now();
    try {
      this.#held = { keys: await keysOf(this.#issuer), at: this.#asked };
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      log.error('the keys of an issuer could not be read', { issuer: this.#issuer, reason: String(error) });
    }
  }

  #import(jwk: JWK): Promise<CryptoKey> {
    let key = this.#imported.get(jwk);
    if (!key) {
      key = import('jose').then(({ importJWK }) => importJWK(jwk, 'RS256') as Promise<CryptoKey>);
      this.#imported.set(jwk, key);
    }
    return key;
  }
}

/** The keys that an issuer signs with by RS256, by id. https://openid.net/specs/openid-connect-discovery-1_0.html */
async function keysOf(issuer: string): Promise<Map<string, JWK>> {
  const { issuer: named, jwks_uri: uri } = configuration.parse(
    await fetched(`${issuer}/.well-known/openid-configuration`),
  );
  if (named !== issuer) throw new Error(`It calls itself '${named}'.`);
  if (issuer.startsWith('https:') && !uri.startsWith('https:'))
    throw new Error(`Its keys are not at https: '${uri}'.`);
  const { keys } = keySet.parse(await fetched(uri));
  const usable = keys.filter(
    ({ kid, kty, use, alg }) =>
      typeof kid === 'string' && kty === 'RSA' && (use ?? 'sig') === 'sig' && (alg ?? 'RS256') === 'RS256',
  );
  return new Map(usable.map((key) => [String(key['kid']), key as JWK]));
}

/** A small JSON document of an issuer. */
async function fetched(url: string): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(fetchMillisecondsMax),
    headers: { accept: 'application/json' },
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) throw new Error(`${url} answered more than ${answerBytesMax} bytes.`);
    chunks.push(chunk);
  }
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
