import { useState } from 'react';
import type { ViewType } from '../api/tracking.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { counted } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { useMay } from '../session/may.tsx';
import { deleteRuns, type Progress, restoreRuns, tagRuns } from './actions.ts';

type BulkBarProps = {
  readonly ids: readonly string[];
  readonly view: ViewType;
  readonly onClear: () => void;
  readonly onPin: () => void;
  readonly onHide: () => void;
};

/** What can be done with the chosen runs. */
export function BulkBar({ ids, view, onClear, onPin, onHide }: BulkBarProps) {
  const [asked, setAsked] = useState<'delete' | 'restore' | 'tag'>();
  const [done, setDone] = useState(0);
  const mayChange = useMay('contributor');
  const runs = counted(ids.length, 'run');
  const ask = (what: typeof asked) => {
    setDone(0);
    setAsked(what);
  };
  const dialog = { onClose: () => setAsked(undefined) };
  return (
    <div className="bulk row" role="group" aria-label="Chosen runs">
      <strong>{runs} chosen</strong>
      {ids.length > 1 ? (
        <a className="button primary" href={links.compare(ids)}>
          <Icon name="compare" /> Compare
        </a>
      ) : (
        <span className="hint">Choose another to compare</span>
      )}
      {mayChange && (
        <button type="button" onClick={() => ask('tag')}>
          <Icon name="tag" /> Tag
        </button>
      )}
      <button type="button" onClick={onPin}>
        <Icon name="pin" /> Pin
      </button>
      <button type="button" onClick={onHide}>
        <Icon name="hide" /> Hide
      </button>
      {mayChange && view !== 'ACTIVE_ONLY' && (
        <button type="button" onClick={() => ask('restore')}>
          Restore
        </button>
      )}
      {mayChange && view !== 'DELETED_ONLY' && (
        <button type="button" className="danger" onClick={() => ask('delete')}>
          <Icon name="trash" /> Delete
        </button>
      )}
      <button type="button" className="quiet" onClick={onClear}>
        Choose none
      </button>
      {asked === 'delete' && (
        <Dialog
          title={`Delete ${runs}?`}
          action="Delete"
          danger
          {...dialog}
          onSubmit={() => deleteRuns(ids, setDone).then(onClear)}
        >
          <p>They stay under “Deleted”, from where they can be restored.</p>
          <Done done={done} of={ids.length} />
        </Dialog>
      )}
      {asked === 'restore' && (
        <Dialog
          title={`Restore ${runs}?`}
          action="Restore"
          {...dialog}
          onSubmit={() => restoreRuns(ids, setDone).then(onClear)}
        >
          <p>They stand among the active runs again.</p>
          <Done done={done} of={ids.length} />
        </Dialog>
      )}
      {asked === 'tag' && (
        <Dialog
          title={`Tag ${runs}`}
          action="Set tag"
          {...dialog}
          onSubmit={(form) => submitTag(form, ids, setDone)}
        >
          <Field label="Name">
            <input name="key" required maxLength={250} />
          </Field>
          <Field label="Value" hint="A run that has the tag gets this value.">
            <input name="value" maxLength={8000} />
          </Field>
          <Done done={done} of={ids.length} />
        </Dialog>
      )}
    </div>
  );
}

function submitTag(form: FormData, ids: readonly string[], onProgress: Progress): Promise<void> {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === 'string' ? value : '';
  };
  return tagRuns(ids, text('key'), text('value'), onProgress);
}

function Done({ done, of }: { readonly done: number; readonly of: number }) {
  return done === 0 ? null : (
    <progress value={done} max={of} aria-label="Done">
      {done} of {of}
    </progress>
  );
}
