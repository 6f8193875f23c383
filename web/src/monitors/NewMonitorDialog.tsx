import { useState } from 'react';
import { ApiError } from '../api/client.ts';
import type { Fault } from '../endpoints/faults.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { changeMonitor } from './actions.ts';
import { referenceBody, seconds } from './draft-body.ts';
import { type ReferenceDraft, usual } from './draft.ts';
import { isAt, NumberSetting, Setting } from './Inputs.tsx';
import { ReferenceForm } from './ReferenceForm.tsx';

type NewMonitorDialogProps = {
  /** Those that the reader may have watched. */
  readonly endpoints: readonly string[];
  readonly onClose: () => void;
  readonly onMade: (name: string) => void;
};

type Draft = ReferenceDraft & {
  readonly name: string;
  readonly endpoint: string;
  readonly windowMinutes: string;
  readonly everyMinutes: string;
};

const minutesMax = 31 * 24 * 60;

/** Makes another monitor of an endpoint; all else that it has is set on its own page. */
export function NewMonitorDialog({ endpoints, onClose, onMade }: NewMonitorDialogProps) {
  const [draft, setDraft] = useState<Draft>(() => ({
    ...{ name: '', endpoint: endpoints[0] ?? '', windowMinutes: '', everyMinutes: '' },
    ...{ reference: 'version', referenceFrom: '', referenceTo: '' },
    ...{ referenceHours: '', referenceHoursBefore: '' },
  }));
  const [fault, setFault] = useState<Fault>();
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));

  const make = async () => {
    setFault(undefined);
    const { name, endpoint, windowMinutes, everyMinutes } = draft;
    try {
      await changeMonitor.make(name, {
        endpoint,
        window_seconds: seconds(windowMinutes, 60),
        every_seconds: seconds(everyMinutes, 60),
        reference: referenceBody(draft),
      });
    } catch (error) {
      if (error instanceof ApiError && error.field !== undefined)
        setFault({ field: error.field, message: error.message });
      throw error;
    }
    onMade(name);
  };

  return (
    <Dialog title="New monitor" action="Create" onClose={onClose} onSubmit={make}>
      <p className="hint">
        Every endpoint has one of its own name. Another looks at the same calls by a window or reference of
        its own; signals, alerts and the rest are set on its page.
      </p>
      <div className="pair">
        <Setting label="Name" hint="a-z, 0-9 and hyphens, a letter first." field="name" fault={fault}>
          <input
            required
            maxLength={63}
            pattern="[a-z][a-z0-9\-]*"
            title="a-z, 0-9 and hyphens, with a letter first"
            autoComplete="off"
            spellCheck={false}
            aria-invalid={isAt(fault, 'name')}
            value={draft.name}
            onChange={({ target }) => change({ name: target.value })}
          />
        </Setting>
        <Setting label="Endpoint" field="endpoint" fault={fault}>
          <select
            required
            aria-invalid={isAt(fault, 'endpoint')}
            value={draft.endpoint}
            onChange={({ target }) => change({ endpoint: target.value })}
          >
            {endpoints.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </Setting>
        <NumberSetting
          label="Length of a window, in minutes"
          hint="Whole hours cost least."
          field="window_seconds"
          fault={fault}
          value={draft.windowMinutes}
          min={1}
          max={minutesMax}
          step={1}
          usual={usual.windowMinutes}
          onChange={(windowMinutes) => change({ windowMinutes })}
        />
        <NumberSetting
          label="One every, in minutes"
          hint="Windows end on multiples of it."
          field="every_seconds"
          fault={fault}
          value={draft.everyMinutes}
          min={1}
          max={minutesMax}
          step={1}
          usual={usual.everyMinutes}
          onChange={(everyMinutes) => change({ everyMinutes })}
        />
      </div>
      <ReferenceForm draft={draft} fault={fault} onChange={change} />
    </Dialog>
  );
}
