import { NumberField } from '../endpoints/NumberField.tsx';
import { Field } from '../parts/Dialog.tsx';
import { type Draft, formatNames, isDelimited, policyNames } from './options.ts';

const inputFormats = ['auto', 'csv', 'jsonl', 'parquet'] as const;
const outputFormats = ['same', 'csv', 'jsonl', 'parquet'] as const;
const policies = ['fail', 'skip', 'null'] as const;
const delimiters = {
  '': 'As its header has it',
  ',': 'Comma',
  ';': 'Semicolon',
  '\t': 'Tab',
  '|': 'Bar',
} as const;

type OptionsFormProps = {
  readonly draft: Draft;
  /** Of the file, as far as it is known. */
  readonly name: string;
  /** The option that the server found wrong, in its words. */
  readonly fault: string | undefined;
  readonly onChange: (draft: Draft) => void;
};

/** How the file is read, what comes out, and what is done about rows that cannot be scored. */
export function OptionsForm({ draft, name, fault, onChange }: OptionsFormProps) {
  const change = (changes: Partial<Draft>) => onChange({ ...draft, ...changes });
  const isAt = (field: string) => fault === field || fault?.startsWith(`${field}.`) === true;
  return (
    <>
      <div className="trio">
        <Field label="Format of the file">
          <select
            value={draft.format}
            aria-invalid={isAt('format')}
            onChange={({ target }) => change({ format: target.value as Draft['format'] })}
          >
            {inputFormats.map((each) => (
              <option key={each} value={each}>
                {formatNames[each]}
              </option>
            ))}
          </select>
        </Field>
        {isDelimited(draft, name) && (
          <Field label="Between its columns">
            <select
              value={draft.delimiter}
              aria-invalid={isAt('delimiter')}
              onChange={({ target }) => change({ delimiter: target.value })}
            >
              {Object.entries(delimiters).map(([character, title]) => (
                <option key={character} value={character}>
                  {title}
                </option>
              ))}
            </select>
          </Field>
        )}
        <Field label="Format of the output">
          <select
            value={draft.outputFormat}
            aria-invalid={isAt('output.format')}
            onChange={({ target }) => change({ outputFormat: target.value as Draft['outputFormat'] })}
          >
            {outputFormats.map((each) => (
              <option key={each} value={each}>
                {formatNames[each]}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <div className="trio">
        <Field label="Beside the predictions">
          <select
            value={draft.join}
            aria-invalid={isAt('output.join')}
            onChange={({ target }) => change({ join: target.value as Draft['join'] })}
          >
            <option value="all">All columns of the input</option>
            <option value="none">No columns</option>
            <option value="some">Some columns</option>
          </select>
        </Field>
        {draft.join === 'some' && (
          <Field label="Which columns" hint="Names, separated by commas">
            <input
              required
              pattern=".*[^,\s].*"
              title="At least one name"
              spellCheck={false}
              autoComplete="off"
              value={draft.columns}
              onChange={({ target }) => change({ columns: target.value })}
            />
          </Field>
        )}
        <label className="check batch-check">
          <input
            type="checkbox"
            checked={draft.probabilities}
            onChange={({ target }) => change({ probabilities: target.checked })}
          />
          A column for the probability of each class
        </label>
      </div>
      <div className="trio">
        <Field label="Rows that cannot be scored">
          <select
            value={draft.policy}
            aria-invalid={isAt('bad_rows')}
            onChange={({ target }) => change({ policy: target.value as Draft['policy'] })}
          >
            {policies.map((each) => (
              <option key={each} value={each}>
                {policyNames[each]}
              </option>
            ))}
          </select>
        </Field>
        {draft.policy !== 'fail' && (
          <>
            <NumberField
              label="At most, rows"
              hint="With more the job fails after all"
              isOptional
              min={0}
              step={1}
              value={draft.maxRows}
              onChange={(maxRows) => change({ maxRows })}
            />
            <NumberField
              label="At most, %"
              isOptional
              min={0}
              max={100}
              value={draft.maxPercent}
              onChange={(maxPercent) => change({ maxPercent })}
            />
          </>
        )}
      </div>
    </>
  );
}
