import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { Field } from '../parts/Dialog.tsx';
import type { Credential } from './credential.ts';
import { leaveForEntra, SignInError, signInByWindow } from './entra.ts';
import { tokenByPassword } from './password.ts';
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
  | { readonly is: 'asking' | 'by-text' | 'by-entra' }
  | { readonly is: 'failed'; readonly error: unknown };

const tokenText = /^[\x21-\x7e]+$/;

/** Every way in that this server has: Microsoft's, where it trusts a directory, a token, and a password. */
export function SignInForm({ ways, failed, stays = false, children }: SignInFormProps) {
  const [state, setState] = useState<State>(
    failed === undefined ? { is: 'asking' } : { is: 'failed', error: failed },
  );
  const [asks, setAsks] = useState<'token' | 'password'>('token');
  const left = useRef(new AbortController());
  useEffect(() => {
    const controller = new AbortController();
    left.current = controller;
    return () => controller.abort();
  }, []);
  const { entra } = ways;

  const attempt = async (is: 'by-text' | 'by-entra', signIn: () => Promise<void>) => {
    setState({ is });
    try {
      await signIn();
    } catch (error) {
      if (!left.current.signal.aborted) setState({ is: 'failed', error });
    }
  };
  const byText = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name));
    void attempt('by-text', async () =>
      enter(
        asks === 'token'
          ? tokenIn(text('token'))
          : await tokenByPassword(text('user').trim(), text('password')),
      ),
    );
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
            disabled={state.is === 'by-text' || (state.is === 'by-entra' && !stays)}
            onClick={byEntra}
          >
            <MicrosoftMark /> Sign in with Microsoft
          </button>
          <p className="sign-in-or">or</p>
        </>
      )}
      <form key={asks} onSubmit={byText}>
        {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- there is nothing else on the page */}
        {asks === 'token' ? <TokenField autoFocus={!entra} /> : <PasswordFields />}
        <div className="sign-in-foot">
          {children}
          <button type="submit" className={entra ? undefined : 'primary'} disabled={state.is === 'by-text'}>
            {state.is === 'by-text' ? 'Signing in …' : 'Sign in'}
          </button>
        </div>
      </form>
      <button
        type="button"
        className="link sign-in-other"
        onClick={() => {
          setState({ is: 'asking' });
          setAsks(asks === 'token' ? 'password' : 'token');
        }}
      >
        {asks === 'token' ? 'Use a user name and password' : 'Use a token'}
      </button>
    </div>
  );
}

function TokenField({ autoFocus }: { readonly autoFocus: boolean }) {
  return (
    <Field label="Token" hint="It begins with cairn_ and was shown once, when it was made.">
      <input
        name="token"
        type="password"
        required
        maxLength={8000}
        autoComplete="off"
        spellCheck={false}
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- there is nothing else on the page
        autoFocus={autoFocus}
      />
    </Field>
  );
}

function PasswordFields() {
  return (
    <>
      <Field label="User name">
        <input
          name="user"
          required
          maxLength={200}
          autoComplete="username"
          spellCheck={false}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the reader has just asked for it
          autoFocus
        />
      </Field>
      <Field label="Password" hint="It is not kept: the page works by a token of 12 hours.">
        <input name="password" type="password" required maxLength={1000} autoComplete="current-password" />
      </Field>
    </>
  );
}

function tokenIn(text: string): Credential {
  const token = text.trim();
  if (!tokenText.test(token))
    throw new SignInError('This is no token: it has spaces or letters that no token has.');
  return { by: 'token', token };
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
