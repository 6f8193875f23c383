import { useSyncExternalStore } from 'react';
import { ApiError, requestAs } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import { type Arrival, arrival } from './arrival.ts';
import {
  type Credential,
  type EntraCredential,
  heldCredential,
  hold,
  renewBy,
  whenRefused,
} from './credential.ts';
import { type Entra, finishArrival, leaveForEntra, refreshed, SignInError } from './entra.ts';
import type { Role } from './roles.ts';
import { hasUnsaved } from './unsaved.ts';

/** Who is signed in, by what, and what they may do here. */
export type Session = {
  readonly auth: 'on' | 'off';
  readonly principal: { readonly id: string; readonly name: string; readonly kind: string };
  readonly via: string;
  readonly workspace: string;
  /** In the workspace as a whole; null where there is none. */
  readonly role: Role | null;
  readonly is_deployment_admin: boolean;
  /** Where endpoints are called, where that is another app than this. */
  readonly inference_url: string | null;
  readonly workspaces: readonly {
    readonly name: string;
    readonly description: string;
    readonly role: Role | null;
  }[];
  /** Things on which the role is another than in the workspace. */
  readonly resources: readonly {
    readonly type: 'experiment' | 'model' | 'endpoint';
    readonly id: string;
    readonly role: Role | null;
  }[];
  readonly expires_at?: number;
};

/** How one can sign in. */
export type Ways = { readonly auth: 'on' | 'off'; readonly entra: Entra | null };

export type SessionState =
  | { readonly is: 'opening' }
  | { readonly is: 'broken'; readonly error: unknown }
  | {
      readonly is: 'signed-out';
      readonly ways: Ways;
      readonly notice?: string | undefined;
      readonly failed?: unknown;
    }
  | { readonly is: 'open'; readonly session: Session }
  /** It has ended while the page holds what nobody has saved: the page stays, and waits. */
  | { readonly is: 'interrupted'; readonly session: Session; readonly ways: Ways };

const ended = 'Your session has ended. Sign in to go on where you were.';
const lookAgainMilliseconds = 5000;

let state: SessionState = { is: 'opening' };
let ending: Promise<void> | undefined;
let lookedAt = 0;
const changes = new EventTarget();
const otherTabs = new BroadcastChannel('cairn.session');

/** Finds out who opened the page. Called once, before anything else is asked. */
export async function openSession(): Promise<void> {
  whenRefused(takeUpAgain);
  otherTabs.addEventListener('message', () => forgetAll());
  try {
    if (arrival) return await arrive(arrival);
    const credential = heldCredential();
    if (credential) return await enter(credential);
    const ways = await waysToSignIn();
    if (ways.auth === 'off') set({ is: 'open', session: await sessionOf(undefined) });
    else set({ is: 'signed-out', ways });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) await end();
    else set({ is: 'broken', error });
  }
}

/** Signs in by what the server is to accept. Throws what is wrong with it. */
export async function enter(credential: Credential): Promise<void> {
  const session = await sessionOf(credential.token);
  const before = state;
  hold(credential);
  set({ is: 'open', session });
  // Somebody else at the same page: nothing that was shown is theirs.
  if (before.is === 'interrupted' && before.session.principal.id !== session.principal.id)
    void queryClient.resetQueries();
}

/** The renewal of what Entra ID gave, from now on. */
export async function enterByEntra(entra: Entra, credential: EntraCredential): Promise<void> {
  renewBy((refreshToken) => refreshed(entra, refreshToken));
  await enter(credential);
}

/** Forgets who was signed in, in every tab of this browser, and all that was shown to them. */
export function signOut(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none but this page's
  otherTabs.postMessage('signed-out');
  forgetAll();
}

/** Reads anew what one may do, after the server refused something that the page offered. */
export async function lookAgain(): Promise<void> {
  if (state.is !== 'open' || Date.now() - lookedAt < lookAgainMilliseconds) return;
  lookedAt = Date.now();
  const session = await sessionOf(heldCredential()?.token).catch(() => undefined);
  if (session && state.is === 'open') set({ is: 'open', session });
}

export function useSessionState(): SessionState {
  return useSyncExternalStore(subscribe, () => state);
}

/** Below the gate there is always one. */
export function useSession(): Session {
  const now = useSessionState();
  if (now.is !== 'open' && now.is !== 'interrupted') throw new Error('Nobody is signed in.');
  return now.session;
}

async function arrive(came: Arrival): Promise<void> {
  const ways = await waysToSignIn();
  if (!ways.entra) return set({ is: 'signed-out', ways });
  try {
    await enterByEntra(ways.entra, await finishArrival(ways.entra, came));
  } catch (failed) {
    const needsReader = failed instanceof SignInError && failed.needsReader && came.pending?.silent;
    set({ is: 'signed-out', ways, ...(needsReader ? { notice: ended } : { failed }) });
  }
}

/**
 * After a refusal of `token`: true where the request is to be made again. Where the reader would lose
 * something it waits until they have signed in, as the same person: nobody sends what another one wrote.
 */
async function takeUpAgain(token: string | undefined, signal: AbortSignal | undefined): Promise<boolean> {
  const now = heldCredential()?.token;
  if (now !== undefined && now !== token) return true;
  await (ending ??= end().finally(() => (ending = undefined)));
  return state.is === 'interrupted' ? sameReaderReturns(state.session.principal.id, signal) : false;
}

async function end(): Promise<void> {
  const was = state;
  if (was.is !== 'open' && was.is !== 'opening') return;
  const wasEntra = heldCredential()?.by === 'entra';
  hold(undefined);
  const ways = await waysToSignIn().catch((error: unknown) => set({ is: 'broken', error }));
  if (!ways) return;
  if (was.is === 'open' && hasUnsaved()) return set({ is: 'interrupted', session: was.session, ways });
  queryClient.clear();
  if (wasEntra && ways.entra) await leaveForEntra(ways.entra, { silent: true });
  else set({ is: 'signed-out', ways, notice: ended });
}

function sameReaderReturns(id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const look = () => {
    if (state.is === 'interrupted') return;
    resolve(state.is === 'open' && state.session.principal.id === id);
  };
  const stop = () => reject(signal?.reason);
  changes.addEventListener('change', look);
  signal?.addEventListener('abort', stop);
  return promise.finally(() => {
    changes.removeEventListener('change', look);
    signal?.removeEventListener('abort', stop);
  });
}

async function sessionOf(token: string | undefined): Promise<Session> {
  return (await (await requestAs(token, '/api/v1/session')).json()) as Session;
}

async function waysToSignIn(): Promise<Ways> {
  return (await (await requestAs(undefined, '/api/v1/sign-in')).json()) as Ways;
}

function forgetAll(): void {
  hold(undefined);
  sessionStorage.clear();
  for (const key of Object.keys(localStorage))
    if (key.startsWith('cairn.') && key !== 'cairn.theme') localStorage.removeItem(key);
  queryClient.clear();
  // A new document: nothing of the old one stays in memory. It begins at the overview.
  history.replaceState(null, '', `/${location.search}`);
  location.reload();
}

function set(next: SessionState): void {
  state = next;
  changes.dispatchEvent(new Event('change'));
}

function subscribe(notify: () => void): () => void {
  changes.addEventListener('change', notify);
  return () => changes.removeEventListener('change', notify);
}
