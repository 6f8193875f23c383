import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CairnError } from '../http/index.ts';
import type { Settings } from '../settings.ts';
import { credential } from './identity.ts';
import { vaultSecrets } from './vault-secrets.ts';

/** Secrets that operators put somewhere by a name, for the platform to use: keys of other services. */
export type SecretStore = {
  /**
   * The value of a secret as it stands, or as it stood a little ago: a rotation arrives within minutes by itself.
   * Throws `unavailable`, in words that say what mends it, where there is none.
   */
  read(name: string): Promise<string>;
  /** Says that whoever the secret is for refused its value: the next read looks for a newer one. */
  wasRefused(name: string): void;
};

/** What Key Vault takes for a name. */
const namePattern = /^[0-9a-zA-Z-]{1,127}$/;

/** The secrets that the settings name: of a Key Vault, or of the files in the folder `secrets` beside the keys. */
export function openSecrets({ keys, ...settings }: Settings): SecretStore | undefined {
  switch (keys?.by) {
    case 'vault':
      return named(vaultSecrets(keys.url, credential({ keys, ...settings })));
    case 'folder':
      return named(secretFiles(join(keys.folder, 'secrets')));
    case undefined:
      return undefined;
  }
}

/** A file for each secret, without the line feed at its end; it is read each time. */
export function secretFiles(folder: string): SecretStore {
  return {
    async read(name) {
      try {
        return (await readFile(join(folder, name), 'utf8')).replace(/\r?\n$/, '');
      } catch (cause) {
        throw new CairnError(
          'unavailable',
          `Cannot read secret '${name}': there is no such file in ${folder}.`,
          {
            cause,
          },
        );
      }
    },
    wasRefused: () => undefined,
  };
}

function named(secrets: SecretStore): SecretStore {
  return {
    async read(name) {
      if (namePattern.test(name)) return secrets.read(name);
      throw new CairnError('unavailable', 'The name of a secret has 1 to 127 letters, digits and hyphens.');
    },
    wasRefused: (name) => secrets.wasRefused(name),
  };
}
