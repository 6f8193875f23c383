import type { TokenCredential } from '@azure/identity';
import type { Settings } from '../settings.ts';

export type Credential = TokenCredential;

/**
 * The app's own identity: the user-assigned one in Azure, else whoever is signed in on this machine. Its SDK is
 * loaded when the first token is asked for.
 */
export function credential(settings: Settings): Credential {
  let opened: Promise<TokenCredential> | undefined;
  return {
    getToken: async (scopes, options) => (await (opened ??= open(settings))).getToken(scopes, options),
  };
}

async function open({ identityClientId }: Settings): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  return identityClientId
    ? new ManagedIdentityCredential({ clientId: identityClientId })
    : new DefaultAzureCredential();
}
