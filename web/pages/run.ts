import type { Api, Experiment, Metric, Run } from '../api.ts';
import { curve } from '../chart.ts';
import { button, type Child, h, link } from '../dom.ts';
import { duration, figure, moment } from '../format.ts';
import { chip, facts, failure, head, hint, later, pairsTable, section } from '../parts.ts';
import { artifactTree } from './artifacts.ts';
import type { Visit } from './page.ts';

/** Curves drawn at once; each asks for the history of one metric. */
const curvesAtOnce = 12;

/** One run: what it was told, what it measured, what it left. */
export async function runPage({ api }: Visit, runId = ''): Promise<Child> {
  const { run } = await api.mlflow<{ run: Run }>('runs/get', { run_id: runId });
  const { info, data } = run;
  const { experiment } = await api.mlflow<{ experiment: Experiment }>('experiments/get', {
    experiment_id: info.experiment_id,
  });
  const tags = data.tags ?? [];
  const own = tags.filter(({ key }) => !key.startsWith('mlflow.'));
  const system = tags.filter(({ key }) => key.startsWith('mlflow.'));
  const note = system.find(({ key }) => key === 'mlflow.note.content')?.value;
  const params = data.params ?? [];
  return [
    head({
      crumbs: [link(experiment.name, 'experiments', experiment.experiment_id)],
      title: info.run_name || info.run_id,
      state: [chip(info.status), info.lifecycle_stage === 'deleted' ? chip('deleted', 'bad') : null],
    }),
    note ? h('p', { class: 'note' }, note) : null,
    facts(
      ['Run id', h('code', {}, info.run_id)],
      ['Started', moment(info.start_time)],
      ['Ended', info.end_time === undefined ? null : moment(info.end_time)],
      ['Took', info.end_time === undefined ? null : duration(info.end_time - info.start_time)],
      ['User', info.user_id],
      ['Source', system.find(({ key }) => key === 'mlflow.source.name')?.value],
      ['Artifacts', h('code', {}, info.artifact_uri)],
    ),
    section('Metrics', metricCards(api, info.run_id, data.metrics ?? [])),
    h(
      'div',
      { class: 'grid' },
      section('Params', params.length > 0 ? pairsTable('Params', params) : hint('None were logged.')),
      section('Artifacts', later(artifactTree(api, run))),
    ),
    section(
      'Tags',
      own.length > 0 ? pairsTable('Tags', own) : hint('None of its own.'),
      system.length > 0
        ? h(
            'details',
            {},
            h('summary', {}, `${system.length} set by the client`),
            pairsTable('Tags of the client', system),
          )
        : null,
    ),
  ];
}

function metricCards(api: Api, runId: string, metrics: readonly Metric[]): Child {
  if (metrics.length === 0) return hint('None were logged.');
  const sorted = metrics.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const cards = h('div', { class: 'cards' });
  let shown = 0;
  const more = () => {
    for (const metric of sorted.slice(shown, shown + curvesAtOnce)) cards.append(card(api, runId, metric));
    shown += curvesAtOnce;
    const left = sorted.length - shown;
    if (left <= 0) press.remove();
    press.textContent = `Show ${left} more`;
  };
  const press = button('', more);
  const all = h('div', {}, cards, h('div', { class: 'more' }, press));
  more();
  return all;
}

function card(api: Api, runId: string, metric: Metric): HTMLElement {
  const drawing = h('div', { class: 'drawing', 'aria-busy': 'true' });
  const draw = async () => {
    const parts = await history(api, runId, metric.key).catch((error: unknown) => [failure(error)]);
    drawing.replaceChildren(...parts);
    drawing.removeAttribute('aria-busy');
  };
  void draw();
  return h(
    'article',
    {},
    h('h3', {}, metric.key),
    h('p', { class: 'figure' }, figure(metric.value)),
    drawing,
  );
}

async function history(api: Api, runId: string, key: string): Promise<Node[]> {
  const { metrics = [] } = await api.mlflow<{ metrics?: Metric[] }>('metrics/get-history', {
    run_id: runId,
    metric_key: key,
  });
  const steps = metrics.some(({ step }) => step !== metrics[0]?.step);
  const points = metrics
    .map((metric) => ({
      x: steps ? metric.step : metric.timestamp,
      y: Number(metric.value),
      at: metric.timestamp,
    }))
    .toSorted((a, b) => a.x - b.x || a.at - b.at);
  const last = points.at(-1);
  const first = points[0];
  if (!first || !last) return [];
  if (points.length === 1) return [hint('Logged once.')];
  const across = steps ? `step ${first.x} to ${last.x}` : `in ${duration(last.x - first.x)}`;
  return [curve(key, points), hint(`${figure(points.length)} points, ${across}`)];
}
