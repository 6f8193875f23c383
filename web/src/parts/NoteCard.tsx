import { type ReactNode, useState } from 'react';
import { useMay } from '../session/may.tsx';
import { Card } from './Card.tsx';
import { Failure } from './Failure.tsx';

type State =
  | { readonly status: 'shown' }
  | { readonly status: 'edited' | 'saving'; readonly text: string }
  | { readonly status: 'failed'; readonly text: string; readonly error: unknown };

type NoteCardProps = {
  readonly text: string;
  readonly charactersMax: number;
  readonly onSave: (text: string) => Promise<unknown>;
  /** How the text is shown: as it stands unless told. */
  readonly shown?: (text: string) => ReactNode;
};

/** What someone wrote about a thing, and the place to write it. Nothing in it becomes markup. */
export function NoteCard({ text, charactersMax, onSave, shown }: NoteCardProps) {
  const [state, setState] = useState<State>({ status: 'shown' });
  const mayEdit = useMay('contributor');
  if (state.status === 'shown') {
    const edit = () => setState({ status: 'edited', text });
    if (text === '' && !mayEdit) return null;
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
          mayEdit && (
            <button type="button" className="quiet" onClick={edit}>
              Edit
            </button>
          )
        }
      >
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
        <div className="note-text" role="group" aria-label="What it says" tabIndex={0}>
          {shown ? shown(text) : <div className="note">{text}</div>}
        </div>
      </Card>
    );
  }
  const save = async () => {
    setState({ status: 'saving', text: state.text });
    try {
      await onSave(state.text);
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
          maxLength={charactersMax}
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
