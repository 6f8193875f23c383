import { useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Endpoint, EndpointMetrics } from '../api/endpoints.ts';
import { Empty } from '../parts/Empty.tsx';
import { figure } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { Table } from '../parts/Table.tsx';
import { TagList } from '../parts/TagList.tsx';
import { May } from '../session/may.tsx';
import { EndpointDialog } from './EndpointDialog.tsx';
import { endpointColumns } from './EndpointTable.tsx';
import { requestsIn, slowestOf } from './metrics.ts';
import { endpointsQuery, metricsQuery } from './queries.ts';

/** Endpoints whose figures are asked for: a request each. */
const askedMax = 30;
const hour = 3600;
const windowSeconds = 300;
const labelsShown = 3;

/** Every endpoint: what it answers with, how it did in the last hour; found by any word of it. */
export function EndpointsPage() {
  const navigate = useNavigate();
  const [state, change] = useParamState();
  const [creating, setCreating] = useState(false);
  const query = useQuery(endpointsQuery);
  const wanted = state.get('q') ?? '';
  return (
    <>
      <PageHead
        title="Endpoints"
        actions={
          <May needs="operator">
            <button type="button" className="primary" onClick={() => setCreating(true)}>
              <Icon name="plus" /> New endpoint
            </button>
          </May>
        }
      />
      <div className="row">
        <SearchField
          label="Filter endpoints"
          placeholder="Name, model, alias or label"
          value={wanted}
          onChange={(q) => change({ q })}
        />
      </div>
      <section className="card" aria-label="Endpoints">
        <Loaded query={query} lines={6}>
          {({ endpoints }) =>
            endpoints.length === 0 ? (
              <Empty title="No endpoints yet" code={firstEndpoint()}>
                An endpoint answers with a registered model over HTTP: with the version that an alias holds,
                and with the next one when the alias moves. Make one here, or by a call:
              </Empty>
            ) : (
              <Endpoints endpoints={endpoints.filter((each) => matches(each, wanted))} />
            )
          }
        </Loaded>
      </section>
      {creating && (
        <EndpointDialog
          onClose={() => setCreating(false)}
          onCreated={(name) => void navigate(links.endpoint(name).slice(1))}
        />
      )}
    </>
  );
}

function Endpoints({ endpoints }: { readonly endpoints: readonly Endpoint[] }) {
  const lastHour = useQueries({
    queries: endpoints.slice(0, askedMax).map(({ name }) => metricsQuery(name, hour, windowSeconds)),
  });
  const metrics = new Map(endpoints.map(({ name }, at) => [name, lastHour[at]?.data]));
  if (endpoints.length === 0) return <p className="hint card-body">No endpoint matches.</p>;
  return (
    <Table
      label="Endpoints"
      rows={endpoints}
      rowKey={({ name }) => name}
      columns={[
        ...endpointColumns,
        {
          title: 'Calls, last hour',
          numeric: true,
          cell: ({ name }) => callsText(metrics.get(name)),
        },
        {
          title: <span title="Of the slowest of its deployments, over the last hour">p95</span>,
          id: 'p95',
          numeric: true,
          cell: ({ name }) => slowestText(metrics.get(name)),
        },
        {
          title: 'Labels',
          cell: ({ labels }) =>
            Object.keys(labels).length === 0 ? (
              '—'
            ) : (
              <TagList
                max={labelsShown}
                tags={Object.entries(labels).map(([key, value]) => ({ key, value }))}
              />
            ),
        },
      ]}
    />
  );
}

function callsText(metrics: EndpointMetrics | undefined): string {
  return metrics ? figure(requestsIn(metrics)) : '…';
}

function slowestText(metrics: EndpointMetrics | undefined): string {
  const slowest = metrics && slowestOf(metrics, 'p95');
  return slowest === undefined ? '—' : `${figure(slowest, 3)} ms`;
}

/** Whether each of the words stands in the name, a model, an alias, an address or a label. */
function matches({ name, deployments, labels }: Endpoint, wanted: string): boolean {
  const texts = [
    name,
    ...deployments.flatMap((each) =>
      each.kind === 'external' ? [each.name, each.url] : [each.name, each.model, each.alias ?? ''],
    ),
    ...Object.entries(labels).map(([key, value]) => `${key}: ${value}`),
  ].map((text) => text.toLowerCase());
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => texts.some((text) => text.includes(word)));
}

function firstEndpoint(): string {
  return `curl -X POST ${location.origin}/api/v1/endpoints \\
  -H 'content-type: application/json' \\
  -d '{"name": "my-endpoint", "model": "my-model", "alias": "champion"}'`;
}
