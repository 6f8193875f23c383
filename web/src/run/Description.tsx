import { useState } from 'react';
import { noteTag } from '../api/tags.ts';
import { Card } from '../parts/Card.tsx';
import { Failure } from '../parts/Failure.tsx';
import { change } from './queries.ts';

type State =
  | { readonly status: 'shown' }
  | { readonly status: 'edited' | 'saving'; readonly text: string }
  | { readonly status: 'failed'; readonly text: string; readonly error: unknown };

/** What someone wrote about a run, and the place to write it. Plain text: nothing in it becomes markup. */
export function Description({ runId, text }: { readonly runId: string; readonly text: string }) {
  const [state, setState] = useState<State>({ status: 'shown' });
  if (state.status === 'shown') {
    const edit = () => setState({ status: 'edited', text });
    if (text === '')
      return (
        <p className="add-note">
          <button type="button" className="quiet" onClick={edit}>
            Add a description
          </button>
        </p>
      );
    return (
      <Card
        title="Description"
        actions={
          <button type="button" className="quiet" onClick={edit}>
            Edit
          </button>
        }
      >
        <div className="note">{text}</div>
      </Card>
    );
  }
  const save = async () => {
    setState({ status: 'saving', text: state.text });
    try {
      await change.setTag(runId, noteTag, state.text);
      setState({ status: 'shown' });
    } catch (error) {
      setState({ status: 'failed', text: state.text, error });
    }
  };
  return (
    <Card title="Description">
      <div className="edit-note">
        <textarea
          aria-label="Description"
          rows={5}
          maxLength={8000}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the reader has just asked to write here
          autoFocus
          value={state.text}
          onChange={({ target }) => setState({ status: 'edited', text: target.value })}
        />
        {state.status === 'failed' && <Failure error={state.error} />}
        <div className="row">
          <button
            type="button"
            className="primary"
            disabled={state.status === 'saving'}
            onClick={() => void save()}
          >
            Save
          </button>
          <button type="button" onClick={() => setState({ status: 'shown' })}>
            Cancel
          </button>
        </div>
      </div>
    </Card>
  );
}
