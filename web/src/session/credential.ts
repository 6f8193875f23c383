/** An access token of Entra ID. */
export type EntraCredential = {
  readonly by: 'entra';
  readonly token: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  /** Kept in memory only: it outlives the tab. */
  readonly refreshToken?: string;
};

/** What this page proves by who it works for. */
export type Credential = { readonly by: 'token'; readonly token: string } | EntraCredential;

/** What makes a new one of one that is about to end. */
type Renewal = (refreshToken: string) => Promise<EntraCredential>;
/** Asked when the server refuses a token: whether to try again with what is held then. */
type Refused = (token: string | undefined, signal: AbortSignal | undefined) => Promise<boolean>;

const key = 'cairn.credential';
const renewMilliseconds = 2 * 60_000;

let held = stored();
let renewal: Renewal | undefined;
let renewing: Promise<void> | undefined;
let onRefused: Refused = () => Promise.resolve(false);

export function heldCredential(): Credential | undefined {
  return held;
}

/** Kept for this tab until it is closed; nothing of it is kept elsewhere. */
export function hold(credential: Credential | undefined): void {
  held = credential;
  try {
    if (credential === undefined) return sessionStorage.removeItem(key);
    const kept = { ...credential, refreshToken: undefined };
    sessionStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing asks again after a reload.
  }
}

export function renewBy(way: Renewal): void {
  renewal = way;
}

export function whenRefused(handler: Refused): void {
  onRefused = handler;
}

/** The token to present now, renewed where it is about to end. */
export async function presentedToken(): Promise<string | undefined> {
  const isEnding = held?.by === 'entra' && held.expiresAt - Date.now() < renewMilliseconds;
  if (isEnding && renewal) await (renewing ??= renew(renewal).finally(() => (renewing = undefined)));
  return held?.token;
}

/** The server refused `token`. True: try again. */
export function refused(token: string | undefined, signal: AbortSignal | undefined): Promise<boolean> {
  return onRefused(token, signal);
}

/** Where it fails the old one is presented while it lasts, and what comes of that decides. */
async function renew(way: Renewal): Promise<void> {
  if (held?.by !== 'entra' || held.refreshToken === undefined) return;
  const before = held;
  const { refreshToken } = held;
  const next = await way(refreshToken).catch(() => undefined);
  if (next && held === before) hold({ refreshToken, ...next });
}

function stored(): Credential | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
