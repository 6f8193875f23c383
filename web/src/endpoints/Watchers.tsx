import { useQuery } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { Verdict, VerdictChips } from '../monitors/Verdict.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';

/** What the monitors of an endpoint saw last. */
export function Watchers({ endpoint }: { readonly endpoint: string }) {
  const query = useQuery({
    queryKey: ['monitors'],
    queryFn: ({ signal }) => cairn.get<{ monitors: Monitor[] }>('monitors', { signal }),
  });
  return (
    <Loaded query={query}>
      {({ monitors }) => {
        const watching = monitors.filter((each) => each.endpoint === endpoint);
        if (watching.length === 0) return <p className="hint">Nothing watches this endpoint.</p>;
        return watching.map((monitor) => <Latest key={monitor.name} monitor={monitor} />);
      }}
    </Loaded>
  );
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
          result ? <Verdict result={result} /> : <p className="hint">No window has been checked yet.</p>
        }
      </Loaded>
    </>
  );
}
