import { useQuery } from '@tanstack/react-query';
import type { Monitor } from '../api/types.ts';
import { latestQuery, monitorsQuery } from '../monitors/queries.ts';
import { Verdict, VerdictChips } from '../monitors/Verdict.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';

/** What the monitors of an endpoint saw last. */
export function Watchers({ endpoint }: { readonly endpoint: string }) {
  const query = useQuery(monitorsQuery);
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
  const query = useQuery(latestQuery(monitor.name));
  const result = query.data?.[0];
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
