import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../api/client.ts';
import type {
  Monitor,
  MonitorDetail,
  MonitorFigure,
  MonitorItemDetail,
  MonitorResult,
} from '../api/types.ts';
import { OverlaidBins, OverlaidCategories, OverlayLegend } from '../charts/Overlay.tsx';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { counted, figure } from '../parts/format.ts';
import { Loaded } from '../parts/Loading.tsx';
import { useParamState } from '../parts/params.ts';
import { Table } from '../parts/Table.tsx';
import { heading, shown, shownBounds } from './figures.ts';
import { detailQuery } from './queries.ts';
import { useSegment } from './SegmentSelect.tsx';
import { sentence } from './words.ts';

type DistributionCardProps = {
  readonly monitor: Monitor;
  readonly result: MonitorResult;
  /** The feature that is shown unless another is chosen. */
  readonly first: string | undefined;
};

/** What is distributed: inputs, answers, and inputs against the training set. */
const compared = ['feature-drift', 'prediction-drift', 'skew'] as const;
const groupTitles = {
  'feature-drift': 'Features',
  'prediction-drift': 'Answers',
  skew: 'Features, against the training set',
} as const;

type Option = { readonly signal: (typeof compared)[number]; readonly item: MonitorItemDetail };

/** Reference and window over each other, of one feature or answer, with both figures. */
export function DistributionCard({ monitor, result, first }: DistributionCardProps) {
  const [state, change] = useParamState();
  const segment = useSegment();
  const query = useQuery(detailQuery(result));
  const options = query.data ? optionsOf(query.data, segment) : [];
  const of = state.get('of') ?? 'feature-drift';
  const chosen =
    options.find(({ signal, item }) => signal === of && item.name === first) ??
    options.find(({ item }) => item.overlay !== undefined) ??
    options[0];
  return (
    <Card
      title="Reference and window"
      actions={
        chosen && (
          <select
            aria-label="What is distributed"
            value={keyOf(chosen)}
            onChange={({ target }) => {
              const next = options.find((option) => keyOf(option) === target.value);
              change({
                feature: next?.item.name,
                of: next?.signal === 'feature-drift' ? undefined : next?.signal,
              });
            }}
          >
            {compared.map((signal) => {
              const some = options.filter((option) => option.signal === signal);
              return (
                some.length > 0 && (
                  <optgroup key={signal} label={groupTitles[signal]}>
                    {some.map((option) => (
                      <option key={keyOf(option)} value={keyOf(option)}>
                        {option.item.name}
                        {option.item.verdict === 'breached' ? ' (drifted)' : ''}
                      </option>
                    ))}
                  </optgroup>
                )
              );
            })}
          </select>
        )
      }
    >
      {query.error instanceof ApiError && query.error.status === 404 ? (
        <p className="hint">{query.error.message}</p>
      ) : (
        <Loaded query={query} lines={6}>
          {() =>
            chosen ? (
              <Distribution {...chosen} result={result} segment={segment} />
            ) : (
              <p className="hint">{whyNone(monitor, result, segment)}</p>
            )
          }
        </Loaded>
      )}
    </Card>
  );
}

function optionsOf({ signals }: MonitorDetail, segment: string): Option[] {
  return compared.flatMap((signal) =>
    signals
      .filter((each) => each.signal === signal && each.segment === segment)
      .flatMap(({ items }) => items)
      .filter(({ metric }) => metric !== 'drifted-share')
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((item) => ({ signal, item })),
  );
}

function keyOf({ signal, item }: Option): string {
  return `${signal} ${item.name}`;
}

function whyNone({ signals }: Monitor, result: MonitorResult, segment: string): string {
  const drift = result.signals.find((each) => each.signal === 'feature-drift' && each.segment === segment);
  if (drift?.reason !== undefined) return sentence(drift.reason);
  return signals['feature-drift'].enabled
    ? 'Nothing was compared in this window.'
    : 'Drift of features is not watched, see the settings.';
}

type DistributionProps = Option & { readonly result: MonitorResult; readonly segment: string };

function Distribution({ signal, item, result, segment }: DistributionProps) {
  const { overlay, missing, profile, exact, verdict, reason } = item;
  const figures = [
    ...(profile ? [{ of: 'Counts of all rows', basis: 'profile', figure: profile }] : []),
    ...(exact ? [{ of: 'Values of a sample', basis: 'exact', figure: exact }] : []),
  ];
  const [before, now] = overlay ? [sum(overlay.reference), sum(overlay.current)] : [0, 0];
  return (
    <div className="distribution">
      <p className="row distribution-head">
        <strong>{item.name}</strong> <Chip state={verdict === 'breached' ? 'drifted' : verdict} />
        <span className="hint">{heading(signal)}</span>
      </p>
      {reason !== undefined && <p className="hint">{sentence(reason)}</p>}
      {overlay ? (
        <>
          <OverlayLegend
            reference={`Reference, ${counted(Math.round(before), 'value')}`}
            current={`Window, ${counted(Math.round(now), 'value')}`}
          />
          {overlay.kind === 'numeric' ? (
            <OverlaidBins
              label={item.name}
              edges={overlay.edges}
              reference={overlay.reference}
              current={overlay.current}
            />
          ) : (
            <OverlaidCategories
              label={item.name}
              categories={overlay.categories}
              reference={overlay.reference}
              current={overlay.current}
            />
          )}
        </>
      ) : (
        <p className="hint">
          No counts of it can be shown
          {exact && !profile ? ': the version has no reference set to count by' : ''}.
        </p>
      )}
      {figures.length > 0 && (
        <Table
          label={`Figures of ${item.name}`}
          rows={figures}
          rowKey={({ basis }) => basis}
          columns={[
            {
              title: 'Of',
              cell: ({ of, basis }) => (
                <>
                  {of}
                  {basis === item.basis && <span className="hint"> (decides)</span>}
                </>
              ),
            },
            { title: 'Figure', cell: ({ figure: { metric } }) => metric.replaceAll('-', ' ') },
            { title: 'Value', numeric: true, cell: ({ figure: { metric, value } }) => shown(metric, value) },
            {
              title: 'Bound',
              numeric: true,
              cell: ({ figure: { metric, bounds } }) => shownBounds(metric, bounds),
            },
            { title: 'Test', cell: ({ figure: each }) => testText(each) },
            {
              title: 'Statistic',
              numeric: true,
              cell: ({ figure: { statistic } }) =>
                statistic === undefined || statistic === null ? '—' : figure(statistic, 4),
            },
            { title: 'p', numeric: true, cell: ({ figure: { p_value: p } }) => pText(p) },
          ]}
        />
      )}
      <Facts
        of={{
          'Rows compared':
            segment === '' && `${figure(result.rows.current)} against ${figure(result.rows.reference)}`,
          'Without a value':
            missing && `${figure(missing.current)}, in the reference ${figure(missing.reference)}`,
        }}
      />
    </div>
  );
}

function testText({ test, metric }: MonitorFigure) {
  if (test === 'ks' || metric.startsWith('ks')) return <abbr title="Kolmogorov–Smirnov">KS</abbr>;
  if (test === 'chi-square' || metric.startsWith('chi')) return 'χ²';
  return metric.startsWith('z-') ? 'z' : '—';
}

function pText(p: number | null | undefined): string {
  if (p === undefined || p === null) return '—';
  return p < 1e-4 ? '< 0.0001' : p.toFixed(4);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
