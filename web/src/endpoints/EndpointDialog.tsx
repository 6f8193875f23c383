import { useState } from 'react';
import { ApiError } from '../api/client.ts';
import type { Endpoint } from '../api/endpoints.ts';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { ChangedMeanwhile, changeEndpoint } from './actions.ts';
import { changesOf, withoutNulls } from './body.ts';
import { Changed } from './Changed.tsx';
import { DeploymentsForm } from './DeploymentsForm.tsx';
import { type Draft, draftOf, newDraft } from './draft.ts';
import { bodyOf } from './draft-body.ts';
import type { Fault } from './faults.ts';
import { SettingsForm } from './SettingsForm.tsx';
import './endpoints.css';

type EndpointDialogProps = {
  /** The one to change; without it a new one is made. */
  readonly endpoint?: Endpoint;
  readonly onClose: () => void;
  readonly onCreated?: (name: string) => void;
};

/** Everything of an endpoint: what answers, who gets which calls, limits, log, and how new versions come in. */
export function EndpointDialog({ endpoint, onClose, onCreated }: EndpointDialogProps) {
  // What the draft began from: it never overwrites what another has changed since.
  const [base, setBase] = useState(endpoint);
  const [draft, setDraft] = useState<Draft>(() => (endpoint ? draftOf(endpoint) : newDraft()));
  const [fault, setFault] = useState<Fault>();
  const [newer, setNewer] = useState<Endpoint>();
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });

  const save = async () => {
    setFault(undefined);
    setNewer(undefined);
    const body = bodyOf(draft);
    try {
      if (!base) {
        const made = await changeEndpoint.create(withoutNulls(body));
        onCreated?.(made.name);
        return;
      }
      const changes = changesOf(bodyOf(draftOf(base)), body);
      if (Object.keys(changes).length > 0) await changeEndpoint.update(base, changes);
    } catch (error) {
      setFault(faultIn(error));
      if (error instanceof ChangedMeanwhile) setNewer(error.now);
      throw error;
    }
  };

  return (
    <Dialog
      title={endpoint ? `Edit ${endpoint.name}` : 'New endpoint'}
      action={endpoint ? 'Save' : 'Create'}
      wide
      onClose={onClose}
      onSubmit={save}
    >
      {!endpoint && (
        <Field label="Name" hint="It is part of the address that is asked: 3 to 32 of a-z, 0-9 and hyphens.">
          <input
            required
            pattern="[a-z][a-z0-9\-]{2,31}"
            title="3 to 32 of a-z, 0-9 and hyphens, with a letter first"
            autoComplete="off"
            spellCheck={false}
            aria-invalid={fault?.field === 'name'}
            value={draft.name}
            onChange={({ target }) => change({ name: target.value })}
          />
        </Field>
      )}
      <DeploymentsForm draft={draft} fault={fault} onChange={change} />
      <SettingsForm draft={draft} fault={fault} onChange={change} />
      {newer && base && (
        <Changed
          onReplace={() => {
            setBase(newer);
            setDraft(draftOf(newer));
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

/** The fault that an answer names an input for. */
function faultIn(error: unknown): Fault | undefined {
  if (!(error instanceof ApiError) || error.field === undefined) return undefined;
  return { field: error.field, message: error.message };
}
