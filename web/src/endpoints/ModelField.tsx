import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { mlflow } from '../api/client.ts';
import { nameFilter } from '../api/tracking.ts';
import type { Model } from '../api/types.ts';
import { useCombobox } from '../parts/combobox.ts';
import { useDebounced } from '../parts/debounced.ts';

type ModelFieldProps = {
  readonly label: string;
  readonly found: readonly Model[];
  readonly isWrong: boolean;
  readonly value: string;
  readonly onChange: (model: string) => void;
};

const foundMax = 8;

/** The models whose name has what is typed in it. */
export function useModelsNamed(text: string): readonly Model[] {
  const wanted = useDebounced(text.trim());
  const { data = [] } = useQuery({
    queryKey: ['models', 'named', wanted],
    queryFn: async ({ signal }) => {
      const query = { filter: wanted === '' ? undefined : nameFilter(wanted), max_results: foundMax };
      const { registered_models: models = [] } = await mlflow.get<{ registered_models?: Model[] }>(
        'registered-models/search',
        { query, signal },
      );
      return models;
    },
    placeholderData: keepPreviousData,
  });
  return data;
}

/** The name of a registered model, with those that are found for what is typed. */
export function ModelField({ label, found, isWrong, value, onChange }: ModelFieldProps) {
  const id = useId();
  const box = useCombobox({
    options: found,
    onChoose: ({ name }: Model) => {
      onChange(name);
      box.setOpen(false);
    },
  });
  return (
    <div className="field choice-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        required
        aria-invalid={isWrong}
        value={value}
        onChange={({ target }) => {
          onChange(target.value);
          box.setOpen(true);
        }}
        onFocus={() => box.setOpen(true)}
        onBlur={() => box.setOpen(false)}
        {...box.input}
      />
      <ul className="options" aria-label="Models" hidden={!box.shown} {...box.list}>
        {found.map(({ name, aliases = [] }, at) => (
          <li key={name} {...box.option(at)}>
            <span className="cut">{name}</span>
            <small className="cut">{aliases.map(({ alias }) => alias).join(', ')}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}
