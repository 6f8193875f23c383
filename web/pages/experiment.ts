import type { Experiment, Run } from '../api.ts';
import { type Child, h } from '../dom.ts';
import { figure, moment } from '../format.ts';
import { chip, code, facts, head, hint, loadMore, section, table } from '../parts.ts';
import type { Visit } from './page.ts';
import { runCells, runColumns } from './runs.ts';

const pageSize = 50;
/** More metrics or params than this make no readable table; a run's page shows them all. */
const columnsMax = 10;

/** An experiment and its runs, newest first, with their latest metrics and their params side by side. */
export async function experimentPage({ api }: Visit, id = ''): Promise<Child> {
  const search = (token?: string) =>
    api.searchRuns({ experiment_ids: [id], max_results: pageSize, page_token: token });
  const [{ experiment }, first] = await Promise.all([
    api.mlflow<{ experiment: Experiment }>('experiments/get', { experiment_id: id }),
    search(),
  ]);
  const runs = first.runs ?? [];
  const list = h('div', {}, runs.length > 0 ? runTable(runs) : noRuns(experiment.name));
  let token = first.next_page_token;
  const more = async () => {
    const next = await search(token);
    runs.push(...(next.runs ?? []));
    list.replaceChildren(...runTable(runs));
    token = next.next_page_token;
    return token !== undefined;
  };
  const note = experiment.tags?.find(({ key }) => key === 'mlflow.note.content')?.value;
  return [
    head({
      title: experiment.name,
      state: experiment.lifecycle_stage === 'deleted' ? chip('deleted', 'bad') : null,
    }),
    note ? h('p', { class: 'note' }, note) : null,
    facts(
      ['Experiment id', h('code', {}, experiment.experiment_id)],
      ['Created', moment(experiment.creation_time)],
      ['Artifacts', h('code', {}, experiment.artifact_location)],
    ),
    section('Runs', list, token === undefined ? null : loadMore(more)),
  ];
}

function noRuns(name: string): Child {
  return [
    h('p', {}, 'No runs yet. This logs one:'),
    code(
      `import mlflow\nmlflow.set_tracking_uri("${location.origin}")\nmlflow.set_experiment(${JSON.stringify(name)})\nmlflow.log_metric("accuracy", 0.97)`,
    ),
  ];
}

function runTable(runs: readonly Run[]): Node[] {
  const metrics = commonKeys(runs.map((run) => run.data.metrics ?? []));
  const params = commonKeys(runs.map((run) => run.data.params ?? []));
  const hidden = [
    ...(metrics.hidden > 0 ? [`${metrics.hidden} more metrics`] : []),
    ...(params.hidden > 0 ? [`${params.hidden} more params`] : []),
  ];
  const shown = table(
    'Runs, newest first',
    [
      ...runColumns,
      ...metrics.keys.map((title) => ({ title, numeric: true, group: 'metric' })),
      ...params.keys.map((title) => ({ title, group: 'param' })),
    ],
    runs.map((run) => {
      const metricOf = new Map(run.data.metrics?.map(({ key, value }) => [key, figure(value)]));
      const paramOf = new Map(run.data.params?.map(({ key, value }) => [key, value]));
      return [
        ...runCells(run),
        ...metrics.keys.map((key) => metricOf.get(key) ?? '—'),
        ...params.keys.map((key) => paramOf.get(key) ?? '—'),
      ];
    }),
  );
  shown.classList.add('wide');
  return hidden.length > 0 ? [shown, hint(`${hidden.join(' and ')} are on the pages of the runs.`)] : [shown];
}

/** The keys that most runs have, those of all runs first, and how many others there are. */
function commonKeys(lists: readonly (readonly { key: string }[])[]): { keys: string[]; hidden: number } {
  const counts = new Map<string, number>();
  for (const { key } of lists.flat()) counts.set(key, (counts.get(key) ?? 0) + 1);
  const keys = [...counts]
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, columnsMax)
    .map(([key]) => key);
  return { keys, hidden: counts.size - keys.length };
}
