import { useQuery } from '@tanstack/react-query';
import type { Alert, Silence } from '../api/alerts.ts';
import { alertmanager } from '../api/alerts.ts';
import type { Monitor } from '../api/types.ts';
import { monitorsQuery } from '../monitors/queries.ts';
import { roleOn } from '../session/may.tsx';
import { covers } from '../session/roles.ts';
import { useSession } from '../session/session.ts';

type Matching = { readonly [K in 'monitor' | 'signal' | 'segment' | 'severity']?: string | null | undefined };

/** Whether a silence is about an alert. */
export function matches(silence: Matching, alert: Alert): boolean {
  const { monitor, signal, segment, severity } = silence;
  return (
    (monitor ?? alert.monitor) === alert.monitor &&
    (signal ?? alert.signal) === alert.signal &&
    (segment ?? alert.segment) === alert.segment &&
    (severity ?? alert.severity) === alert.severity
  );
}

/** What the reader may silence: the monitors of endpoints that they operate, and anything where they operate all. */
export function useMaySilence(): {
  readonly all: boolean;
  readonly monitors: readonly Monitor[];
  readonly may: (silence: Pick<Silence, 'monitor'>) => boolean;
} {
  const session = useSession();
  const { data } = useQuery(monitorsQuery);
  const all = covers(session.role, 'operator');
  const monitors = (data?.monitors ?? []).filter(({ endpoint }) =>
    covers(roleOn(session, { type: 'endpoint', id: endpoint }), 'operator'),
  );
  const may = ({ monitor }: Pick<Silence, 'monitor'>) =>
    monitor === null || monitor === alertmanager ? all : monitors.some(({ name }) => name === monitor);
  return { all, monitors, may };
}
