import { useEffect, useRef } from 'react';
import { SignInForm } from './SignInForm.tsx';
import { type Session, signOut, type Ways } from './session.ts';
import './session.css';

type SignInDialogProps = { readonly session: Session; readonly ways: Ways };

/** Over a page that holds what nobody has saved, when its session ends: after a sign-in it goes on. */
export function SignInDialog({ session, ways }: SignInDialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className="sign-in-again"
      aria-labelledby="sign-in-again"
      onCancel={(event) => event.preventDefault()}
      // A browser lets a second Escape through; there is nothing to go back to.
      onClose={() => element.current?.isConnected && element.current.showModal()}
    >
      <h2 id="sign-in-again">Your session has ended</h2>
      <div className="dialog-body">
        <p>
          Nothing that you have written is lost. Sign in again as <strong>{session.principal.name}</strong>,
          and what you were doing goes on.
        </p>
        <SignInForm ways={ways} stays>
          <button type="button" className="quiet" onClick={signOut}>
            Leave it and sign out
          </button>
        </SignInForm>
      </div>
    </dialog>
  );
}
