import { useQuery } from '@tanstack/react-query';
import type { Deployment, Endpoint } from '../api/endpoints.ts';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { figure } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table, type TableColumn } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { endpointsQuery } from './queries.ts';
import { TrafficBar } from './TrafficBar.tsx';
import './endpoints.css';

/** The first endpoints by name. */
export function EndpointTable({ max }: { readonly max: number }) {
  const query = useQuery(endpointsQuery);
  return (
    <Loaded query={query}>
      {({ endpoints }) =>
        endpoints.length === 0 ? (
          <Empty title="No endpoints yet">
            An endpoint answers with a model over HTTP. <a href="#/endpoints">Make one</a>
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
      columns={[...endpointColumns, { title: 'Changed', cell: (each) => <Ago at={each.updated_at} /> }]}
    />
  );
}

/** What every list of endpoints says of each. */
export const endpointColumns: readonly TableColumn<Endpoint>[] = [
  { title: 'Name', cell: ({ name }) => <a href={links.endpoint(name)}>{name}</a> },
  {
    title: 'Answers with',
    cell: (endpoint) => (
      <ul className="answering">
        {endpoint.deployments.map((each) => (
          <li key={each.name}>
            {endpoint.deployments.length > 1 && <span className="hint">{each.name}: </span>}
            <Answering deployment={each} />
          </li>
        ))}
      </ul>
    ),
  },
  {
    title: 'Status',
    cell: (endpoint) => (
      <span className="tags">
        <Chip state={endpoint.status} />
        {endpoint.deployments.map(
          (each) => each.kind === 'model' && each.rollout && <InRollout key={each.name} deployment={each} />,
        )}
      </span>
    ),
  },
  { title: 'Traffic', cell: (endpoint) => <TrafficBar endpoint={endpoint} /> },
];

/** The model, what it follows and the version that answers; of a server elsewhere its host. */
export function Answering({ deployment }: { readonly deployment: Deployment }) {
  if (deployment.kind === 'external')
    return (
      <span className="in-line" title={deployment.url}>
        elsewhere <span className="hint">{hostOf(deployment.url)}</span>
      </span>
    );
  const { model, alias, stable } = deployment;
  return (
    <span className="in-line">
      <a href={links.model(model)}>{model}</a>
      {alias !== undefined && <Tag>{alias}</Tag>}
      {stable ? <a href={links.version(model, stable.version)}>v{stable.version}</a> : 'no version yet'}
    </span>
  );
}

function InRollout({ deployment }: { readonly deployment: Extract<Deployment, { kind: 'model' }> }) {
  const { rollout } = deployment;
  if (!rollout) return null;
  return (
    <span title={`${deployment.name}: version ${rollout.to.version} gets ${rollout.percent} %`}>
      <Chip state={`v${rollout.to.version} at ${figure(rollout.percent)} %`} tone="busy" />
    </span>
  );
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
