import { CairnError } from '../http/index.ts';

/** What the call gives. A refusal of the vault says what was being done and what mends it. */
export async function guardedVault<T>(
  doing: string,
  call: () => Promise<T>,
  whereAbsent = 'deploy infra/ again',
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(doing, error, whereAbsent);
  }
}

/** Whether a failure, as {@link guardedVault} throws it, means that the vault took it away: it is gone, disabled, or forbidden. */
export function isRevoked(error: unknown): boolean {
  const { name, statusCode, details } = ((error as Error).cause ?? {}) as Refusal;
  if (name !== 'RestError') return false;
  return statusCode === 404 || (statusCode === 403 && !isFirewall(details?.error?.innerError?.code));
}

function isFirewall(inner: string | undefined): boolean {
  return inner === 'ForbiddenByFirewall' || inner === 'ForbiddenByConnection';
}

/** Whether the vault answered that there is no such thing. */
export function isAbsent(error: unknown): boolean {
  return (error as Refusal).statusCode === 404;
}

/** A `RestError` of the SDKs, and what Key Vault says in its body. */
type Refusal = {
  readonly name?: string;
  readonly statusCode?: number;
  readonly code?: string;
  readonly details?: { readonly error?: { readonly innerError?: { readonly code?: string } } };
};

function failureOf(doing: string, error: unknown, whereAbsent: string): unknown {
  if (error instanceof CairnError) return error;
  const { name, statusCode, code, details } = error as Refusal;
  const unavailable = (why: string, retryAfterSeconds?: number) =>
    new CairnError('unavailable', `Cannot ${doing}: ${why}`, { retryAfterSeconds, cause: error });
  // What the identity itself fails with, before the vault has been asked.
  if (name === 'CredentialUnavailableError' || name === 'AuthenticationError')
    return unavailable('the app has no identity to ask the Key Vault with.');
  if (name === 'AbortError') return unavailable('the Key Vault took too long to answer.', 5);
  // What the SDK says before it would send a token to a server that asks for one of somebody else.
  if (error instanceof Error && error.message.includes('challenge resource'))
    return unavailable(
      "what answers at the address of the Key Vault is none, or another cloud's; see CAIRN_KEY_VAULT_URL.",
    );
  if (name !== 'RestError') return error;
  switch (statusCode) {
    case 401:
      return unavailable("the Key Vault does not accept the app's identity; is it of the vault's tenant?");
    case 403:
      return unavailable(whyForbidden(doing, details?.error?.innerError?.code));
    case 404:
      return unavailable(`the Key Vault has none of that name; ${whereAbsent}.`);
    case 409:
      return unavailable('it was deleted and not purged; recover it in the Key Vault.');
    case undefined:
      return unavailable(`the Key Vault was not reached (${code ?? 'no answer'}).`, 5);
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return unavailable('the Key Vault is busy; try again shortly.', 5);
    default:
      return error;
  }
}

function whyForbidden(doing: string, inner: string | undefined): string {
  switch (inner) {
    case 'ForbiddenByFirewall':
    case 'ForbiddenByConnection':
      return "the Key Vault's firewall does not let the app in; allow its network.";
    case 'KeyDisabled':
    case 'SecretDisabled':
      return 'its newest version is disabled in the Key Vault; enable one, or add a new version.';
    default: {
      const role = doing.includes('secret') ? 'Key Vault Secrets Officer' : 'Key Vault Crypto User';
      return `the app's identity may not; give it the role '${role}' at the Key Vault (it can take minutes to hold).`;
    }
  }
}
