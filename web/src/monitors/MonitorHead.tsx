import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { FactLine } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { duration } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Ago, Coming, Moment } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { changeMonitor } from './actions.ts';
import { useBackfill } from './backfill.ts';
import { BackfillDialog, BackfillProgress } from './BackfillDialog.tsx';
import { EditDialog } from './EditDialog.tsx';
import { nextCheckAt } from './figures.ts';
import { VerdictChips } from './Verdict.tsx';

type MonitorHeadProps = {
  readonly monitor: Monitor;
  readonly version: string | undefined;
  /** The latest window first. */
  readonly results: readonly MonitorResult[];
};

/** What a monitor watches, how that is, and what can be done with it. */
export function MonitorHead({ monitor, version, results }: MonitorHeadProps) {
  const { name, endpoint } = monitor;
  const [latest] = results;
  const [asked, setAsked] = useState<'edit' | 'backfill'>();
  const backfill = useBackfill(name);
  const check = useMutation({ mutationFn: () => changeMonitor.check(name) });
  const close = () => setAsked(undefined);
  return (
    <>
      <PageHead
        title={name}
        crumbs={[
          { label: 'Monitors', href: '#/monitors' },
          { label: endpoint, href: links.endpoint(endpoint) },
        ]}
        state={latest && <VerdictChips result={latest} />}
        actions={
          <May needs="operator">
            <button type="button" disabled={check.isPending} onClick={() => check.mutate()}>
              <Icon name="refresh" size={14} /> {check.isPending ? 'Checking …' : 'Run a check'}
            </button>
            <button type="button" onClick={() => setAsked('backfill')}>
              Backfill
            </button>
            <button type="button" onClick={() => setAsked('edit')}>
              <Icon name="edit" size={14} /> Edit
            </button>
          </May>
        }
      />
      <FactLine
        of={{
          Endpoint: <a href={links.endpoint(endpoint)}>{endpoint}</a>,
          Window: `${duration(monitor.window_seconds * 1000)}, every ${duration(monitor.every_seconds * 1000)}`,
          // Not of the latest window: one that somebody chose may end after all that are looked at by themselves.
          Checked: latest ? (
            <Ago at={results.reduce((at, { checked_at: each }) => Math.max(at, each), 0)} />
          ) : (
            'never'
          ),
          'Next check': <Coming at={nextCheckAt(monitor)} />,
        }}
      />
      {check.error && <Failure error={check.error} />}
      {check.data && <Checked result={check.data} />}
      {backfill && <BackfillProgress name={name} of={backfill} />}
      {asked === 'backfill' && <BackfillDialog monitor={monitor} onClose={close} />}
      {asked === 'edit' && <EditDialog monitor={monitor} version={version} onClose={close} />}
    </>
  );
}

/** What a check that was asked for found. */
function Checked({ result }: { readonly result: MonitorResult }) {
  const reasons = [
    ...new Set(
      result.signals.flatMap(({ verdict, reason }) =>
        verdict === 'insufficient-data' ? (reason ?? []) : [],
      ),
    ),
  ];
  return (
    <section className="card card-body row" aria-label="What the check found">
      <strong>Checked</strong>
      <span role="status">
        the window until{' '}
        <a href={links.monitor(result.monitor, result.window_end)}>
          <Moment at={result.window_end} />
        </a>
        :
      </span>
      <VerdictChips result={result} />
      {reasons[0] !== undefined && !result.signals.some(({ verdict }) => verdict !== 'insufficient-data') && (
        <span className="hint">{reasons[0]}</span>
      )}
    </section>
  );
}
