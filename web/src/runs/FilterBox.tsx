import { useId, useLayoutEffect, useRef, useState } from 'react';
import { ApiError } from '../api/client.ts';
import type { RunColumns } from '../api/runRows.ts';
import { useCombobox } from '../parts/combobox.ts';
import { Icon } from '../parts/Icon.tsx';
import { complete, type Suggestion, tokenAt } from './completion.ts';

type FilterBoxProps = {
  readonly value: string;
  readonly known: RunColumns;
  /** Why the server refused `value`. */
  readonly error: unknown;
  readonly onChange: (filter: string) => void;
};

/** The filter over runs in the server's language: completed while it is typed, applied by Enter. */
export function FilterBox({ value, known, error, onChange }: FilterBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  const under = useRef<HTMLDivElement>(null);
  const errorId = useId();
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  const [caret, setCaret] = useState(0);
  if (value !== given) {
    setGiven(value);
    setText(value);
  }
  // Before the next key is read: a fast writer's text would otherwise go on in the wrong place.
  const caretNext = useRef<number>(undefined);
  useLayoutEffect(() => {
    if (caretNext.current === undefined) return;
    input.current?.setSelectionRange(caretNext.current, caretNext.current);
    caretNext.current = undefined;
  });
  const { from, to, suggestions } = complete(text, caret, known);
  const box = useCombobox({
    options: suggestions,
    // Else Tab leads on, as it does from every field.
    tabChooses: to > from,
    onChoose: ({ text: chosen }: Suggestion) => {
      const next = `${text.slice(0, from)}${chosen}${text.slice(to).trimStart()}`;
      const end = from + chosen.length;
      setText(next);
      setCaret(end);
      caretNext.current = end;
    },
  });
  const refused = error instanceof ApiError && error.field === 'filter' && value !== '' ? error : undefined;
  // What is being typed differs from what was refused: the place of the fault is no longer known.
  const fault =
    refused?.position !== undefined && text === value ? tokenAt(text, refused.position) : undefined;

  return (
    <form
      className="filter-box"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        box.setOpen(false);
        onChange(text.trim());
      }}
    >
      <Icon name="search" />
      <div ref={under} className="filter-under" aria-hidden="true">
        {fault && (
          <>
            {text.slice(0, fault[0])}
            <u>{text.slice(...fault) || ' '}</u>
            {text.slice(fault[1])}
          </>
        )}
      </div>
      <input
        ref={input}
        aria-label="Filter runs"
        aria-invalid={refused !== undefined}
        aria-describedby={refused ? errorId : undefined}
        placeholder="metrics.accuracy > 0.9 AND params.model = 'tree'"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setCaret(event.target.selectionStart ?? event.target.value.length);
          box.setOpen(true);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onScroll={(event) => {
          if (under.current) under.current.scrollLeft = event.currentTarget.scrollLeft;
        }}
        onFocus={() => box.setOpen(true)}
        onBlur={() => box.setOpen(false)}
        {...box.input}
      />
      {text !== '' && (
        <button
          type="button"
          className="quiet clear"
          aria-label="Clear the filter"
          onClick={() => {
            setText('');
            onChange('');
          }}
        >
          <Icon name="close" size={14} />
        </button>
      )}
      <ul className="options" aria-label="What can follow" hidden={!box.shown} {...box.list}>
        {suggestions.map(({ text: suggestion, hint }, at) => (
          <li key={suggestion} {...box.option(at)}>
            <code className="cut">{suggestion}</code>
            <small>{hint}</small>
          </li>
        ))}
      </ul>
      {refused && (
        <p id={errorId} className="filter-error" role="alert">
          <Icon name="warning" size={14} /> {refused.message}
        </p>
      )}
    </form>
  );
}
