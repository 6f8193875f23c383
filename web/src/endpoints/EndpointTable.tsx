import { useQuery } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import type { Endpoint } from '../api/types.ts';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';

/** Every endpoint, or `max` of them. */
export function EndpointTable({ max }: { readonly max?: number }) {
  const query = useQuery({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => cairn.get<{ endpoints: Endpoint[] }>('endpoints', { signal }),
  });
  return (
    <Loaded query={query}>
      {({ endpoints }) =>
        endpoints.length === 0 ? (
          <Empty title="No endpoints yet" {...(max === undefined ? { code: firstEndpoint() } : {})}>
            One is made for an alias of a model by <code>POST /api/v1/endpoints</code>.
          </Empty>
        ) : (
          <EndpointList endpoints={endpoints.slice(0, max)} />
        )
      }
    </Loaded>
  );
}

type EndpointListProps = { readonly endpoints: readonly Endpoint[]; readonly none?: string };

export function EndpointList({ endpoints, none }: EndpointListProps) {
  if (endpoints.length === 0) return <p className="hint card-body">{none}</p>;
  return (
    <Table
      label="Endpoints"
      rows={endpoints}
      rowKey={({ name }) => name}
      columns={[
        { title: 'Name', cell: ({ name }) => <a href={links.endpoint(name)}>{name}</a> },
        { title: 'Model', cell: ({ model }) => <a href={links.model(model)}>{model}</a> },
        { title: 'Follows', cell: ({ alias }) => <Tag>{alias}</Tag> },
        {
          title: 'Pinned',
          numeric: true,
          cell: ({ model, stable }) =>
            stable ? <a href={links.version(model, stable.version)}>v{stable.version}</a> : '—',
        },
        { title: 'Status', cell: ({ status }) => <Chip state={status} /> },
        { title: 'Changed', cell: (each) => <Ago at={each.updated_at} /> },
      ]}
    />
  );
}

function firstEndpoint(): string {
  return `curl -X POST ${location.origin}/api/v1/endpoints \\
  -H 'content-type: application/json' \\
  -d '{"name": "my-endpoint", "model": "my-model", "alias": "champion"}'`;
}
