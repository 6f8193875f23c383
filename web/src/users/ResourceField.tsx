import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { cairn, mlflow } from '../api/client.ts';
import { nameFilter, searchExperiments } from '../api/tracking.ts';
import type { Endpoint } from '../api/endpoints.ts';
import type { Model } from '../api/types.ts';
import { useDebounced } from '../parts/debounced.ts';
import { ChoiceField } from '../parts/ChoiceField.tsx';
import type { GrantDraft } from './actions.ts';
import type { ResourceType } from './users.ts';

type ResourceFieldProps = {
  readonly type: ResourceType;
  readonly onChange: (resource: GrantDraft['resource']) => void;
};

type Found = { readonly label: string; readonly id?: string };
const foundMax = 8;

/** One thing of this workspace, found by its name. */
export function ResourceField({ type, onChange }: ResourceFieldProps) {
  const [text, setText] = useState('');
  const wanted = useDebounced(text.trim());
  const { data: found = [] } = useQuery({
    queryKey: ['access', 'resources', type, wanted],
    queryFn: ({ signal }) => finders[type](wanted, signal),
  });
  return (
    <ChoiceField
      label={`Which ${type}`}
      hint="Type a part of its name."
      options={found.map((each) => ({ label: each.label, option: each }))}
      onType={(typed) => {
        setText(typed);
        onChange(undefined);
      }}
      onChoose={({ id, label }) => onChange({ type, ...(id === undefined ? { name: label } : { id }) })}
    />
  );
}

const finders: Readonly<Record<ResourceType, (text: string, signal: AbortSignal) => Promise<Found[]>>> = {
  async experiment(text, signal) {
    const filter = text === '' ? {} : { filter: nameFilter(text) };
    const { experiments = [] } = await searchExperiments({ ...filter, max: foundMax }, signal);
    return experiments.map(({ name, experiment_id: id }) => ({ label: name, id }));
  },
  async model(text, signal) {
    const filter = text === '' ? undefined : nameFilter(text);
    const { registered_models: models = [] } = await mlflow.get<{ registered_models?: Model[] }>(
      'registered-models/search',
      { query: { filter, max_results: foundMax }, signal },
    );
    return models.map(({ name }) => ({ label: name }));
  },
  async endpoint(text, signal) {
    const { endpoints } = await cairn.get<{ endpoints: Endpoint[] }>('endpoints', { signal });
    return endpoints
      .filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
      .slice(0, foundMax)
      .map(({ name }) => ({ label: name, id: name }));
  },
};
