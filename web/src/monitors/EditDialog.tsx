import { useState } from 'react';
import { ApiError } from '../api/client.ts';
import type { Monitor } from '../api/types.ts';
import { Changed } from '../endpoints/Changed.tsx';
import type { Fault } from '../endpoints/faults.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { changeMonitor, readAgain } from './actions.ts';
import { AlertingForm } from './AlertingForm.tsx';
import { bodyOf, changesOf } from './draft-body.ts';
import { draftOf, type MonitorDraft } from './draft.ts';
import { ComparisonForm, WindowsForm } from './WindowsForm.tsx';
import { SignalsForm } from './SignalsForm.tsx';

type EditDialogProps = {
  readonly monitor: Monitor;
  /** The version that was read. */
  readonly version: string | undefined;
  readonly onClose: () => void;
};

type Read = { readonly it: Monitor; readonly version: string | undefined };

/** What every part of the form takes. */
export type PartProps = {
  readonly draft: MonitorDraft;
  readonly fault: Fault | undefined;
  readonly onChange: (changes: Partial<MonitorDraft>) => void;
};

/** Changes the settings of a monitor: what stays as it is is not sent. */
export function EditDialog({ monitor, version, onClose }: EditDialogProps) {
  // What the draft began from: it never overwrites what another has changed since.
  const [base, setBase] = useState<Read>({ it: monitor, version });
  const [draft, setDraft] = useState(() => draftOf(monitor));
  const [fault, setFault] = useState<Fault>();
  const [newer, setNewer] = useState<Read>();
  const change = (changes: Partial<MonitorDraft>) => setDraft((before) => ({ ...before, ...changes }));

  const save = async () => {
    setFault(undefined);
    setNewer(undefined);
    const changes = changesOf(bodyOf(draftOf(base.it)), bodyOf(draft));
    if (Object.keys(changes).length === 0) return;
    try {
      await changeMonitor.update(base.it.name, changes, base.version);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.field !== undefined) setFault({ field: error.field, message: error.message });
      if (error.status !== 409 || error.field !== undefined) throw error;
      const now = await readAgain(base.it.name);
      // A check notes its result with the monitor, too: what is set is as it was, and nothing is lost.
      if (JSON.stringify(bodyOf(draftOf(now.it))) === JSON.stringify(bodyOf(draftOf(base.it)))) {
        setBase(now);
        await changeMonitor.update(now.it.name, changes, now.version);
        return;
      }
      setNewer(now);
      throw new Error(
        `Another has changed the settings of ${base.it.name} since you began. What they did is kept; nothing of yours was saved yet.`,
        { cause: error },
      );
    }
  };

  const parts = { draft, fault, onChange: change };
  return (
    <Dialog title={`Edit ${monitor.name}`} action="Save" wide onClose={onClose} onSubmit={save}>
      <p className="hint">What is left empty is at its default.</p>
      <div className="form-sections">
        <WindowsForm {...parts} />
        <ComparisonForm {...parts} />
        <SignalsForm {...parts} />
        <AlertingForm {...parts} />
      </div>
      {newer && (
        <Changed
          onReplace={() => {
            setBase(newer);
            setDraft(draftOf(newer.it));
            setNewer(undefined);
          }}
          onKeep={() => {
            setBase(newer);
            setNewer(undefined);
          }}
        />
      )}
    </Dialog>
  );
}
