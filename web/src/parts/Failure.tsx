import { useEffect } from 'react';
import { ApiError } from '../api/client.ts';
import { lookAgain, useSessionState } from '../session/session.ts';

type FailureProps = { readonly error: unknown; readonly onRetry?: (() => void) | undefined };

/** What went wrong, in words, with what can be done about it. */
export function Failure({ error, onRetry }: FailureProps) {
  const known = error instanceof ApiError ? error : undefined;
  return (
    <div className="notice" role="alert">
      <strong>{titleOf(known?.status)}</strong>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {known?.status === 403 && <WhomToAsk />}
      {known?.requestId !== undefined && (
        <p className="hint">
          Request <code>{known.requestId}</code>
        </p>
      )}
      {onRetry && known?.status !== 404 && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** As whom the reader was refused, and who can change it. */
function WhomToAsk() {
  const state = useSessionState();
  useEffect(() => void lookAgain(), []);
  if (state.is !== 'open') return null;
  const { principal, role, workspace } = state.session;
  return (
    <p>
      You are <strong>{principal.name}</strong>, with {role === null ? 'no role' : `the role ${role}`} in the
      workspace {workspace}. An admin of the workspace can give you another one.
    </p>
  );
}

function titleOf(status: number | undefined): string {
  if (status === 404) return 'Not found';
  if (status === 401) return 'Not signed in';
  if (status === 403) return 'Not allowed';
  if (status === 429) return 'Too much at once';
  return 'This did not work';
}
