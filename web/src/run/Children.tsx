import { useQuery } from '@tanstack/react-query';
import type { Run } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Dot } from '../parts/Chip.tsx';
import { links } from '../parts/links.ts';
import { Ago } from '../parts/Time.tsx';
import { childrenQuery } from './queries.ts';

const comparedMax = 100;

/** The runs within this one. */
export function Children({ run }: { readonly run: Run }) {
  const { data } = useQuery(childrenQuery(run));
  const children = data?.runs ?? [];
  if (children.length === 0) return null;
  const ids = children.map(({ info }) => info.run_id).slice(0, comparedMax);
  return (
    <Card
      title={
        <>
          Child runs{' '}
          <span className="count">
            {children.length}
            {data?.next_page_token ? '+' : ''}
          </span>
        </>
      }
      flush
      actions={
        ids.length > 1 && (
          <a className="button quiet" href={links.compare(ids)}>
            Compare
          </a>
        )
      }
    >
      <ul className="line-rows scrolls">
        {children.map(({ info }) => (
          <li key={info.run_id}>
            <Dot state={info.status} />
            <a className="clip" href={links.run(info.experiment_id, info.run_id)} title={info.run_name}>
              {info.run_name || info.run_id}
            </a>
            <span className="hint">
              <Ago at={info.start_time} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
