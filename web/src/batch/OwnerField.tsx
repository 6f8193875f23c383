import { useId } from 'react';
import { useCombobox } from '../parts/combobox.ts';
import type { OwnerName } from './actions.ts';

type OwnerFieldProps = {
  readonly text: string;
  readonly found: readonly OwnerName[];
  readonly isWrong: boolean;
  readonly onType: (text: string) => void;
  readonly onChoose: (owner: OwnerName) => void;
};

/** An endpoint or a model, by its name. */
export function OwnerField({ text, found, isWrong, onType, onChoose }: OwnerFieldProps) {
  const id = useId();
  const box = useCombobox({
    options: found,
    marksFirst: true,
    onChoose: (owner: OwnerName) => {
      onChoose(owner);
      box.setOpen(false);
    },
  });
  return (
    <div className="field choice-field">
      <label htmlFor={id}>Scored by</label>
      <input
        id={id}
        required
        aria-invalid={isWrong}
        placeholder="Name of an endpoint or a model"
        value={text}
        onChange={({ target }) => {
          onType(target.value);
          box.setOpen(true);
        }}
        onFocus={() => box.setOpen(true)}
        onBlur={() => box.setOpen(false)}
        {...box.input}
      />
      <ul className="options" aria-label="Endpoints and models" hidden={!box.shown} {...box.list}>
        {found.map((owner, at) => (
          <li key={`${owner.type} ${owner.name}`} {...box.option(at)}>
            <span className="cut">{owner.name}</span>
            <small>{owner.type}</small>
          </li>
        ))}
      </ul>
      <small>
        An endpoint scores by the version that answers now, a model by its champion, else by its latest.
      </small>
    </div>
  );
}
