import { useId, useState } from 'react';
import { useCombobox } from './combobox.ts';

type ChoiceFieldProps<T> = {
  readonly label: string;
  readonly hint: string;
  readonly options: readonly { readonly label: string; readonly note?: string; readonly option: T }[];
  readonly onType: (text: string) => void;
  readonly onChoose: (option: T) => void;
};

/** A field that takes one of what is found for what is typed, and nothing else. */
export function ChoiceField<T>({ label, hint, options, onType, onChoose }: ChoiceFieldProps<T>) {
  const id = useId();
  const [text, setText] = useState('');
  const box = useCombobox({
    options,
    marksFirst: true,
    onChoose: (chosen: (typeof options)[number]) => {
      setText(chosen.label);
      box.setOpen(false);
      onChoose(chosen.option);
    },
  });
  return (
    <div className="field choice-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        required
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onType(target.value);
          box.setOpen(true);
        }}
        onFocus={() => box.setOpen(true)}
        onBlur={() => box.setOpen(false)}
        {...box.input}
      />
      <ul className="options" aria-label="Found" hidden={!box.shown} {...box.list}>
        {options.map((each, at) => (
          <li key={each.label} {...box.option(at)}>
            <span className="cut">{each.label}</span>
            {each.note !== undefined && <small>{each.note}</small>}
          </li>
        ))}
      </ul>
      <small>{hint}</small>
    </div>
  );
}
