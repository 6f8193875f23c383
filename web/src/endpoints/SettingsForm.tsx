import type { NonFinite } from '../api/endpoints.ts';
import { Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { type Draft, newLabel } from './draft.ts';
import type { Fault } from './faults.ts';
import { FaultText } from './FaultText.tsx';
import { LoggingForm } from './LoggingForm.tsx';
import { NumberField } from './NumberField.tsx';
import { RolloutForm } from './RolloutForm.tsx';
import { Section } from './Section.tsx';

export type PartProps = {
  readonly draft: Draft;
  readonly fault: Fault | undefined;
  readonly onChange: (changes: Partial<Draft>) => void;
};

/** What most leave as it is, a section each. */
export function SettingsForm(props: PartProps) {
  return (
    <div className="form-sections">
      <RolloutForm {...props} />
      <LoggingForm {...props} />
      <LimitsForm {...props} />
      <CallersForm {...props} />
      <LabelsForm {...props} />
    </div>
  );
}

function LimitsForm({ draft, fault, onChange }: PartProps) {
  const isAtFault = fault?.field.startsWith('limits') ?? false;
  return (
    <Section
      title="Limits"
      says={`${draft.rowsMax} rows, ${draft.timeoutSeconds} s, ${draft.bodyMebibytes} MiB`}
      isOpen={isAtFault}
    >
      <div className="trio">
        <NumberField
          label="Rows of a call"
          value={draft.rowsMax}
          min={1}
          max={1_000_000}
          step={1}
          onChange={(rowsMax) => onChange({ rowsMax })}
        />
        <NumberField
          label="Seconds of a call"
          hint="Then it is answered 504."
          value={draft.timeoutSeconds}
          min={0.001}
          max={230}
          onChange={(timeoutSeconds) => onChange({ timeoutSeconds })}
        />
        <NumberField
          label="MiB of a body"
          hint="Unpacked."
          value={draft.bodyMebibytes}
          min={0.001}
          max={100}
          onChange={(bodyMebibytes) => onChange({ bodyMebibytes })}
        />
      </div>
      {isAtFault && fault && <FaultText fault={fault} />}
    </Section>
  );
}

const stickyTitles = {
  none: 'nothing: each call is drawn anew',
  header: 'a header',
  input: 'an input',
} as const;
type StickyBy = keyof typeof stickyTitles;

const nonFiniteTitles: Readonly<Record<NonFinite | 'protocol', string>> = {
  protocol: 'as the protocol has it: MLflow null, Open Inference an error',
  refuse: 'the call fails',
  null: 'null',
  text: '"NaN", "Infinity", "-Infinity"',
};

function CallersForm({ draft, fault, onChange }: PartProps) {
  const isAtFault = /^(sticky|non_finite)/.test(fault?.field ?? '');
  const { stickyBy, nonFinite } = draft;
  return (
    <Section
      title="Callers and answers"
      says={`kept by ${stickyBy === 'none' ? 'nothing' : `${stickyBy} ${draft.stickyName}`}, NaN ${
        nonFinite === 'protocol' ? 'by protocol' : nonFinite
      }`}
      isOpen={isAtFault}
    >
      <div className="pair">
        <Field
          label="A caller is kept with one deployment by"
          hint="The same value is always answered by the same deployment and version."
        >
          <select
            value={stickyBy}
            onChange={({ target }) => onChange({ stickyBy: target.value as StickyBy })}
          >
            {Object.entries(stickyTitles).map(([by, title]) => (
              <option key={by} value={by}>
                {title}
              </option>
            ))}
          </select>
        </Field>
        {stickyBy !== 'none' && (
          <Field label={stickyBy === 'header' ? 'Name of the header' : 'Column or input'}>
            <input
              required
              maxLength={250}
              autoComplete="off"
              placeholder={stickyBy === 'header' ? 'x-customer-id' : 'customer_id'}
              value={draft.stickyName}
              onChange={({ target }) => onChange({ stickyName: target.value })}
            />
          </Field>
        )}
      </div>
      <Field
        label="NaN and infinities in an answer"
        hint="JSON has no such numbers. Binary tensors carry them."
      >
        <select
          value={nonFinite}
          onChange={({ target }) => onChange({ nonFinite: target.value as Draft['nonFinite'] })}
        >
          {Object.entries(nonFiniteTitles).map(([policy, title]) => (
            <option key={policy} value={policy}>
              {title}
            </option>
          ))}
        </select>
      </Field>
      {isAtFault && fault && <FaultText fault={fault} />}
    </Section>
  );
}

function LabelsForm({ draft: { labels }, fault, onChange }: PartProps) {
  const isAtFault = fault?.field.startsWith('labels') ?? false;
  const set = (next: Draft['labels']) => onChange({ labels: next });
  return (
    <Section title="Labels" says={labels.map(({ name }) => name).join(', ') || 'none'} isOpen={isAtFault}>
      {labels.map((label) => (
        <div key={label.key} className="label-line">
          <input
            aria-label="Name of a label"
            required
            maxLength={250}
            autoComplete="off"
            value={label.name}
            onChange={({ target }) =>
              set(labels.map((each) => (each === label ? { ...each, name: target.value } : each)))
            }
          />
          <input
            aria-label={`Value of ${label.name || 'the label'}`}
            maxLength={5000}
            autoComplete="off"
            value={label.value}
            onChange={({ target }) =>
              set(labels.map((each) => (each === label ? { ...each, value: target.value } : each)))
            }
          />
          <button
            type="button"
            className="quiet"
            aria-label={`Remove ${label.name || 'the label'}`}
            title="Remove"
            onClick={() => set(labels.filter((each) => each !== label))}
          >
            <Icon name="trash" size={14} />
          </button>
        </div>
      ))}
      <div>
        <button type="button" className="quiet add-note" onClick={() => set([...labels, newLabel(labels)])}>
          <Icon name="plus" size={14} /> Add a label
        </button>
      </div>
      {isAtFault && fault && <FaultText fault={fault} />}
    </Section>
  );
}
