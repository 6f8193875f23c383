import { type Api, ApiError, type Endpoint, type Model, type Version } from '../api.ts';
import { type Child, h, link } from '../dom.ts';
import { ago, moment } from '../format.ts';
import { chip, facts, head, hint, later, loadMore, pairsTable, section, table, tag } from '../parts.ts';
import type { Visit } from './page.ts';

const pageSize = 10;

/** A registered model: its versions newest first, who holds which, and where it serves. */
export async function modelPage({ api }: Visit, name = '', version?: string): Promise<Child> {
  const { registered_model: model } = await api.mlflow<{ registered_model: Model }>('registered-models/get', {
    name,
  });
  const newest = Math.max(0, ...(model.latest_versions ?? []).map((v) => Number(v.version)));
  const tags = model.tags ?? [];
  return [
    head({ title: model.name }),
    model.description ? h('p', { class: 'note' }, model.description) : null,
    facts(
      ['Created', moment(model.creation_timestamp)],
      ['Changed', moment(model.last_updated_timestamp)],
      [
        'Aliases',
        model.aliases?.length ? model.aliases.map((a) => tag(`${a.alias} → v${a.version}`)) : 'none',
      ],
    ),
    section(
      'Versions',
      newest > 0 ? await versions(api, name, newest, version) : hint('None yet. Log a model to add one.'),
    ),
    section('Endpoints', later(servedBy(api, name))),
    tags.length > 0 ? section('Tags', pairsTable('Tags', tags)) : null,
  ];
}

async function versions(api: Api, name: string, newest: number, chosen?: string): Promise<Child> {
  let next = newest;
  const shown: Version[] = [];
  const list = h('div');
  const more = async () => {
    const numbers = Array.from({ length: Math.min(pageSize, next) }, (_, at) => next - at);
    const found = await Promise.all(numbers.map((number) => versionOf(api, name, number)));
    shown.push(...found.filter((v) => v !== undefined));
    next -= numbers.length;
    list.replaceChildren(versionTable(shown, chosen));
    return next > 0;
  };
  return [list, (await more()) ? loadMore(more) : null];
}

/** A version by its number; numbers of deleted ones are not used again. */
async function versionOf(api: Api, name: string, number: number): Promise<Version | undefined> {
  try {
    const { model_version: found } = await api.mlflow<{ model_version: Version }>('model-versions/get', {
      name,
      version: number,
    });
    return found;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function versionTable(found: readonly Version[], chosen: string | undefined): HTMLElement {
  return table(
    'Versions, newest first',
    [
      { title: 'Version' },
      { title: 'Aliases' },
      { title: 'Created' },
      { title: 'From run' },
      { title: 'Notes' },
    ],
    found.map((v) => [
      v.version === chosen ? h('mark', {}, `v${v.version}`) : `v${v.version}`,
      v.aliases?.length ? v.aliases.map(tag) : '—',
      ago(v.creation_timestamp),
      v.run_id ? link(h('code', {}, v.run_id.slice(-8)), 'runs', v.run_id) : '—',
      [
        v.status_message ? [chip('not servable'), ' ', v.status_message, ' '] : null,
        v.description,
        v.tags?.length
          ? h('details', {}, h('summary', {}, `${v.tags.length} tags`), pairsTable('Tags', v.tags))
          : null,
      ],
    ]),
  );
}

async function servedBy(api: Api, name: string): Promise<Node> {
  const { endpoints } = await api.cairn<{ endpoints: Endpoint[] }>('endpoints');
  const found = endpoints.filter((endpoint) => endpoint.model === name);
  if (found.length === 0) return hint('No endpoint serves it.');
  return table(
    'Endpoints',
    [{ title: 'Name' }, { title: 'Follows' }, { title: 'Pinned', numeric: true }, { title: 'Status' }],
    found.map((endpoint) => [
      link(endpoint.name, 'endpoints', endpoint.name),
      tag(endpoint.alias),
      endpoint.stable ? `v${endpoint.stable.version}` : '—',
      chip(endpoint.status),
    ]),
  );
}
