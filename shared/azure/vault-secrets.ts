import type { TokenCredential } from '@azure/identity';
import type { SecretClient } from '@azure/keyvault-secrets';
import { CairnError } from '../http/index.ts';
import type { VaultOptions } from './key-vault.ts';
import { remembered } from './remembered.ts';
import type { SecretStore } from './secrets.ts';
import { guardedVault, isRevoked } from './vault-errors.ts';

/** How long a value is used without asking the vault again: what a rotation takes to arrive. */
const freshSecondsMax = 300;
/** How long a value serves on while the vault cannot be asked; then there is none. */
const staleSecondsMax = 3600;
/** How often a vault that did not answer is asked again, and one for a value that was refused. */
const askedAgainSecondsMin = 10;
/** How long whoever needs a secret waits for the vault. */
const answerSecondsMax = 5;

type Held = { readonly value: string; readonly at: number };
type Entry = { held?: Held; askedAt: number; asking?: Promise<string> };

/**
 * Secrets of a Key Vault, by the newest version. While the vault is not reached, throttles or fails, the last value
 * serves on for an hour; a secret that is gone or disabled there, or that the app may no longer read, serves no
 * more. No message names more of a secret than its name.
 */
export function vaultSecrets(
  url: string,
  credential: TokenCredential,
  options: VaultOptions = {},
): SecretStore {
  const client = remembered(async (): Promise<SecretClient> => {
    const { SecretClient: Client } = await import('@azure/keyvault-secrets');
    return new Client(url, credential, options);
  });
  const entries = new Map<string, Entry>();

  return {
    async read(name) {
      const entry = entryOf(name);
      const now = performance.now();
      const { held } = entry;
      if (held && ageOf(held, now) < freshSecondsMax) return held.value;
      const mayServe = held && ageOf(held, now) < staleSecondsMax;
      if (mayServe && !entry.asking && now - entry.askedAt < askedAgainSecondsMin * 1000) return held.value;
      try {
        return await (entry.asking ??= ask(name, entry));
      } catch (error) {
        if (mayServe && entry.held) return held.value;
        throw error;
      }
    },
    wasRefused(name) {
      const entry = entries.get(name);
      if (!entry?.held || performance.now() - entry.askedAt < askedAgainSecondsMin * 1000) return;
      entry.held = { ...entry.held, at: performance.now() - freshSecondsMax * 1000 };
    },
  };

  function entryOf(name: string): Entry {
    let entry = entries.get(name);
    if (!entry) entries.set(name, (entry = { askedAt: Number.NEGATIVE_INFINITY }));
    return entry;
  }

  async function ask(name: string, entry: Entry): Promise<string> {
    entry.askedAt = performance.now();
    try {
      const secrets = await client();
      const abortSignal = AbortSignal.timeout(answerSecondsMax * 1000);
      const read = () => secrets.getSecret(name, { abortSignal });
      const { value } = await guardedVault(`read secret '${name}'`, read, 'add it there');
      if (!value)
        throw new CairnError('unavailable', `Secret '${name}' of the Key Vault is empty; give it a value.`);
      entry.held = { value, at: performance.now() };
      return value;
    } catch (error) {
      if (isRevoked(error)) delete entry.held;
      throw error;
    } finally {
      delete entry.asking;
    }
  }
}

function ageOf({ at }: Held, now: number): number {
  return (now - at) / 1000;
}
