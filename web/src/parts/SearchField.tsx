import { useEffect, useState } from 'react';
import { useDebounced } from './debounced.ts';
import { Icon } from './Icon.tsx';

type SearchFieldProps = {
  readonly label: string;
  readonly placeholder?: string;
  readonly value: string;
  /** Called when the reader has stopped typing. */
  readonly onChange: (value: string) => void;
};

/** A field that narrows the list below it. */
export function SearchField({ label, placeholder = label, value, onChange }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  if (value !== given) {
    setGiven(value);
    setText(value);
  }
  const settled = useDebounced(text);
  useEffect(() => {
    if (settled === text && settled !== value) onChange(settled);
  }, [settled, text, value, onChange]);
  return (
    <span className="search-field">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </span>
  );
}
