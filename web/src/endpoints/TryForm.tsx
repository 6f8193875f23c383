import { type FormEvent, useId, useState } from 'react';
import { Field } from '../parts/Dialog.tsx';
import { FaultText } from './FaultText.tsx';
import { isList, typesOf } from './schema.ts';
import { callOf, hintOf, type TryField } from './try.ts';

type TryFormProps = {
  /** None where only JSON can be written. */
  readonly fields: readonly TryField[];
  /** The example as JSON. */
  readonly body: string;
  /** The field that the server refused, and why. */
  readonly fault: { readonly id: string; readonly message: string } | undefined;
  readonly isBusy: boolean;
  readonly onSend: (body: string) => Promise<void>;
};

/** Fields by the model's inputs, or the whole body as JSON. */
export function TryForm({ fields, body, fault, isBusy, onSend }: TryFormProps) {
  const [as, setAs] = useState<'form' | 'json'>(fields.length === 0 ? 'json' : 'form');
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.map(({ id, text }) => [id, text])),
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
  const shown = fault ? { [fault.id]: fault.message, ...faults } : faults;
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
        groupsOf(fields).map(({ title, members }) => (
          <fieldset key={title} className="bare">
            {title !== '' && <legend>{title}</legend>}
            <div className="try-fields">
              {members.map((field) => (
                <TryInput
                  key={field.id}
                  field={field}
                  text={texts[field.id] ?? ''}
                  fault={shown[field.id]}
                  onChange={(text) => {
                    setTexts({ ...texts, [field.id]: text });
                    const { [field.id]: _, ...others } = faults;
                    setFaults(others);
                  }}
                />
              ))}
            </div>
          </fieldset>
        ))
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

/** What the model computes with, and the parameters besides. */
function groupsOf(fields: readonly TryField[]) {
  const params = fields.filter(({ part }) => part === 'param');
  const inputs = { title: '', members: fields.filter(({ part }) => part !== 'param') };
  return params.length === 0
    ? [inputs]
    : [inputs, { title: 'Parameters: checked, and of no effect on an ONNX model', members: params }];
}

type TryInputProps = {
  readonly field: TryField;
  readonly text: string;
  readonly fault: string | undefined;
  readonly onChange: (text: string) => void;
};

function TryInput({ field, text, fault, onChange }: TryInputProps) {
  const id = useId();
  const { name, schema, isOptional } = field;
  const types = typesOf(schema);
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
      {isList(schema) ? (
        <textarea
          {...common}
          className="try-json"
          rows={3}
          spellCheck={false}
          onChange={({ target }) => onChange(target.value)}
        />
      ) : types.has('boolean') ? (
        <select {...common} onChange={({ target }) => onChange(target.value)}>
          {(isOptional || text === '') && <option value="">not sent</option>}
          <option>false</option>
          <option>true</option>
        </select>
      ) : (
        <input
          {...common}
          inputMode={types.has('string') ? 'text' : 'decimal'}
          autoComplete="off"
          spellCheck={false}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
      <small id={`${id}-about`} className={fault === undefined ? undefined : 'share-fault'}>
        {fault ?? hintOf(field)}
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
