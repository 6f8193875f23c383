import { FaultText } from '../endpoints/FaultText.tsx';
import { Section } from '../endpoints/Section.tsx';
import { Icon } from '../parts/Icon.tsx';
import type { MonitorDraft } from './draft.ts';
import { newWeight, usual } from './draft.ts';
import type { PartProps } from './EditDialog.tsx';
import { isAt, NumberSetting, Setting } from './Inputs.tsx';
import { ReferenceForm, referenceTitles } from './ReferenceForm.tsx';
import { presetWords } from './words.ts';

const minutesMax = 31 * 24 * 60;

/** How long windows are, and when they are looked at. */
export function WindowsForm({ draft, fault, onChange }: PartProps) {
  const fields = ['window_seconds', 'every_seconds', 'offset_seconds', 'max_label_delay_seconds'];
  const { windowMinutes, everyMinutes } = draft;
  return (
    <Section
      title="Windows"
      says={`${windowMinutes || usual.windowMinutes} min, every ${everyMinutes || usual.everyMinutes} min`}
      isOpen={fields.some((field) => isAt(fault, field))}
    >
      <div className="trio">
        <NumberSetting
          label="Length, in minutes"
          hint="Whole hours cost least."
          field="window_seconds"
          fault={fault}
          value={windowMinutes}
          min={1}
          max={minutesMax}
          step={1}
          usual={usual.windowMinutes}
          onChange={(text) => onChange({ windowMinutes: text })}
        />
        <NumberSetting
          label="One every, in minutes"
          hint="Windows end on multiples of it."
          field="every_seconds"
          fault={fault}
          value={everyMinutes}
          min={1}
          max={minutesMax}
          step={1}
          usual={usual.everyMinutes}
          onChange={(text) => onChange({ everyMinutes: text })}
        />
        <NumberSetting
          label="Looked at later by, in minutes"
          hint="For data that come late."
          field="offset_seconds"
          fault={fault}
          value={draft.offsetMinutes}
          min={0}
          max={minutesMax}
          step={1}
          usual={usual.offsetMinutes}
          onChange={(text) => onChange({ offsetMinutes: text })}
        />
        <NumberSetting
          label="Late labels count for, in hours"
          hint="So far back, windows are judged again."
          field="max_label_delay_seconds"
          fault={fault}
          value={draft.labelDelayHours}
          min={0}
          max={90 * 24}
          usual={usual.labelDelayHours}
          onChange={(text) => onChange({ labelDelayHours: text })}
        />
      </div>
    </Section>
  );
}

/** What windows are held against, by which test, and how the rows are split and features weighed. */
export function ComparisonForm(props: PartProps) {
  const { draft, fault, onChange } = props;
  const fields = ['reference', 'preset', 'min_rows', 'min_labelled', 'segments', 'feature_weights'];
  return (
    <Section
      title="Comparison"
      says={`${draft.preset}, against ${referenceTitles[draft.reference]}`}
      isOpen={fields.some((field) => isAt(fault, field))}
    >
      <ReferenceForm {...props} />
      <Setting label="Preset: whose test decides of a feature" field="preset" fault={fault}>
        <select value={draft.preset} onChange={({ target }) => onChange({ preset: target.value })}>
          {Object.entries(presetWords).map(([preset, words]) => (
            <option key={preset} value={preset}>
              {words}
            </option>
          ))}
        </select>
      </Setting>
      <div className="pair">
        <NumberSetting
          label="Rows needed"
          hint="With fewer there is no verdict."
          field="min_rows"
          fault={fault}
          value={draft.minRows}
          min={20}
          max={1_000_000}
          step={1}
          usual={usual.minRows}
          onChange={(minRows) => onChange({ minRows })}
        />
        <NumberSetting
          label="Labels needed"
          hint="The same of performance."
          field="min_labelled"
          fault={fault}
          value={draft.minLabelled}
          min={20}
          max={1_000_000}
          step={1}
          usual={usual.minLabelled}
          onChange={(minLabelled) => onChange({ minLabelled })}
        />
      </div>
      <SegmentsForm {...props} />
      <WeightsForm {...props} />
    </Section>
  );
}

function SegmentsForm({ draft, fault, onChange }: PartProps) {
  return (
    <div className="pair">
      <Setting
        label="Segments by the column"
        hint="Rows of each value are looked at by themselves, too. Empty: no segments. One column for all monitors of an endpoint."
        field={draft.segmentColumn === '' ? 'segments' : 'segments.column'}
        fault={fault?.field === 'segments' ? { ...fault, field: 'segments.column' } : fault}
      >
        <input
          maxLength={200}
          autoComplete="off"
          aria-invalid={fault?.field === 'segments' || isAt(fault, 'segments.column')}
          value={draft.segmentColumn}
          onChange={({ target }) => onChange({ segmentColumn: target.value })}
        />
      </Setting>
      {draft.segmentColumn.trim() !== '' && (
        <Setting label="Its values, one a line" hint="1 to 20 of them." field="segments.values" fault={fault}>
          <textarea
            rows={3}
            required
            aria-invalid={isAt(fault, 'segments.values')}
            value={draft.segmentValues}
            onChange={({ target }) => onChange({ segmentValues: target.value })}
          />
        </Setting>
      )}
    </div>
  );
}

function WeightsForm({ draft: { weights }, fault, onChange }: PartProps) {
  const set = (next: MonitorDraft['weights']) => onChange({ weights: next });
  return (
    <fieldset className="bare">
      <legend>Weights of features</legend>
      <p className="hint">
        In the share of features that drifted each counts 1, unless it is told here; 0 leaves it out.
      </p>
      {weights.map((line) => (
        <div key={line.key} className="label-line weight-line">
          <input
            aria-label="Feature"
            required
            maxLength={200}
            autoComplete="off"
            aria-invalid={isAt(fault, `feature_weights.${line.name.trim()}`)}
            value={line.name}
            onChange={({ target }) =>
              set(weights.map((each) => (each === line ? { ...each, name: target.value } : each)))
            }
          />
          <input
            type="number"
            aria-label={`Weight of ${line.name || 'the feature'}`}
            required
            min={0}
            max={1_000_000}
            step="any"
            value={line.weight}
            onChange={({ target }) =>
              set(weights.map((each) => (each === line ? { ...each, weight: target.value } : each)))
            }
          />
          <button
            type="button"
            className="quiet"
            aria-label={`Remove ${line.name || 'the feature'}`}
            title="Remove"
            onClick={() => set(weights.filter((each) => each !== line))}
          >
            <Icon name="trash" size={14} />
          </button>
        </div>
      ))}
      <div>
        <button
          type="button"
          className="quiet add-note"
          onClick={() => set([...weights, newWeight(weights)])}
        >
          <Icon name="plus" size={14} /> Add a feature
        </button>
      </div>
      {fault && isAt(fault, 'feature_weights') && <FaultText fault={fault} />}
    </fieldset>
  );
}
