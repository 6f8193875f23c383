import { useState } from 'react';
import { Icon } from '../parts/Icon.tsx';
import { Popover } from '../parts/Popover.tsx';

type Option = { readonly id: string; readonly label: string; readonly note?: string };
type FieldPickerProps = {
  readonly label: string;
  readonly options: readonly Option[];
  readonly chosen: readonly string[];
  /** How many may be chosen at once. */
  readonly max: number;
  readonly onChoose: (ids: readonly string[]) => void;
};

const listedMax = 200;

/** A button that opens a list to choose several of, narrowed by what is typed. */
export function FieldPicker(props: FieldPickerProps) {
  return (
    <Popover
      label={
        <>
          {props.label} <Icon name="down" size={14} />
        </>
      }
    >
      <Options {...props} />
    </Popover>
  );
}

function Options({ label, options, chosen, max, onChoose }: FieldPickerProps) {
  const [text, setText] = useState('');
  const found = options.filter((option) => option.label.toLowerCase().includes(text.toLowerCase()));
  const toggle = (id: string) =>
    onChoose(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return (
    <div className="picker">
      <input
        type="search"
        aria-label={`Find in ${label}`}
        placeholder="Find"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <ul>
        {found.slice(0, listedMax).map(({ id, label: name, note }) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(id)}
                disabled={chosen.length >= max && !chosen.includes(id)}
                onChange={() => toggle(id)}
              />
              <span className="clip" title={name}>
                {name}
              </span>
              {note !== undefined && <span className="hint">{note}</span>}
            </label>
          </li>
        ))}
      </ul>
      {found.length > listedMax && (
        <p className="hint">and {found.length - listedMax} more: type to find them</p>
      )}
      {found.length === 0 && <p className="hint">Nothing found.</p>}
    </div>
  );
}
