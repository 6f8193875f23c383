import { useId } from 'react';
import { type Weekday, weekdays } from '../api/registry.ts';
import { Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { type GateDraft, type GateField, gateFields, newWindow, type WindowDraft } from './drafts.ts';
import { gateTitles } from './words.ts';

type GateFormProps = {
  readonly draft: GateDraft;
  /** What the server found wrong with it. */
  readonly fault: { readonly field: string; readonly message: string } | undefined;
  readonly onChange: (draft: GateDraft) => void;
  readonly onRemove: () => void;
};

/** The inputs of one gate. */
export function GateForm({ draft, fault, onChange, onRemove }: GateFormProps) {
  const faultId = useId();
  const title = gateTitles[draft.gate];
  return (
    <fieldset
      className={fault ? 'gate-form at-fault' : 'gate-form'}
      aria-describedby={fault ? faultId : undefined}
    >
      <legend>{title}</legend>
      <button
        type="button"
        className="quiet gate-remove"
        aria-label={`Remove ${title}`}
        title="Remove"
        onClick={onRemove}
      >
        <Icon name="close" size={14} />
      </button>
      {fixedText[draft.gate] !== undefined && <p className="hint">{fixedText[draft.gate]}</p>}
      <div className="gate-inputs">
        {gateFields[draft.gate].map((field) => (
          <Field
            key={field.name}
            label={field.label}
            {...(field.hint === undefined ? {} : { hint: field.hint })}
          >
            <Input
              field={field}
              value={draft.texts[field.name] ?? ''}
              invalid={fault?.field.startsWith(field.name) ?? false}
              onChange={(text) => onChange({ ...draft, texts: { ...draft.texts, [field.name]: text } })}
            />
          </Field>
        ))}
      </div>
      {draft.gate === 'freeze' && (
        <Windows windows={draft.windows} onChange={(windows) => onChange({ ...draft, windows })} />
      )}
      {fault && (
        <p id={faultId} className="gate-fault" role="alert">
          <Icon name="warning" size={14} /> {fault.message}
        </p>
      )}
    </fieldset>
  );
}

const fixedText: Readonly<Partial<Record<GateDraft['gate'], string>>> = {
  schema:
    'What is sent to the champion now can be sent to the version too, and the answers have the same form.',
  inspection: 'The version was read, run once, and can be served.',
  signature: 'Its files are signed with a key of this platform, and the signature holds.',
};

type InputProps = {
  readonly field: GateField;
  readonly value: string;
  readonly invalid: boolean;
  readonly onChange: (text: string) => void;
};

function Input({ field, value, invalid, onChange }: InputProps) {
  const { kind, optional = false, choices, min, max } = field;
  if (choices)
    return (
      <select value={value} aria-invalid={invalid} onChange={({ target }) => onChange(target.value)}>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice.replace('_', ' ')}
          </option>
        ))}
      </select>
    );
  return (
    <input
      type={kind === 'number' ? 'number' : 'text'}
      step="any"
      min={min}
      max={max}
      required={!optional}
      aria-invalid={invalid}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

type WindowsProps = {
  readonly windows: readonly WindowDraft[];
  readonly onChange: (windows: readonly WindowDraft[]) => void;
};

function Windows({ windows, onChange }: WindowsProps) {
  const change = (window: WindowDraft, part: Partial<WindowDraft>) =>
    onChange(windows.map((each) => (each === window ? { ...each, ...part } : each)));
  return (
    <>
      {windows.map((window, at) => {
        const named = (what: string) => `${what} of window ${at + 1}`;
        return (
          <div key={window.id} className="freeze-window" role="group" aria-label={`Window ${at + 1}`}>
            <select
              aria-label={named('Kind')}
              value={window.kind}
              onChange={({ target }) =>
                change(
                  window,
                  target.value === 'once'
                    ? { kind: 'once', from: '', to: '' }
                    : { kind: 'weekly', from: '18:00', to: '08:00' },
                )
              }
            >
              <option value="weekly">Every week</option>
              <option value="once">Once</option>
            </select>
            {window.kind === 'weekly' && (
              <Days chosen={window.weekdays} onChange={(days) => change(window, { weekdays: days })} />
            )}
            <span className="row">
              from
              <input
                type={window.kind === 'once' ? 'datetime-local' : 'time'}
                required
                aria-label={named('Begin')}
                value={window.from}
                onChange={({ target }) => change(window, { from: target.value })}
              />
              to
              <input
                type={window.kind === 'once' ? 'datetime-local' : 'time'}
                required
                aria-label={named('End')}
                value={window.to}
                onChange={({ target }) => change(window, { to: target.value })}
              />
            </span>
            {window.kind === 'weekly' && (
              <input
                required
                aria-label={named('Time zone')}
                placeholder="Europe/Berlin"
                value={window.timezone}
                onChange={({ target }) => change(window, { timezone: target.value })}
              />
            )}
            <input
              required
              className="freeze-reason"
              aria-label={named('Reason')}
              placeholder="Reason"
              value={window.reason}
              onChange={({ target }) => change(window, { reason: target.value })}
            />
            <button
              type="button"
              className="quiet"
              aria-label={`Remove window ${at + 1}`}
              title="Remove"
              onClick={() => onChange(windows.filter((each) => each !== window))}
            >
              <Icon name="close" size={14} />
            </button>
          </div>
        );
      })}
      <div>
        <button type="button" className="quiet" onClick={() => onChange([...windows, newWindow()])}>
          <Icon name="plus" size={14} /> Add a window
        </button>
      </div>
    </>
  );
}

type DaysProps = {
  readonly chosen: readonly Weekday[];
  readonly onChange: (days: readonly Weekday[]) => void;
};

function Days({ chosen, onChange }: DaysProps) {
  return (
    <span className="segments" role="group" aria-label="Days on which it begins">
      {weekdays.map((day) => (
        <button
          key={day}
          type="button"
          aria-pressed={chosen.includes(day)}
          onClick={() =>
            onChange(chosen.includes(day) ? chosen.filter((each) => each !== day) : [...chosen, day])
          }
        >
          {day}
        </button>
      ))}
    </span>
  );
}
