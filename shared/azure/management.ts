import type { TokenCredential } from '@azure/identity';
import type { Settings } from '../settings.ts';
import { credential } from './identity.ts';

const managementUrl = 'https://management.azure.com';
const secondsMax = 30;

export type ManagementAnswer = { readonly status: number; readonly body: unknown };

/** Azure Resource Manager, asked as the app. Any answer is returned; only no answer throws. */
export type Management = {
  /** `path` begins with `/` and names the API version. The body of the answer is JSON, or `undefined`. */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<ManagementAnswer>;
};

/** Azure Resource Manager, as far as the identity of the app may use it. */
export function openManagement(settings: Settings): Management {
  let identity: TokenCredential | undefined;
  return managementAt(managementUrl, async () => {
    identity ??= credential(settings);
    const granted = await identity.getToken(`${managementUrl}/.default`);
    if (!granted) throw new Error('The identity of the app gives no token for Azure Resource Manager.');
    return granted.token;
  });
}

/** The same at another address, for tests. */
export function managementAt(url: string, token: () => Promise<string>): Management {
  return {
    async call(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(secondsMax * 1000),
      });
      const text = await response.text();
      return { status: response.status, body: parsed(text) };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
