import type { Fault } from '../endpoints/faults.ts';
import type { ReferenceDraft } from './draft.ts';
import { isAt, NumberSetting, Setting } from './Inputs.tsx';

type ReferenceFormProps = {
  readonly draft: ReferenceDraft;
  readonly fault: Fault | undefined;
  readonly onChange: (changes: Partial<ReferenceDraft>) => void;
};

const yearHours = 366 * 24;

export const referenceTitles: Readonly<Record<ReferenceDraft['reference'], string>> = {
  version: 'the reference set of the version',
  fixed: 'a fixed time',
  rolling: 'a time before each window',
};

/** What windows are held against. */
export function ReferenceForm({ draft, fault, onChange }: ReferenceFormProps) {
  return (
    <>
      <Setting
        label="Reference"
        hint="A version without a reference set is held against its first 1,000 predictions."
        field={draft.reference === 'version' ? 'reference' : 'reference.kind'}
        fault={fault}
      >
        <select
          value={draft.reference}
          onChange={({ target }) => onChange({ reference: target.value as ReferenceDraft['reference'] })}
        >
          {Object.entries(referenceTitles).map(([kind, title]) => (
            <option key={kind} value={kind}>
              {title}
            </option>
          ))}
        </select>
      </Setting>
      {draft.reference === 'fixed' && (
        <div className="pair">
          {(
            [
              ['From', 'reference.from', 'referenceFrom'],
              ['To', 'reference.to', 'referenceTo'],
            ] as const
          ).map(([label, field, key]) => (
            <Setting key={field} label={label} field={field} fault={fault}>
              <input
                type="datetime-local"
                required
                aria-invalid={isAt(fault, field)}
                value={draft[key]}
                onChange={({ target }) => onChange({ [key]: target.value })}
              />
            </Setting>
          ))}
        </div>
      )}
      {draft.reference === 'rolling' && (
        <div className="pair">
          <NumberSetting
            label="Length, in hours"
            field="reference.length_seconds"
            fault={fault}
            value={draft.referenceHours}
            min={1 / 60}
            max={yearHours}
            onChange={(referenceHours) => onChange({ referenceHours })}
          />
          <NumberSetting
            label="Ends before the window begins by, in hours"
            field="reference.offset_seconds"
            fault={fault}
            value={draft.referenceHoursBefore}
            min={0}
            max={yearHours}
            usual="0"
            onChange={(referenceHoursBefore) => onChange({ referenceHoursBefore })}
          />
        </div>
      )}
    </>
  );
}
