import type { Monitor, MonitorResult, MonitorSignal } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { figure } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { shown } from './figures.ts';
import { SpanSelect } from './SpanSelect.tsx';
import { VerdictChips } from './Verdict.tsx';

type WindowsTabProps = {
  readonly monitor: Monitor;
  /** Newest first. */
  readonly results: readonly MonitorResult[];
  readonly chosen: MonitorResult;
  readonly spans: readonly string[];
};

/** Every window with what stands for it. */
export function WindowsTab({ monitor, results, chosen, spans }: WindowsTabProps) {
  return (
    <Card title="Windows, newest first" flush actions={<SpanSelect spans={spans} />}>
      <Table
        label="Windows, newest first"
        rows={results}
        rowKey={({ window_end: end }) => String(end)}
        columns={[
          {
            title: 'End',
            cell: ({ window_end: end }) => (
              <a
                href={links.monitor(monitor.name, end)}
                aria-current={end === chosen.window_end ? 'true' : undefined}
              >
                {end === chosen.window_end ? (
                  <mark>
                    <Moment at={end} />
                  </mark>
                ) : (
                  <Moment at={end} />
                )}
              </a>
            ),
          },
          { title: 'Verdict', cell: (result) => <VerdictChips result={result} /> },
          {
            title: 'Drifted',
            numeric: true,
            cell: (result) => shown('drifted-share', figureOf(result, 'feature-drift')?.value),
          },
          {
            title: 'Performance',
            numeric: true,
            cell: (result) => {
              const found = figureOf(result, 'performance');
              return shown(found?.metric ?? '', found?.value);
            },
          },
          { title: 'Version', cell: ({ model }) => (model ? `v${model.version}` : '—') },
          { title: 'Rows', numeric: true, cell: ({ rows }) => figure(rows.current) },
          { title: 'Checked', cell: ({ checked_at: at }) => <Ago at={at} /> },
        ]}
      />
    </Card>
  );
}

/** What a result says of a signal, of all rows. */
function figureOf({ signals }: MonitorResult, signal: string): MonitorSignal | undefined {
  return signals.find((each) => each.signal === signal && each.segment === '');
}
