import { ApiError, requestAs } from '../api/client.ts';
import type { Credential } from './credential.ts';
import { SignInError } from './entra.ts';

/** A working day, and what comes of it. */
const secondsKept = 12 * 3600;

/**
 * A token of 12 hours for a user name and its password (RFC 7617, in UTF-8). They are sent this once and kept
 * nowhere: the session is the token's. Throws what is wrong with them.
 */
export async function tokenByPassword(user: string, password: string): Promise<Credential> {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  const init: RequestInit = {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''))}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name: 'Sign-in by password', expires_in_seconds: secondsKept }),
  };
  try {
    const made = (await (await requestAs(undefined, '/api/v1/tokens', init)).json()) as { token: string };
    return { by: 'token', token: made.token };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401)
      throw new SignInError('This server does not accept this user name with this password. Check both.');
    throw error;
  }
}
