import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { Field } from '../parts/Dialog.tsx';
import { leaveForEntra, SignInError, signInByWindow } from './entra.ts';
import { enter, enterByEntra, type Ways } from './session.ts';

type SignInFormProps = {
  readonly ways: Ways;
  /** What went wrong before, as on the way back from Microsoft. */
  readonly failed?: unknown;
  /** Whether the page must stay as it is: another site then opens in a window of its own. */
  readonly stays?: boolean;
  /** Beside the button. */
  readonly children?: ReactNode;
};

type State =
  | { readonly is: 'asking' | 'by-token' | 'by-entra' }
  | { readonly is: 'failed'; readonly error: unknown };

const tokenText = /^[\x21-\x7e]+$/;

/** Every way in that this server has: Microsoft's, where it trusts a directory, and a token. */
export function SignInForm({ ways, failed, stays = false, children }: SignInFormProps) {
  const [state, setState] = useState<State>(
    failed === undefined ? { is: 'asking' } : { is: 'failed', error: failed },
  );
  const left = useRef(new AbortController());
  useEffect(() => {
    const controller = new AbortController();
    left.current = controller;
    return () => controller.abort();
  }, []);
  const { entra } = ways;

  const attempt = async (is: 'by-token' | 'by-entra', signIn: () => Promise<void>) => {
    setState({ is });
    try {
      await signIn();
    } catch (error) {
      if (!left.current.signal.aborted) setState({ is: 'failed', error });
    }
  };
  const byToken = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token')).trim();
    void attempt('by-token', async () => {
      if (!tokenText.test(token))
        throw new SignInError('This is no token: it has spaces or letters that no token has.');
      await enter({ by: 'token', token });
    });
  };
  const byEntra = () => {
    if (!entra) return;
    left.current.abort();
    left.current = new AbortController();
    const { signal } = left.current;
    void attempt('by-entra', async () =>
      stays ? enterByEntra(entra, await signInByWindow(entra, signal)) : leaveForEntra(entra),
    );
  };

  return (
    <div className="sign-in-ways">
      {state.is === 'failed' && (
        <div className="notice" role="alert">
          <p>{wordsOf(state.error)}</p>
        </div>
      )}
      {entra && (
        <>
          <button
            type="button"
            className="primary"
            // A window may have been closed unanswered: it can be opened again.
            disabled={state.is === 'by-token' || (state.is === 'by-entra' && !stays)}
            onClick={byEntra}
          >
            <MicrosoftMark /> Sign in with Microsoft
          </button>
          <p className="sign-in-or">or</p>
        </>
      )}
      <form onSubmit={byToken}>
        <Field label="Token" hint="It begins with cairn_ and was shown once, when it was made.">
          <input
            name="token"
            type="password"
            required
            maxLength={8000}
            autoComplete="off"
            spellCheck={false}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- there is nothing else on the page
            autoFocus={!entra}
          />
        </Field>
        <div className="sign-in-foot">
          {children}
          <button type="submit" className={entra ? undefined : 'primary'} disabled={state.is === 'by-token'}>
            {state.is === 'by-token' ? 'Signing in …' : 'Sign in'}
          </button>
        </div>
      </form>
    </div>
  );
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ApiError && error.status === 401)
    return 'This server does not accept what you signed in with. It may be mistyped, have ended, or been revoked.';
  return error.message;
}

function MicrosoftMark() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" fill="currentColor">
      <path d="M1 1h6.500v6.500H1zM8.500 1H15v6.500H8.500zM1 8.500h6.500V15H1zM8.500 8.500H15V15H8.500z" />
    </svg>
  );
}
