import { useQuery } from '@tanstack/react-query';
import { countedMax, countQuery } from '../alerts/open.ts';
import { useSession } from '../session/session.ts';

/** How many incidents are open, beside the name of the page that shows them; nothing where none is. */
export function IncidentCount() {
  const { role, resources } = useSession();
  const sees =
    role !== null || resources.some(({ type, role: held }) => type === 'endpoint' && held !== null);
  return sees ? <Count /> : null;
}

function Count() {
  const { data } = useQuery(countQuery);
  const count = data?.incidents.length ?? 0;
  if (count === 0) return null;
  return (
    <b className="side-count">
      {count > countedMax ? `${countedMax}+` : count}
      <small className="hidden"> open {count === 1 ? 'incident' : 'incidents'}</small>
    </b>
  );
}
