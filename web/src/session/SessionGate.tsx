import type { ReactNode } from 'react';
import { workspace } from '../api/client.ts';
import { Failure } from '../parts/Failure.tsx';
import { links } from '../parts/links.ts';
import { SignInDialog } from './SignInDialog.tsx';
import { SignInPage } from './SignInPage.tsx';
import { useSessionState } from './session.ts';

/** The pages, for whoever is signed in; the way in for everybody else. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const state = useSessionState();
  switch (state.is) {
    case 'opening':
      return null;
    case 'broken':
      return (
        <main className="page">
          <h1>Cairn does not open</h1>
          <Failure error={state.error} onRetry={() => location.reload()} />
          {workspace !== 'default' && <a href={links.workspace('default')}>Go to the workspace default</a>}
        </main>
      );
    case 'signed-out':
      return <SignInPage ways={state.ways} notice={state.notice} failed={state.failed} />;
    case 'open':
    case 'interrupted':
      return (
        <>
          {children}
          {state.is === 'interrupted' && <SignInDialog session={state.session} ways={state.ways} />}
        </>
      );
  }
}
