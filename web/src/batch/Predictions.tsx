import type { BatchReport, ClassProfile, Spread } from '../api/batch-report.ts';
import { Histogram } from '../charts/Histogram.tsx';
import { Card } from '../parts/Card.tsx';
import { Facts } from '../parts/Facts.tsx';
import { figure } from '../parts/format.ts';
import { Share } from '../parts/Share.tsx';
import { Table } from '../parts/Table.tsx';
import { smallPercent } from './words.ts';

type PredictionsProps = {
  readonly predictions: NonNullable<BatchReport['profile']>['predictions'];
};

/** What was predicted: how often which class and how surely, or how the numbers are spread. */
export function Predictions({ predictions: { classes, value } }: PredictionsProps) {
  if (classes.length === 0 && !value) return null;
  return (
    <Card title="Predictions" flush>
      {classes.length > 0 && <Classes classes={classes} />}
      {value && (
        <div className="card-body spread">
          <SpreadChart label="Predictions" of={value} />
          <SpreadFacts of={value} />
        </div>
      )}
    </Card>
  );
}

function Classes({ classes }: { readonly classes: readonly ClassProfile[] }) {
  return (
    <Table
      label="Predictions by class"
      rows={classes}
      rowKey={({ name }) => name}
      columns={[
        { title: 'Class', cell: ({ name }) => name },
        { title: 'Rows', numeric: true, cell: ({ rows }) => figure(rows) },
        {
          title: 'Share',
          cell: ({ share }) => (
            <span className="job-bar">
              <Share value={share} max={1} />
              <span className="steady">{smallPercent(share)}</span>
            </span>
          ),
        },
        {
          title: 'How sure',
          cell: ({ name, score }) =>
            score ? (
              <Histogram label={`How sure of ${name}`} counts={score.histogram} low={0} high={1} />
            ) : (
              '—'
            ),
        },
      ]}
    />
  );
}

/** The spread of numbers as bars, where it was counted. */
export function SpreadChart({ label, of }: { readonly label: string; readonly of: Spread }) {
  const { histogram, min, max } = of;
  if (!histogram || min === null || max === null) return <span className="hint">no numbers</span>;
  return <Histogram label={label} counts={histogram} low={min} high={max} />;
}

function SpreadFacts({ of: { mean, std, quantiles } }: { readonly of: Spread }) {
  return (
    <Facts
      of={{
        Mean: mean !== null && figure(mean),
        'Standard deviation': std !== null && figure(std),
        Median: quantiles?.['0.5'] !== undefined && figure(quantiles['0.5']),
        '5 % below': quantiles?.['0.05'] !== undefined && figure(quantiles['0.05']),
        '5 % above': quantiles?.['0.95'] !== undefined && figure(quantiles['0.95']),
      }}
    />
  );
}
