import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import type { CryptographyClient, KeyClient, KeyClientOptions, KeyVaultKey } from '@azure/keyvault-keys';
import type { SecretClient } from '@azure/keyvault-secrets';
import type { KeyStore, PublicKey } from './keys.ts';
import { keyHintOf, seal, unseal } from './seal.ts';
import { remembered } from './remembered.ts';
import { guardedVault, isAbsent } from './vault-errors.ts';

/** EC P-256; made by `infra/`, rotated in the vault. */
export const signingKeyName = 'cairn-signing';
/** 32 bytes in base64url; made here on first use. */
export const sealingSecretName = 'cairn-sealing-key';

/** How long a key is used, or trusted, without asking the vault again: what a rotation takes to arrive. */
const freshSecondsMax = 300;
/** How often the vault is asked for a key that it did not know of. */
const askedAgainSecondsMin = 10;

/** How the vault is reached; in Azure nothing needs saying. */
export type VaultOptions = Pick<
  KeyClientOptions,
  'disableChallengeResourceVerification' | 'retryOptions' | 'tlsOptions'
>;

/**
 * Keys in a Key Vault. The private key stays there: each signature is one request. Versions that the vault
 * holds enabled verify and unseal; the newest signs and seals, so to rotate is to add a version, and to
 * disable one ends the trust in it.
 */
export function keyVault(url: string, credential: TokenCredential, options: VaultOptions = {}): KeyStore {
  const { signer, publicKeys } = signing(url, credential, options);
  const { sealingKey, sealingKeys } = sealing(url, credential, options);
  return {
    async sign(message) {
      const { client, key } = await signer();
      const digest = createHash('sha256').update(message).digest();
      try {
        const { result } = await guardedVault(`sign with '${signingKeyName}'`, () =>
          client.sign('ES256', digest),
        );
        return { signature: derOf(result), key };
      } catch (error) {
        // The version may have been disabled; the next call asks for the newest.
        signer.forget();
        throw error;
      }
    },
    async publicKeys(wanted) {
      const known = await publicKeys();
      if (!wanted || known.some(wanted)) return known;
      publicKeys.forget(askedAgainSecondsMin);
      return publicKeys();
    },
    seal: async (text) => seal(await sealingKey(), text),
    async unseal(sealed) {
      const newest = await sealingKey();
      if (keyHintOf(newest) === keyHintOf(sealed)) return unseal([newest], sealed);
      const known = await sealingKeys();
      if (known.some((key) => keyHintOf(key) === keyHintOf(sealed))) return unseal(known, sealed);
      // Another instance may have met a version that was not there before.
      sealingKeys.forget();
      return unseal(await sealingKeys(), sealed);
    },
  };
}

type Signer = { readonly client: CryptographyClient; readonly key: PublicKey };

function signing(url: string, credential: TokenCredential, options: VaultOptions) {
  const sdk = remembered(async () => {
    const { CryptographyClient, KeyClient } = await import('@azure/keyvault-keys');
    return { CryptographyClient, keys: new KeyClient(url, credential, options) };
  });
  const signer = remembered(async (): Promise<Signer> => {
    const { CryptographyClient, keys } = await sdk();
    const newest = await guardedVault(`read key '${signingKeyName}'`, () => keys.getKey(signingKeyName));
    return { client: new CryptographyClient(newest, credential, options), key: publicKeyOf(newest) };
  }, freshSecondsMax);
  const publicKeys = remembered(async () => {
    const { keys } = await sdk();
    return guardedVault(`list the versions of key '${signingKeyName}'`, () => versionsOf(keys));
  }, freshSecondsMax);
  return { signer, publicKeys };
}

async function versionsOf(keys: KeyClient): Promise<PublicKey[]> {
  const versions: { readonly version: string; readonly since: number }[] = [];
  for await (const { version, enabled, createdOn } of keys.listPropertiesOfKeyVersions(signingKeyName))
    if (version !== undefined && enabled !== false)
      versions.push({ version, since: createdOn?.getTime() ?? 0 });
  return Promise.all(
    versions
      .toSorted((a, b) => b.since - a.since)
      .map(async ({ version }) => publicKeyOf(await keys.getKey(signingKeyName, { version }))),
  );
}

function publicKeyOf({ id, key }: KeyVaultKey): PublicKey {
  const { kty, crv, x, y } = key ?? {};
  if (!id || kty === undefined || !kty.startsWith('EC') || crv !== 'P-256' || !x || !y)
    throw new Error(`Key '${signingKeyName}' of the vault is not an EC key on P-256.`);
  const jwk = { kty: 'EC', crv, x: base64Url(x), y: base64Url(y) };
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return { keyId: id, pem: pem.toString() };
}

function sealing(url: string, credential: TokenCredential, options: VaultOptions) {
  const sdk = remembered(async () => {
    const { SecretClient } = await import('@azure/keyvault-secrets');
    return new SecretClient(url, credential, options);
  });
  const sealingKey = remembered(async () => readOrMakeSecret(await sdk()), freshSecondsMax);
  const sealingKeys = remembered(async () => secretVersions(await sdk()), freshSecondsMax);
  return { sealingKey, sealingKeys };
}

/**
 * The newest version. The service cannot refuse to add one where another was made meanwhile; what two
 * instances make at the same moment are two versions, of which either unseals, and the newest comes into use.
 */
async function readOrMakeSecret(secrets: SecretClient): Promise<Uint8Array> {
  try {
    return bytesOf((await secrets.getSecret(sealingSecretName)).value);
  } catch (error) {
    if (!isAbsent(error))
      return guardedVault(`read secret '${sealingSecretName}'`, () => Promise.reject(error));
  }
  const made = randomBytes(32).toString('base64url');
  const contentType = 'AES-256 key, base64url';
  await guardedVault(`make secret '${sealingSecretName}'`, () =>
    secrets.setSecret(sealingSecretName, made, { contentType }),
  );
  const { value } = await guardedVault(`read secret '${sealingSecretName}'`, () =>
    secrets.getSecret(sealingSecretName),
  );
  return bytesOf(value);
}

function secretVersions(secrets: SecretClient): Promise<Uint8Array[]> {
  return guardedVault(`read the versions of secret '${sealingSecretName}'`, async () => {
    const versions: string[] = [];
    for await (const { version, enabled } of secrets.listPropertiesOfSecretVersions(sealingSecretName))
      if (version !== undefined && enabled !== false) versions.push(version);
    const read = await Promise.all(
      versions.map((version) => secrets.getSecret(sealingSecretName, { version })),
    );
    return read.map(({ value }) => bytesOf(value));
  });
}

function bytesOf(secret: string | undefined): Uint8Array {
  const bytes = Buffer.from(secret ?? '', 'base64url');
  if (bytes.length === 32) return bytes;
  throw new Error(`Secret '${sealingSecretName}' of the vault is not a key of 32 bytes in base64url.`);
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** The service gives r and s side by side (RFC 7518, 3.4); everybody else reads them as a DER sequence of two integers. */
function derOf(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const body = [...integer(raw.subarray(0, half)), ...integer(raw.subarray(half))];
  return Uint8Array.from([0x30, body.length, ...body]);
}

/** Shortest form; a first bit of 1 would make it negative. */
function integer(bytes: Uint8Array): number[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? [0] : [...bytes.subarray(first)];
  if ((digits[0] ?? 0) & 0x80) digits.unshift(0);
  return [0x02, digits.length, ...digits];
}
