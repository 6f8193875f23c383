import { type UseQueryResult, useQueries } from '@tanstack/react-query';
import { alertmanager, type WholeIncident } from '../api/alerts.ts';
import type { Retraining } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { percent } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Ago } from '../parts/Time.tsx';
import { retrainingQuery } from './queries.ts';

/** Jobs that are asked for: a request each. The timeline has all. */
const askedMax = 5;

export type Jobs = ReadonlyMap<string, Retraining | undefined>;

/** The newest retrainings among some, by id. */
export function useRetrainings(ids: readonly string[]): Jobs {
  const asked = ids.slice(-askedMax);
  const results: UseQueryResult<Retraining>[] = useQueries({ queries: asked.map(retrainingQuery) });
  return new Map(asked.map((id, at) => [id, results[at]?.data]));
}

type RetrainingCardProps = { readonly incident: WholeIncident; readonly jobs: Jobs };

/** What was trained anew because of an incident, and what became of it. */
export function RetrainingCard({ incident: { state, monitor, retraining }, jobs }: RetrainingCardProps) {
  return (
    <Card title="Retraining" flush>
      {retraining.length === 0 ? (
        <p className="hint card-none">
          {state === 'resolved' ? 'None was asked for. ' : 'None is asked for. '}
          {monitor !== alertmanager && (
            <>
              With a retraining policy, the <a href={links.monitor(monitor)}>monitor</a> asks for one when an
              incident opens.
            </>
          )}
        </p>
      ) : (
        <ul className="incident-alerts" aria-label="Retraining">
          {[...jobs].toReversed().map(([id, job]) => (
            <li key={id}>
              <div className="row">
                <a href={links.retraining(id)}>{job ? `Retraining of ${job.model}` : 'Retraining'}</a>
                {job && <Chip state={job.status} />}
                {job && (
                  <span className="hint">
                    <Ago at={job.created_at} />
                  </span>
                )}
              </div>
              {job && <p className="hint">{became(job)}</p>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** What a job came to, in a line. */
function became({ executor, gate, reason, rollout, version, alias }: Retraining): string {
  const judged =
    gate &&
    `Version ${gate.challenger.version} was right in ${percent(gate.challenger.accuracy)}, version ${gate.champion.version} in ${percent(gate.champion.accuracy)}.`;
  const taken = version !== undefined && `Version ${version} has @${alias}.`;
  const taking = rollout && `Rollout: ${rollout.status.replaceAll('-', ' ')}.`;
  const said = [judged, taken, taking, reason].filter((each) => each !== undefined && each !== false);
  return said.length === 0 ? `By ${executor}.` : said.join(' ');
}
