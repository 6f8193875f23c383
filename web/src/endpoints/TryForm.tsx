import { type FormEvent, useId, useState } from 'react';
import { Field } from '../parts/Dialog.tsx';
import { FaultText } from './FaultText.tsx';
import { callOf, kindOf, type TryField } from './try.ts';

type TryFormProps = {
  /** None where only JSON can be written. */
  readonly fields: readonly TryField[];
  /** The example as JSON. */
  readonly body: string;
  /** The field that the server refused, and why. */
  readonly fault: { readonly name: string; readonly message: string } | undefined;
  readonly isBusy: boolean;
  readonly onSend: (body: string) => Promise<void>;
};

/** Fields by the model's inputs, or the whole body as JSON. */
export function TryForm({ fields, body, fault, isBusy, onSend }: TryFormProps) {
  const [as, setAs] = useState<'form' | 'json'>(fields.length === 0 ? 'json' : 'form');
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.map(({ name, text }) => [name, text])),
  );
  const [json, setJson] = useState(body);
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({});

  const send = (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    if (as === 'json') {
      const wrong = jsonFault(json);
      setFaults(wrong === undefined ? {} : { json: wrong });
      if (wrong === undefined) void onSend(json);
      return;
    }
    const written = callOf(fields, texts);
    setFaults('faults' in written ? written.faults : {});
    if ('body' in written) void onSend(written.body);
  };
  const showAs = (next: typeof as) => {
    if (next === as) return;
    const written = next === 'json' ? callOf(fields, texts) : undefined;
    if (written && 'body' in written) setJson(pretty(written.body));
    setAs(next);
    setFaults({});
  };
  const shown = fault ? { [fault.name]: fault.message, ...faults } : faults;
  return (
    <form className="try-form" noValidate aria-label="Call" onSubmit={send}>
      {fields.length > 0 && (
        <div className="segments" role="group" aria-label="Written as">
          {(['form', 'json'] as const).map((each) => (
            <button key={each} type="button" aria-pressed={as === each} onClick={() => showAs(each)}>
              {each === 'form' ? 'Form' : 'JSON'}
            </button>
          ))}
        </div>
      )}
      {as === 'form' ? (
        <div className={fields.some(({ isTensor }) => isTensor) ? 'try-tensors' : 'try-fields'}>
          {fields.map((field) => (
            <TryInput
              key={field.name}
              field={field}
              text={texts[field.name] ?? ''}
              fault={shown[field.name]}
              onChange={(text) => {
                setTexts({ ...texts, [field.name]: text });
                const { [field.name]: _, ...others } = faults;
                setFaults(others);
              }}
            />
          ))}
        </div>
      ) : (
        <>
          <Field label="Body" hint="As POST …/invocations takes it; more rows than one, too.">
            <textarea
              className="try-json"
              rows={14}
              spellCheck={false}
              aria-invalid={faults['json'] !== undefined}
              value={json}
              onChange={({ target }) => setJson(target.value)}
            />
          </Field>
          {faults['json'] !== undefined && <FaultText fault={{ message: faults['json'] }} />}
        </>
      )}
      <div className="row">
        <button type="submit" className="primary" disabled={isBusy}>
          {isBusy ? 'Sending …' : 'Send'}
        </button>
        {Object.keys(faults).length > 0 && as === 'form' && (
          <span className="share-fault" role="alert">
            Not sent: put right what is marked.
          </span>
        )}
      </div>
    </form>
  );
}

type TryInputProps = {
  readonly field: TryField;
  readonly text: string;
  readonly fault: string | undefined;
  readonly onChange: (text: string) => void;
};

function TryInput({ field, text, fault, onChange }: TryInputProps) {
  const id = useId();
  const { name, datatype, isTensor } = field;
  const common = {
    id,
    value: text,
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${id}-about`,
  };
  return (
    <div className="field">
      <label htmlFor={id} className="cut" title={name}>
        {name}
      </label>
      {isTensor ? (
        <textarea
          {...common}
          className="try-json"
          rows={3}
          spellCheck={false}
          onChange={({ target }) => onChange(target.value)}
        />
      ) : datatype === 'BOOL' ? (
        <select {...common} onChange={({ target }) => onChange(target.value)}>
          <option>false</option>
          <option>true</option>
        </select>
      ) : (
        <input
          {...common}
          inputMode={datatype === 'BYTES' ? 'text' : 'decimal'}
          autoComplete="off"
          spellCheck={false}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
      <small id={`${id}-about`} className={fault === undefined ? undefined : 'share-fault'}>
        {fault ?? kindOf(field)}
      </small>
    </div>
  );
}

function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Rows below each other, where a reader can add some; numbers stay as they are written. */
function pretty(body: string): string {
  return body
    .replace('{"dataframe_split": {', '{\n  "dataframe_split": {\n    ')
    .replace(', "data": [[', ',\n    "data": [\n      [')
    .replace(/\]\]\}\}$/, ']\n    ]\n  }\n}');
}
