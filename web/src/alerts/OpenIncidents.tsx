import { useQuery } from '@tanstack/react-query';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { openIncidentsQuery } from './open.ts';
import { lasted } from './words.tsx';

const shownMax = 2;

/** The open incidents of an endpoint or a monitor, a line each; nothing where there are none. */
export function OpenIncidents({ of }: { readonly of: { readonly [K in 'endpoint' | 'monitor']?: string } }) {
  const { data } = useQuery(openIncidentsQuery(of));
  const incidents = data?.incidents ?? [];
  if (incidents.length === 0) return null;
  const more = incidents.length - shownMax;
  return (
    <ul className="open-incidents" aria-label="Open incidents">
      {incidents.slice(0, shownMax).map(({ id, title, severity, ...incident }) => (
        <li key={id} className={severity === 'critical' ? 'bad' : undefined}>
          <Icon name="alert" size={14} />
          <span className="in-text">
            Open incident: <a href={links.incident(id)}>{title}</a>, {severity}, for {lasted(incident)}
          </span>
        </li>
      ))}
      {more > 0 && (
        <li className="in-text">
          <a href={links.openIncidents(of)}>
            {more}
            {data?.next_page_token === undefined ? '' : ' or'} more
          </a>
        </li>
      )}
    </ul>
  );
}
