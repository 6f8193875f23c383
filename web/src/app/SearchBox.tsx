import { useQueries } from '@tanstack/react-query';
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
const experimentsMax = 100;
const runId = /^[0-9a-f]{32}$/;

/** Finds experiments and models by name, runs by name or id, and goes there. `/` reaches it from anywhere. */
export function SearchBox() {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const wanted = useDebounced(text.trim());
  // Apart from each other: runs take longer to find, and what fails hides nothing else.
  const { found, isPending, error } = useQueries({
    queries: finders.map(([kind, find]) => ({
      queryKey: ['search', kind, wanted],
      queryFn: ({ signal }: { signal: AbortSignal }) => find(wanted, signal),
      enabled: wanted !== '',
    })),
    combine: (results) => ({
      found: results.flatMap(({ data }) => data ?? []),
      isPending: wanted !== '' && results.some((each) => each.isPending),
      error: results.find((each) => each.error)?.error,
    }),
  });
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
      {box.open && wanted !== '' && found.length === 0 && (
        <p className="options hint" role="status">
          {isPending ? 'Searching …' : (error?.message ?? 'Nothing has such a name.')}
        </p>
      )}
    </search>
  );
}

const finders: readonly (readonly [
  kind: string,
  find: (text: string, signal: AbortSignal) => Promise<Found[]>,
])[] = [
  ['experiments', findExperiments],
  ['runs', findRuns],
  ['models', findModels],
];

async function findExperiments(text: string, signal: AbortSignal): Promise<Found[]> {
  const { experiments = [] } = await searchExperiments({ filter: nameFilter(text), max: eachMax }, signal);
  return experiments.map(({ name, experiment_id: id }) => ({
    icon: 'experiment',
    kind: 'experiment',
    label: name,
    href: links.experiment(id),
  }));
}

async function findModels(text: string, signal: AbortSignal): Promise<Found[]> {
  const { registered_models: models = [] } = await mlflow.get<{ registered_models?: Model[] }>(
    'registered-models/search',
    { query: { filter: nameFilter(text), max_results: eachMax }, signal },
  );
  return models.map(({ name }) => ({ icon: 'model', kind: 'model', label: name, href: links.model(name) }));
}

async function findRuns(text: string, signal: AbortSignal): Promise<Found[]> {
  const runs = await (runId.test(text) ? runOf(text, signal) : runsNamed(text, signal));
  return runs.map(({ info }) => ({
    icon: 'job',
    kind: 'run',
    label: info.run_name || info.run_id,
    href: links.run(info.experiment_id, info.run_id),
  }));
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
