import { useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import type { Run } from '../api/types.ts';
import { useTheme } from '../app/theme.ts';
import { colorOf, inksOf } from '../charts/colors.ts';
import { Empty } from '../parts/Empty.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import { counted } from '../parts/format.ts';
import { experimentQuery, runQuery } from '../run/queries.ts';
import { links } from '../parts/links.ts';
import './compare.css';
import { CompareTable } from './CompareTable.tsx';
import { CurvesTab } from './CurvesTab.tsx';
import { rowsOf } from './differences.ts';
import type { Compared } from './compared.ts';
import { Legend } from './Legend.tsx';
import { ParallelTab } from './ParallelTab.tsx';
import { ScatterTab } from './ScatterTab.tsx';

const tabs = ['table', 'curves', 'parallel', 'scatter'] as const;
type Tab = (typeof tabs)[number];
const titles: Readonly<Record<Tab, string>> = {
  table: 'Table',
  curves: 'Curves',
  parallel: 'Parallel coordinates',
  scatter: 'Scatter',
};
const runsMax = 100;

/** Runs side by side: what differs between them, their curves, and how what they were told goes with what came out. */
export function ComparePage() {
  const [params] = useParamState();
  const asked = [...new Set((params.get('runs') ?? '').split(',').filter(Boolean))];
  const { runs, failed, pending } = useQueries({
    queries: asked.slice(0, runsMax).map((runId) => runQuery(runId)),
    combine: together,
  });
  // Where they are all of one, it is the way back.
  const [experimentId, ...others] = new Set(runs.map(({ info }) => info.experiment_id));
  const experiment = useQuery({
    ...experimentQuery(experimentId ?? ''),
    enabled: experimentId !== undefined && others.length === 0,
  });
  if (asked.length === 0)
    return (
      <>
        <PageHead title="Compare runs" />
        <Empty title="No runs to compare">
          Choose some in the runs of an <a href="#/experiments">experiment</a>, then Compare.
        </Empty>
      </>
    );
  return (
    <>
      <PageHead
        title={`Compare ${counted(asked.length, 'run')}`}
        crumbs={[
          { label: 'Experiments', href: '#/experiments' },
          ...(experiment.data
            ? [{ label: experiment.data.name, href: links.experiment(experiment.data.experiment_id) }]
            : []),
        ]}
      />
      {asked.length > runsMax && (
        <p className="hint">The first {runsMax} are shown: a page of more would tell nothing.</p>
      )}
      {failed.length > 0 && (
        <div className="notice" role="alert">
          {counted(failed.length, 'run')} could not be read: {failed[0]?.message}
        </div>
      )}
      {pending ? <Skeleton lines={8} /> : runs.length > 0 && <Comparison runs={runs} />}
    </>
  );
}

/** What the queries of all runs say; the same array until one of them says something else. */
function together(results: readonly UseQueryResult<Run>[]) {
  return {
    runs: results.flatMap(({ data }) => data ?? []),
    failed: results.flatMap(({ data, error }) => (data || !error ? [] : error)),
    pending: results.some(({ isPending }) => isPending),
  };
}

function Comparison({ runs }: { readonly runs: readonly Run[] }) {
  const tab = useTab(tabs);
  const theme = useTheme();
  const [focus, setFocus] = useState<string>();
  const inks = useMemo(() => inksOf(runs.map(({ info }) => info.run_id)), [runs]);
  const compared = useMemo(
    () =>
      runs.map((run): Compared => {
        const ink = inks.get(run.info.run_id) ?? { index: 0, dash: [] };
        return {
          run,
          id: run.info.run_id,
          name: run.info.run_name || run.info.run_id,
          color: colorOf(ink, theme),
          dash: ink.dash,
        };
      }),
    [runs, inks, theme],
  );
  const rows = useMemo(() => rowsOf(runs), [runs]);
  const content = (): ReactNode => {
    switch (tab) {
      case 'table':
        return <CompareTable compared={compared} rows={rows} />;
      case 'curves':
        return <CurvesTab compared={compared} rows={rows} focus={focus} />;
      case 'parallel':
        return <ParallelTab compared={compared} rows={rows} focus={focus} />;
      case 'scatter':
        return <ScatterTab compared={compared} rows={rows} focus={focus} />;
    }
  };
  return (
    <>
      <Tabs tabs={tabs} label="Ways to compare" titles={titles} />
      {tab !== 'table' && <Legend compared={compared} onFocus={setFocus} />}
      {content()}
    </>
  );
}
