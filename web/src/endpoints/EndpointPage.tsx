import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { cairn } from '../api/client.ts';
import type { Endpoint, Monitor, MonitorResult } from '../api/types.ts';
import { Verdict, VerdictChips } from '../monitors/Verdict.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Moment } from '../parts/Time.tsx';
import { On } from '../session/may.tsx';
import { DataPolicyCard } from './DataPolicyCard.tsx';

/** An endpoint: the version that answers, where to ask it, and what its monitor saw last. */
export function EndpointPage() {
  const { name = '' } = useParams();
  const endpoint = useQuery({
    queryKey: ['endpoints', name],
    queryFn: ({ signal }) => cairn.get<Endpoint>(`endpoints/${encodeURIComponent(name)}`, { signal }),
  });
  const monitors = useQuery({
    queryKey: ['monitors'],
    queryFn: ({ signal }) => cairn.get<{ monitors: Monitor[] }>('monitors', { signal }),
  });
  return (
    <>
      <PageHead
        title={name}
        crumbs={[{ label: 'Endpoints', href: '#/endpoints' }]}
        state={endpoint.data && <Chip state={endpoint.data.status} />}
      />
      <Loaded query={endpoint}>
        {(found) => (
          <>
            <EndpointFacts endpoint={found} />
            <On resource={{ type: 'endpoint', id: name }}>
              <DataPolicyCard endpoint={name} />
            </On>
          </>
        )}
      </Loaded>
      {endpoint.data && (
        <Loaded query={monitors}>
          {(data) => <Watchers monitors={data.monitors.filter((each) => each.endpoint === name)} />}
        </Loaded>
      )}
    </>
  );
}

function EndpointFacts({ endpoint }: { readonly endpoint: Endpoint }) {
  const labels = Object.entries(endpoint.labels);
  const { origin } = location;
  return (
    <Facts
      of={{
        Model: <a href={links.model(endpoint.model)}>{endpoint.model}</a>,
        Follows: <Tag>{endpoint.alias}</Tag>,
        'Pinned version': endpoint.stable ? (
          <a href={links.version(endpoint.model, endpoint.stable.version)}>v{endpoint.stable.version}</a>
        ) : (
          'none is ready yet'
        ),
        Created: <Moment at={endpoint.created_at} />,
        Changed: <Moment at={endpoint.updated_at} />,
        Labels: labels.length > 0 && (
          <span className="tags">
            {labels.map(([key, value]) => (
              <Tag key={key}>
                {key}: {value}
              </Tag>
            ))}
          </span>
        ),
        'MLflow scoring': <Copyable text={`POST ${origin}/endpoints/${endpoint.name}/invocations`} />,
        'Open Inference': <Copyable text={`POST ${origin}/v2/models/${endpoint.name}/infer`} />,
        Digest: endpoint.stable && <Copyable text={endpoint.stable.digest} />,
      }}
    />
  );
}

function Watchers({ monitors }: { readonly monitors: readonly Monitor[] }) {
  if (monitors.length === 0) return <p className="hint">Nothing watches this endpoint.</p>;
  return monitors.map((monitor) => <Latest key={monitor.name} monitor={monitor} />);
}

function Latest({ monitor }: { readonly monitor: Monitor }) {
  const query = useQuery({
    queryKey: ['monitors', monitor.name, 'latest'],
    queryFn: ({ signal }) =>
      cairn.get<{ results: MonitorResult[] }>(`monitors/${encodeURIComponent(monitor.name)}/results`, {
        query: { limit: 1 },
        signal,
      }),
  });
  const result = query.data?.results[0];
  return (
    <>
      <h2 className="row">
        <span className="in-text">
          Monitor <a href={links.monitor(monitor.name)}>{monitor.name}</a>
        </span>
        {result && <VerdictChips result={result} />}
      </h2>
      <Loaded query={query}>
        {() =>
          result ? (
            <Verdict result={result} psiMax={monitor.thresholds.psi} />
          ) : (
            <p className="hint">No window has been checked yet.</p>
          )
        }
      </Loaded>
    </>
  );
}
