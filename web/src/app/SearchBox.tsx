import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { mlflow } from '../api/client.ts';
import { getRun, nameFilter, searchExperiments, searchRuns } from '../api/tracking.ts';
import type { Model, Run } from '../api/types.ts';
import { useCombobox } from '../parts/combobox.ts';
import { useDebounced } from '../parts/debounced.ts';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';

type Found = {
  readonly icon: IconName;
  readonly label: string;
  readonly kind: string;
  readonly href: string;
};

const eachMax = 6;
/** Runs are looked for in this many of the newest experiments. */
const experimentsMax = 20;
const runId = /^[0-9a-f]{32}$/;

/** Finds experiments and models by name, runs by name or id, and goes there. `/` reaches it from anywhere. */
export function SearchBox() {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const wanted = useDebounced(text.trim());
  const query = useQuery({
    queryKey: ['search', wanted],
    queryFn: ({ signal }) => find(wanted, signal),
    enabled: wanted !== '',
  });
  const found = wanted === '' ? [] : (query.data ?? []);
  const box = useCombobox({
    options: found,
    marksFirst: true,
    onChoose: ({ href }: Found) => {
      setText('');
      box.setOpen(false);
      input.current?.blur();
      void navigate(href.slice(1));
    },
  });

  useEffect(() => {
    const reach = (event: KeyboardEvent) => {
      const { target } = event;
      const typing = target instanceof HTMLElement && target.matches('input, textarea, select, dialog *');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', reach);
    return () => removeEventListener('keydown', reach);
  }, []);

  const nothing = wanted !== '' && query.data?.length === 0;
  return (
    <search className="search-box">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Search experiments, runs and models"
        placeholder="Search experiments, runs, models"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          box.setOpen(true);
        }}
        onFocus={() => box.setOpen(true)}
        onBlur={() => box.setOpen(false)}
        {...box.input}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul className="options" aria-label="Found" hidden={!box.shown} {...box.list}>
        {found.map(({ icon, label, kind, href }, at) => (
          <li key={href} {...box.option(at)}>
            <Icon name={icon} />
            <span className="cut">{label}</span>
            <small>{kind}</small>
          </li>
        ))}
      </ul>
      {box.open && (nothing || query.error) && (
        <p className="options hint" role="status">
          {query.error ? query.error.message : 'Nothing has such a name.'}
        </p>
      )}
    </search>
  );
}

async function find(text: string, signal: AbortSignal): Promise<Found[]> {
  const [experiments, models, runs] = await Promise.all([
    searchExperiments({ filter: nameFilter(text), max: eachMax }, signal),
    mlflow.get<{ registered_models?: Model[] }>('registered-models/search', {
      query: { filter: nameFilter(text), max_results: eachMax },
      signal,
    }),
    runId.test(text) ? runOf(text, signal) : runsNamed(text, signal),
  ]);
  return [
    ...(experiments.experiments ?? []).map(
      ({ name, experiment_id: id }): Found => ({
        icon: 'experiment',
        kind: 'experiment',
        label: name,
        href: links.experiment(id),
      }),
    ),
    ...runs.map(
      ({ info }): Found => ({
        icon: 'job',
        kind: 'run',
        label: info.run_name || info.run_id,
        href: links.run(info.experiment_id, info.run_id),
      }),
    ),
    ...(models.registered_models ?? []).map(
      ({ name }): Found => ({ icon: 'model', kind: 'model', label: name, href: links.model(name) }),
    ),
  ];
}

async function runOf(id: string, signal: AbortSignal): Promise<readonly Run[]> {
  return getRun(id, signal).then(
    (run) => [run],
    () => [],
  );
}

async function runsNamed(text: string, signal: AbortSignal): Promise<readonly Run[]> {
  const { experiments = [] } = await searchExperiments(
    { max: experimentsMax, orderBy: ['last_update_time DESC'] },
    signal,
  );
  const experimentIds = experiments.map((each) => each.experiment_id);
  return searchRuns({ experimentIds, filter: nameFilter(text, 'attributes.run_name'), max: eachMax }, signal);
}
