import { ApiError } from '../api/client.ts';

type FailureProps = { readonly error: unknown; readonly onRetry?: (() => void) | undefined };

/** What went wrong, in words, with what can be done about it. */
export function Failure({ error, onRetry }: FailureProps) {
  const known = error instanceof ApiError ? error : undefined;
  return (
    <div className="notice" role="alert">
      <strong>{titleOf(known?.status)}</strong>
      <p>{error instanceof Error ? error.message : String(error)}</p>
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

function titleOf(status: number | undefined): string {
  if (status === 404) return 'Not found';
  if (status === 401 || status === 403) return 'Not allowed';
  return 'This did not work';
}
