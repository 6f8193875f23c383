import type { Monitor, MonitorResult } from '../api.ts';
import { curve } from '../chart.ts';
import { type Child, h, link } from '../dom.ts';
import { ago, duration, figure, moment, percent } from '../format.ts';
import { facts, head, hint, section, table } from '../parts.ts';
import type { Visit } from './page.ts';
import { verdict, verdictChips } from './verdict.ts';

/** A monitor: what one window said (the latest unless told), how windows went, and what it watches for. */
export async function monitorPage({ api }: Visit, name = '', windowEnd?: string): Promise<Child> {
  const path = `monitors/${encodeURIComponent(name)}`;
  const [monitor, { results }] = await Promise.all([
    api.cairn<Monitor>(path),
    api.cairn<{ results: MonitorResult[] }>(`${path}/results`, { limit: 100 }),
  ]);
  const chosen =
    windowEnd === undefined
      ? results[0]
      : (results.find((result) => String(result.window_end) === windowEnd) ??
        (await api.cairn<MonitorResult>(`${path}/results/${encodeURIComponent(windowEnd)}`)));
  return [
    head({
      crumbs: [link(monitor.endpoint, 'endpoints', monitor.endpoint)],
      title: monitor.name,
      state: chosen ? verdictChips(chosen) : null,
    }),
    ...(chosen
      ? [
          h('h2', {}, windowEnd === undefined ? 'Latest window' : 'Chosen window'),
          ...verdict(chosen, monitor.thresholds.psi),
          section('Windows', windows(monitor, results, chosen)),
        ]
      : [hint('No window has been checked yet.')]),
    section('Settings', settings(monitor)),
  ];
}

function windows(monitor: Monitor, results: readonly MonitorResult[], chosen: MonitorResult): Child {
  const inOrder = results.toReversed();
  const drift = inOrder.flatMap(({ window_end: x, drift: d }) =>
    'drifted_share' in d ? [{ x, y: d.drifted_share }] : [],
  );
  const accuracy = inOrder.flatMap(({ window_end: x, performance: p }) =>
    'value' in p ? [{ x, y: p.value }] : [],
  );
  const card = (title: string, points: typeof drift) =>
    points.length > 1 ? h('article', {}, h('h3', {}, title), curve(title, points)) : null;
  return [
    h('div', { class: 'cards' }, card('Share of features drifted', drift), card('Accuracy', accuracy)),
    table(
      'Windows, newest first',
      [
        { title: 'End' },
        { title: 'Verdict' },
        { title: 'Drifted', numeric: true },
        { title: 'Accuracy', numeric: true },
        { title: 'Rows', numeric: true },
        { title: 'Checked' },
      ],
      results.map((result) => [
        result.window_end === chosen.window_end
          ? h('mark', {}, moment(result.window_end))
          : link(moment(result.window_end), 'monitors', monitor.name, String(result.window_end)),
        verdictChips(result),
        'drifted_share' in result.drift ? percent(result.drift.drifted_share) : '—',
        'value' in result.performance ? percent(result.performance.value) : '—',
        figure(result.drift.rows.current),
        ago(result.checked_at),
      ]),
    ),
  ];
}

function settings({
  window_seconds,
  every_seconds,
  min_rows,
  thresholds,
  performance,
  retraining,
}: Monitor): Child {
  return facts(
    ['Window', `${duration(window_seconds * 1000)}, every ${duration(every_seconds * 1000)}`],
    ['Rows needed', figure(min_rows)],
    ['PSI bound', figure(thresholds.psi)],
    ['False discovery rate', figure(thresholds.p_value)],
    ['Drifted share bound', percent(thresholds.drifted_share)],
    [
      'Accuracy',
      `may drop by ${percent(performance.max_drop)}, ${figure(performance.min_labelled)} labels needed`,
    ],
    [
      'Retraining',
      retraining
        ? `on ${retraining.on === 'either' ? 'drift or performance' : retraining.on}, by “${retraining.executor}”; a winner takes @${retraining.alias}`
        : 'none',
    ],
  );
}
