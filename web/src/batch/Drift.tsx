import type { ReactNode } from 'react';
import type { BatchDrift, ColumnDrift } from '../api/types.ts';
import { Chip } from '../parts/Chip.tsx';
import { figure, percent } from '../parts/format.ts';
import { Table, type TableColumn } from '../parts/Table.tsx';

/** What drifted, column by column. */
export function Drift({ drift, psiMax }: { readonly drift: BatchDrift; readonly psiMax: number }) {
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

function psiOf(drift: ColumnDrift): number {
  return drift.verdict === 'not-comparable' ? -1 : drift.psi;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
