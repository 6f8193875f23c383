import { useEffect } from 'react';
import { ThemeToggle } from '../app/ThemeToggle.tsx';
import { Mark } from '../parts/Mark.tsx';
import { SignInForm } from './SignInForm.tsx';
import type { Ways } from './session.ts';
import './session.css';

type SignInPageProps = {
  readonly ways: Ways;
  readonly notice?: string | undefined;
  readonly failed?: unknown;
};

/** In the place of every page while nobody is signed in; the address stays, and its page follows. */
export function SignInPage({ ways, notice, failed }: SignInPageProps) {
  useEffect(() => {
    document.title = 'Sign in · Cairn';
  }, []);
  return (
    <main className="sign-in">
      <div className="sign-in-card card">
        <div className="sign-in-head">
          <Mark size={34} />
          <h1>Sign in to Cairn</h1>
        </div>
        {notice !== undefined && (
          <p className="sign-in-notice" role="status">
            {notice}
          </p>
        )}
        <SignInForm ways={ways} failed={failed} />
        <p className="hint">
          Neither? Only admins of the whole deployment can add you here and make you a token; those of a
          workspace then give you a role.
        </p>
      </div>
      <div className="sign-in-theme">
        <ThemeToggle />
      </div>
    </main>
  );
}
