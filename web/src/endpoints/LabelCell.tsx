import { type FormEvent, useState } from 'react';
import { Icon } from '../parts/Icon.tsx';
import { label } from './actions.ts';

type LabelCellProps = {
  readonly endpoint: string;
  readonly predictionId: string;
  readonly labelFor: (text: string) => string | number;
};

type State =
  | { readonly status: 'written' | 'busy' | 'kept' }
  | { readonly status: 'failed'; readonly message: string };

/** Says of one prediction what turned out to be true. */
export function LabelCell({ endpoint, predictionId, labelFor }: LabelCellProps) {
  const [text, setText] = useState('');
  const [state, setState] = useState<State>({ status: 'written' });
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === '' || state.status === 'busy') return;
    setState({ status: 'busy' });
    try {
      await label(endpoint, predictionId, labelFor(text));
      setState({ status: 'kept' });
    } catch (error) {
      setState({ status: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  };
  if (state.status === 'kept')
    return (
      <span className="kept">
        <Icon name="check" size={14} /> {text.trim()}
      </span>
    );
  return (
    <form className="label-cell" onSubmit={(event) => void send(event)}>
      <input
        aria-label={`Label of ${predictionId}`}
        value={text}
        maxLength={1000}
        autoComplete="off"
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit" disabled={state.status === 'busy' || text.trim() === ''}>
        Label
      </button>
      {state.status === 'failed' && (
        <span className="share-fault" role="alert">
          {state.message}
        </span>
      )}
    </form>
  );
}
