import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Failure } from './Failure.tsx';

type DialogProps = {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button that does it says. */
  readonly action: string;
  readonly danger?: boolean;
  /** Whether there is nothing to cancel: what happened is only told. */
  readonly told?: boolean;
  /** For long forms. */
  readonly wide?: boolean;
  /** The dialog closes when this is done; while it is not, it cannot be asked for twice. */
  readonly onSubmit: (form: FormData) => Promise<unknown>;
  readonly onClose: () => void;
};

/** A question that has to be answered first. Shown while it is mounted. */
export function Dialog({
  title,
  children,
  action,
  danger = false,
  told = false,
  wide = false,
  onSubmit,
  onClose,
}: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [state, setState] = useState<{ status: 'open' | 'busy' } | { status: 'failed'; error: unknown }>({
    status: 'open',
  });
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (state.status === 'busy') return;
    setState({ status: 'busy' });
    try {
      await onSubmit(new FormData(event.currentTarget));
      onClose();
    } catch (error) {
      setState({ status: 'failed', error });
    }
  };

  return (
    <dialog
      ref={element}
      className={wide ? 'wide' : undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={titleId}>{title}</h2>
        <div className="dialog-body">
          {children}
          {state.status === 'failed' && (
            <div ref={show}>
              <Failure error={state.error} />
            </div>
          )}
        </div>
        <div className="dialog-foot">
          {!told && (
            <button type="button" onClick={onClose}>
              Cancel
            </button>
          )}
          <button type="submit" className={danger ? 'danger' : 'primary'} disabled={state.status === 'busy'}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** What is told is brought before the reader: beside its input where it is told there, else at the end of the form. */
function show(element: HTMLElement | null): void {
  element?.closest('.dialog-body')?.querySelector('[role="alert"]')?.scrollIntoView({ block: 'nearest' });
}

type FieldProps = { readonly label: string; readonly hint?: string; readonly children: ReactNode };

/** An input with its name above and what helps to fill it below. */
export function Field({ label, hint, children }: FieldProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/label-has-associated-control -- the control is the child
    <label className="field">
      <span>{label}</span>
      {children}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}
