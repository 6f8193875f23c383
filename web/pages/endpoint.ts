import type { Api, Endpoint, Monitor, MonitorResult } from '../api.ts';
import { type Child, h, link } from '../dom.ts';
import { moment } from '../format.ts';
import { chip, facts, head, hint, later, section, tag } from '../parts.ts';
import type { Visit } from './page.ts';
import { verdict, verdictChips } from './verdict.ts';

/** An endpoint: the version that answers, where to ask it, and what its monitor saw last. */
export async function endpointPage({ api }: Visit, name = ''): Promise<Child> {
  const endpoint = await api.cairn<Endpoint>(`endpoints/${encodeURIComponent(name)}`);
  const labels = Object.entries(endpoint.labels);
  return [
    head({ title: endpoint.name, state: chip(endpoint.status) }),
    facts(
      ['Model', link(endpoint.model, 'models', endpoint.model)],
      ['Follows', tag(endpoint.alias)],
      ['Pinned version', endpoint.stable ? `v${endpoint.stable.version}` : 'none is ready yet'],
      ['Digest', endpoint.stable ? h('code', {}, endpoint.stable.digest) : null],
      ['MLflow scoring', h('code', {}, `POST ${location.origin}/endpoints/${endpoint.name}/invocations`)],
      ['Open Inference', h('code', {}, `POST ${location.origin}/v2/models/${endpoint.name}/infer`)],
      ['Labels', labels.length > 0 ? labels.map(([key, value]) => tag(`${key}: ${value}`)) : null],
      ['Created', moment(endpoint.created_at)],
      ['Changed', moment(endpoint.updated_at)],
    ),
    later(watchers(api, endpoint.name)),
  ];
}

async function watchers(api: Api, name: string): Promise<Node> {
  const { monitors } = await api.cairn<{ monitors: Monitor[] }>('monitors');
  const own = monitors.filter(({ endpoint }) => endpoint === name);
  if (own.length === 0) return section('Monitor', hint('Nothing watches this endpoint.'));
  const parts = await Promise.all(own.map((monitor) => latest(api, monitor)));
  return h('div', {}, parts);
}

async function latest(api: Api, monitor: Monitor): Promise<Node> {
  const { results } = await api.cairn<{ results: MonitorResult[] }>(
    `monitors/${encodeURIComponent(monitor.name)}/results`,
    { limit: 1 },
  );
  const result = results[0];
  return h(
    'div',
    {},
    h(
      'h2',
      {},
      'Monitor ',
      link(monitor.name, 'monitors', monitor.name),
      result ? [' ', verdictChips(result)] : null,
    ),
    result ? verdict(result, monitor.thresholds.psi) : hint('No window has been checked yet.'),
  );
}
