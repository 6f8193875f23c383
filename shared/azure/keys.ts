import type { Settings } from '../settings.ts';
import { credential } from './identity.ts';
import { keyFiles } from './key-files.ts';
import { keyVault } from './key-vault.ts';

/** A public key that signs, or signed before the key was rotated. */
export type PublicKey = {
  /** Names the key and its version, for people and logs. */
  readonly keyId: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly pem: string;
};

/** What the platform signs with and keeps secrets by. No private key leaves it. */
export type KeyStore = {
  /** ECDSA P-256 over the SHA-256 of `message`, DER encoded, by the newest key. */
  sign(message: Uint8Array): Promise<{ readonly signature: Uint8Array; readonly key: PublicKey }>;
  /**
   * Every key whose signatures hold, the newest first. They may be some minutes old, but where none of them
   * is `wanted`: then another instance may have met a newer one.
   */
  publicKeys(wanted?: (key: PublicKey) => boolean): Promise<readonly PublicKey[]>;
  /** Text that only {@link KeyStore.unseal} reads again: AES-256-GCM, fit to be stored. */
  seal(text: string): Promise<string>;
  unseal(sealed: string): Promise<string>;
};

/**
 * The keys that the settings name; `undefined` where they name none, and then nothing is signed or sealed.
 * The SDKs of Key Vault are loaded on first use.
 */
export function openKeys(settings: Settings): KeyStore | undefined {
  switch (settings.keys?.by) {
    case 'folder':
      return keyFiles(settings.keys.folder);
    case 'vault':
      return keyVault(settings.keys.url, credential(settings));
    case undefined:
      return undefined;
  }
}
