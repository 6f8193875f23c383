import type { Monitor } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { duration, figure, percent } from '../parts/format.ts';
import { Table } from '../parts/Table.tsx';
import { Moment } from '../parts/Time.tsx';
import { heading, shownBounds } from './figures.ts';
import { isUsual, metrics, signalMeanings, type SignalName, signals } from './words.ts';

/** What a monitor watches for, and how. */
export function SettingsTab({ monitor }: { readonly monitor: Monitor }) {
  const { retraining, segments, alerting } = monitor;
  const every = `every ${duration(monitor.every_seconds * 1000)}`;
  const late = monitor.offset_seconds > 0 ? `, ${duration(monitor.offset_seconds * 1000)} later` : '';
  const weights = Object.entries(monitor.feature_weights);
  return (
    <>
      <Card title="Settings">
        <Facts
          of={{
            Window: `${duration(monitor.window_seconds * 1000)}, ${every}${late}`,
            Reference: referenceIn(monitor),
            Preset: monitor.preset,
            'Rows needed': figure(monitor.min_rows),
            'Labels needed': figure(monitor.min_labelled),
            'Late labels': `open windows again for ${duration(monitor.max_label_delay_seconds * 1000)}`,
            Segments: segments ? `${segments.column}: ${segments.values.join(', ')}` : 'none',
            'Weights of features':
              weights.length === 0
                ? '1 each'
                : `${weights.map(([name, weight]) => `${name} ${figure(weight)}`).join(', ')}, others 1`,
            Alerts: `at ${alerting.breaches} of ${alerting.of} windows, over after ${alerting.clear} that are clear of the bound by ${percent(1 - alerting.hysteresis)}`,
            Reminder: `each ${duration(alerting.cooldown_seconds * 1000)} of an open incident`,
            Told: alerting.channels ? alerting.channels.join(', ') : 'every webhook for incidents',
            Retraining: retraining
              ? `on ${retraining.on.join(', ')}, by “${retraining.executor}”, at most ${figure(retraining.max_per_day)} a day; a winner by more than ${figure(retraining.margin)} takes @${retraining.alias}`
              : 'none',
          }}
        />
      </Card>
      <Card title="Signals and bounds" flush>
        <Table
          label="Signals and bounds"
          rows={signals.flatMap((signal) => boundsIn(monitor, signal))}
          rowKey={({ signal, metric }) => `${signal} ${metric}`}
          columns={[
            {
              title: 'Signal',
              cell: ({ signal, isFirst }) =>
                isFirst ? (
                  <span title={signalMeanings[signal]}>{heading(signal)}</span>
                ) : (
                  <span className="hidden">{heading(signal)}</span>
                ),
            },
            {
              title: 'Watched',
              cell: ({ signal, isFirst }) =>
                isFirst &&
                (monitor.signals[signal]?.enabled ? (
                  <Chip state={monitor.signals[signal].severity} tone="quiet" />
                ) : (
                  <span className="hint">not watched</span>
                )),
            },
            { title: 'Figure', cell: ({ metric }) => metric.replaceAll('-', ' ') },
            { title: 'Bound', cell: ({ bound }) => <span className="roomy">{bound}</span> },
            {
              title: 'Set',
              cell: ({ isSet }) => (isSet ? 'here' : <span className="hint steady">by default</span>),
            },
          ]}
        />
      </Card>
    </>
  );
}

type Row = {
  readonly signal: SignalName;
  readonly isFirst: boolean;
  readonly metric: string;
  readonly bound: string;
  readonly isSet: boolean;
};

function boundsIn(monitor: Monitor, signal: SignalName): Row[] {
  return Object.entries(metrics[signal]).map(([metric, { usual }], at) => {
    const threshold = monitor.signals[signal]?.thresholds[metric];
    const isSet = threshold !== undefined && !isUsual(signal, metric, threshold, monitor.preset);
    return {
      signal,
      metric,
      isFirst: at === 0,
      isSet,
      bound: threshold?.learnt
        ? `± ${figure(threshold.learnt.sigmas)} deviations of ${figure(threshold.learnt.windows)} windows or more`
        : threshold && (isSet || metric === 'drifted-share')
          ? shownBounds(metric, threshold)
          : usual,
    };
  });
}

function referenceIn({ reference }: Monitor) {
  switch (reference.kind) {
    case 'version':
      return 'the reference set of the version, or its first predictions';
    case 'fixed':
      return (
        <>
          <Moment at={reference.from} /> to <Moment at={reference.to} />
        </>
      );
    case 'rolling':
      return `${duration(reference.length_seconds * 1000)} up to ${reference.offset_seconds > 0 ? `${duration(reference.offset_seconds * 1000)} before` : 'the beginning of'} each window`;
  }
}
