import { durabilities } from '../api/endpoints.ts';
import { Field } from '../parts/Dialog.tsx';
import type { Draft } from './draft.ts';
import { FaultText } from './FaultText.tsx';
import { NumberField } from './NumberField.tsx';
import { Section } from './Section.tsx';
import type { PartProps } from './SettingsForm.tsx';

const durabilityTitles: Readonly<Record<Draft['durability'], string>> = {
  buffer: 'some seconds later: a crash loses those',
  queue: 'in a queue before the answer: none is lost, each call takes longer',
};

/** What is kept of the calls. What is masked, and for how long it is kept, stands in the data policy as well. */
export function LoggingForm({ draft, fault, onChange }: PartProps) {
  const isAtFault = fault?.field.startsWith('logging') ?? false;
  return (
    <Section
      title="Prediction log"
      says={`${draft.samplePercent} % of the calls, ${draft.durability}`}
      isOpen={isAtFault}
    >
      <div className="pair">
        <NumberField
          label="Percent of the calls that are logged"
          hint="Figures and profiles count every call."
          value={draft.samplePercent}
          min={0}
          max={100}
          onChange={(samplePercent) => onChange({ samplePercent })}
        />
        <Field label="Written">
          <select
            value={draft.durability}
            onChange={({ target }) =>
              onChange({ durability: durabilities.find((each) => each === target.value) ?? 'buffer' })
            }
          >
            {durabilities.map((each) => (
              <option key={each} value={each}>
                {durabilityTitles[each]}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <div className="pair">
        <Field label="Masked columns" hint="One a line. They are not kept at all.">
          <textarea
            rows={2}
            spellCheck={false}
            value={draft.maskedColumns}
            onChange={({ target }) => onChange({ maskedColumns: target.value })}
          />
        </Field>
        <NumberField
          label="Days it is kept"
          {...(draft.hasPolicy ? {} : { hint: 'Empty: as long as the deployment keeps them.' })}
          isOptional={!draft.hasPolicy}
          value={draft.retentionDays}
          min={1}
          step={1}
          onChange={(retentionDays) => onChange({ retentionDays })}
        />
      </div>
      {isAtFault && fault && <FaultText fault={fault} />}
    </Section>
  );
}
