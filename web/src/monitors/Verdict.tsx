import type { ReactNode } from 'react';
import type { ColumnDrift, MonitorResult } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { figure, percent } from '../parts/format.ts';
import { Table, type TableColumn } from '../parts/Table.tsx';
import { Moment } from '../parts/Time.tsx';

/** A result in two words: what the inputs say, and what the labels say. */
export function VerdictChips({ result: { drift, performance } }: { readonly result: MonitorResult }) {
  return (
    <span className="tags">
      <Chip state={drift.verdict} />
      {performance.verdict !== 'unknown' && <Chip state={performance.verdict} />}
    </span>
  );
}

type VerdictProps = { readonly result: MonitorResult; readonly psiMax: number };

/** All of one result: the window, drift by feature, and performance. */
export function Verdict({ result, psiMax }: VerdictProps) {
  const { reference, drift, performance } = result;
  return (
    <>
      <Facts
        of={{
          Window: (
            <>
              <Moment at={result.window_start} /> to <Moment at={result.window_end} />
            </>
          ),
          Version: result.model && `v${result.model.version}`,
          Rows: `${figure(drift.rows.current)} against ${figure(drift.rows.reference)}`,
          'Left out':
            result.other_versions_rows > 0 && `${figure(result.other_versions_rows)} rows of other versions`,
          Breach: result.breach && <Chip state={result.breach.reasons.join(' and ')} tone="bad" />,
          Provisional: !result.settled && 'predictions of this window were still being written',
          Reference: reference.source === 'dataset' ? <code>{reference.uri}</code> : sentence(reference.why),
        }}
      />
      <Card title="Drift" flush>
        <Drift drift={drift} psiMax={psiMax} />
      </Card>
      <Card title="Performance">
        <Performance performance={performance} />
      </Card>
    </>
  );
}

/** What drifted, column by column. */
export function Drift({
  drift,
  psiMax,
}: {
  readonly drift: MonitorResult['drift'];
  readonly psiMax: number;
}) {
  if (drift.verdict === 'insufficient-data')
    return <p className="hint card-body">{sentence(drift.reason)}</p>;
  const features = drift.features.toSorted((a, b) => psiOf(b) - psiOf(a));
  const rows = drift.score
    ? [{ ...drift.score, column: `${drift.score.column} (output)` }, ...features]
    : features;
  return (
    <>
      <p className="card-body">
        <Chip state={drift.verdict} /> {percent(drift.drifted_share)} of the features drifted
        {drift.score?.verdict === 'drifted' ? ', and the output itself did' : ''}.
      </p>
      <Table
        label="Drift by feature"
        rows={rows}
        rowKey={({ column }) => column}
        columns={driftColumns(psiMax)}
      />
      <p className="hint card-body">
        The line on each bar is the bound, a PSI of {figure(psiMax)}; a bar ends at five times that. Missing:
        now / in the reference.
      </p>
    </>
  );
}

function driftColumns(psiMax: number): readonly TableColumn<ColumnDrift>[] {
  type Compared = Exclude<ColumnDrift, { verdict: 'not-comparable' }>;
  const compared =
    (cell: (drift: Compared) => ReactNode, otherwise: (reason: string) => ReactNode = () => '—') =>
    (drift: ColumnDrift) =>
      drift.verdict === 'not-comparable' ? otherwise(drift.reason) : cell(drift);
  return [
    { title: 'Feature', cell: ({ column }) => column },
    { title: 'Verdict', cell: ({ verdict }) => <Chip state={verdict} /> },
    { title: 'PSI', numeric: true, cell: compared(({ psi }) => psi.toFixed(4)) },
    {
      id: 'bar',
      title: <span className="hidden">PSI as a bar</span>,
      cell: compared(
        ({ psi }) => <Bar psi={psi} psiMax={psiMax} />,
        () => '',
      ),
    },
    {
      title: 'Test',
      cell: compared(
        ({ test }) => (test === 'ks' ? <abbr title="Kolmogorov–Smirnov">KS</abbr> : 'χ²'),
        (reason) => reason,
      ),
    },
    {
      title: 'Statistic',
      numeric: true,
      cell: compared(({ statistic, test }) => statistic.toFixed(test === 'ks' ? 4 : 1)),
    },
    {
      title: 'p',
      numeric: true,
      cell: compared(({ p_value: p }) => (p < 1e-4 ? '< 0.0001' : p.toFixed(4))),
    },
    {
      title: 'Missing',
      numeric: true,
      cell: compared(({ missing }) => `${figure(missing.current)} / ${figure(missing.reference)}`),
    },
  ];
}

/** A PSI on a scale that ends at five times its bound. */
function Bar({ psi, psiMax }: { readonly psi: number; readonly psiMax: number }) {
  const width = Math.min(psi / (psiMax * 5), 1) * 100;
  return (
    <svg
      className={psi >= psiMax ? 'bar over' : 'bar'}
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect className="track" width={100} height={10} />
      <rect width={width.toFixed(1)} height={10} />
      <path d="M20 0V10" />
    </svg>
  );
}

function Performance({ performance }: { readonly performance: MonitorResult['performance'] }) {
  const labels = `${figure(performance.labelled)} (${percent(performance.coverage)} of the rows)`;
  if (performance.verdict === 'unknown')
    return (
      <>
        <p className="hint">{sentence(performance.reason)}</p>
        <Facts of={{ Labels: labels }} />
      </>
    );
  const { value, baseline, metric, standard_error: error } = performance;
  return (
    <>
      <p>
        <Chip state={performance.verdict} />
      </p>
      <Facts
        of={{
          [metric]: percent(value),
          'A drop within chance': `up to ${percent(2 * error)}`,
          Baseline: `${percent(baseline.accuracy)} on ${figure(baseline.rows)} rows (${baseline.source.replaceAll('-', ' ')})`,
          Labels: labels,
        }}
      />
    </>
  );
}

function psiOf(drift: ColumnDrift): number {
  return drift.verdict === 'not-comparable' ? -1 : drift.psi;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
