/** What a sign-in that left this page must know when it is answered: kept in the tab, and taken once. */
export type Pending = {
  readonly state: string;
  readonly nonce: string;
  /** What proves that the answer's code belongs to this page (RFC 7636). */
  readonly verifier: string;
  /** Where the reader was, as query and hash: never another site. */
  readonly going: string;
  /** Whether the authority was to answer without asking the reader anything. */
  readonly silent: boolean;
};

/** The authority's answer. It comes behind the `#`, which no server is told. */
export type Answer =
  | { readonly state: string; readonly code: string }
  | { readonly state: string; readonly error: string; readonly description: string };

export type Arrival = { readonly answer: Answer; readonly pending: Pending | undefined };

const key = 'cairn.sign-in';
const windowMark = '.window';
/** By this the small window of a sign-in hands its answer to the page that opened it. */
const channelName = 'cairn.sign-in';

/** The state of a sign-in in a window of its own: whoever receives it knows where it belongs. */
export function windowState(state: string): string {
  return `${state}${windowMark}`;
}

export function keepPending(pending: Pending): void {
  sessionStorage.setItem(key, JSON.stringify(pending));
}

/** Waits for what the small window brings back under this state. */
export function answerFromWindow(state: string, signal: AbortSignal): Promise<Answer> {
  const channel = new BroadcastChannel(channelName);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  channel.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    if (data.state === state) resolve(data);
  });
  signal.addEventListener('abort', () => reject(signal.reason));
  return promise.finally(() => channel.close());
}

/** The answer that this page was opened with, if it was: the address forgets it before anything else runs. */
export const arrival: Arrival | undefined = arrive();

/** The query of the page's address, as it is when the answer has left it. */
export const pageQuery = new URLSearchParams(location.search);

function arrive(): Arrival | undefined {
  const answer = answerIn(location.hash);
  if (!answer) return undefined;
  if (answer.state.endsWith(windowMark)) {
    const channel = new BroadcastChannel(channelName);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none but this page's
    channel.postMessage(answer);
    channel.close();
    history.replaceState(null, '', '/');
    close();
    return undefined;
  }
  const pending = takePending();
  const own = pending?.state === answer.state ? pending : undefined;
  history.replaceState(null, '', `/${goingOf(own?.going)}`);
  return { answer, pending: own };
}

function answerIn(hash: string): Answer | undefined {
  if (hash === '' || hash.startsWith('#/')) return undefined;
  const said = new URLSearchParams(hash.slice(1));
  const [state, code, error] = ['state', 'code', 'error'].map((name) => said.get(name));
  if (!state) return undefined;
  if (code) return { state, code };
  return error ? { state, error, description: said.get('error_description') ?? '' } : undefined;
}

function takePending(): Pending | undefined {
  try {
    const stored = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return stored === null ? undefined : (JSON.parse(stored) as Pending);
  } catch {
    return undefined;
  }
}

/** A query and a hash of this page, whatever else was kept. */
function goingOf(kept: string | undefined): string {
  return kept !== undefined && /^(\?[^#]*)?(#\/.*)?$/.test(kept) ? kept : '';
}
