import { DefaultAzureCredential, ManagedIdentityCredential, type TokenCredential } from '@azure/identity';
import type { Settings } from '../settings.ts';

/** The app's own identity: the user-assigned one in Azure, else whoever is signed in on this machine. */
export function credential(settings: Settings): TokenCredential {
  return settings.identityClientId
    ? new ManagedIdentityCredential({ clientId: settings.identityClientId })
    : new DefaultAzureCredential();
}
