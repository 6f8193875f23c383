import { useState } from 'react';
import { useCombobox } from '../parts/combobox.ts';
import { Icon } from '../parts/Icon.tsx';
import type { OwnerName } from './actions.ts';
import { useOwnersNamed } from './owners.ts';

type OwnerFilterProps = {
  readonly owner: OwnerName | undefined;
  readonly onChange: (owner: OwnerName | undefined) => void;
};

/** Narrows a list to what one endpoint, or one model, scores. */
export function OwnerFilter({ owner, onChange }: OwnerFilterProps) {
  const [text, setText] = useState('');
  const found = useOwnersNamed(text);
  const box = useCombobox({
    options: found,
    marksFirst: true,
    onChoose: (chosen: OwnerName) => {
      setText('');
      box.setOpen(false);
      onChange(chosen);
    },
  });
  if (owner)
    return (
      <button type="button" title="Show all again" onClick={() => onChange(undefined)}>
        {owner.name} <span className="hint">{owner.type}</span> <Icon name="close" size={12} />
      </button>
    );
  return (
    <span className="search-field">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Of an endpoint or a model"
        placeholder="Of an endpoint or a model"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          box.setOpen(true);
        }}
        onFocus={() => box.setOpen(true)}
        onBlur={() => box.setOpen(false)}
        {...box.input}
      />
      <ul className="options" aria-label="Endpoints and models" hidden={!box.shown} {...box.list}>
        {found.map((each, at) => (
          <li key={`${each.type} ${each.name}`} {...box.option(at)}>
            <span className="cut">{each.name}</span>
            <small>{each.type}</small>
          </li>
        ))}
      </ul>
    </span>
  );
}
