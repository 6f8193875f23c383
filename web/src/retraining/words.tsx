import type { Executor, Retraining } from '../api/types.ts';
import { links } from '../parts/links.ts';

type JobProps = { readonly job: Retraining };

/** The kinds of executors in words. */
export const kinds: Readonly<Record<Executor['kind'], string>> = {
  process: 'a command on this machine',
  'container-job': 'a Container Apps job',
  github: 'GitHub Actions',
  webhook: 'a webhook',
};

/** The monitor whose window asked, or the person who did. */
export function AskedBy({ job }: JobProps) {
  const { monitor_id: monitor, requested_by: person } = job;
  if (monitor === null) return person ?? '—';
  return (
    <>
      <a href={links.monitor(monitor)}>{monitor}</a>
      {person !== undefined && `, by ${person}`}
    </>
  );
}

/** What trains; its run, where it has one that can be seen. */
export function RunLink({ job }: JobProps) {
  const { executor, executor_kind: kind, run } = job;
  if (run === undefined || !/^https?:\/\//.test(run.page))
    return <span title={kind === null ? 'no longer declared' : kinds[kind]}>{executor}</span>;
  return (
    <a href={run.page} target="_blank" rel="noreferrer" title={kind === null ? undefined : kinds[kind]}>
      {executor}, its run
    </a>
  );
}

/** The kind of an executor in words. */
export function kindOf({ executor_kind: kind }: Retraining): string {
  return kind === null ? 'no longer declared' : kinds[kind];
}

/** Whether nothing more is to come. */
export function isOver({ status }: Retraining): boolean {
  return ['promoted', 'rejected', 'failed', 'refused', 'cancelled'].includes(status);
}
