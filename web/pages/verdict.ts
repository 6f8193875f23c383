import type { ColumnDrift, MonitorResult } from '../api.ts';
import { type Child, h, svg } from '../dom.ts';
import { figure, moment, percent } from '../format.ts';
import { chip, facts, hint, section, table } from '../parts.ts';

/** A result in two words: what the inputs say, and what the labels say. */
export function verdictChips({ drift, performance }: MonitorResult): Child {
  return [chip(drift.verdict), performance.verdict === 'unknown' ? null : [' ', chip(performance.verdict)]];
}

/** All of one result: the window, drift by feature, and performance. */
export function verdict(result: MonitorResult, psiMax: number): Node[] {
  const { reference, drift, performance } = result;
  return [
    facts(
      ['Window', [moment(result.window_start), ' to ', moment(result.window_end)]],
      ['Version', result.model ? `v${result.model.version}` : null],
      ['Reference', reference.source === 'dataset' ? h('code', {}, reference.uri) : sentence(reference.why)],
      ['Rows', `${figure(drift.rows.current)} against ${figure(drift.rows.reference)}`],
      [
        'Left out',
        result.other_versions_rows > 0
          ? `${figure(result.other_versions_rows)} rows of other versions`
          : null,
      ],
      ['Breach', result.breach ? chip(result.breach.reasons.join(' and '), 'bad') : null],
      ['Provisional', result.settled ? null : 'predictions of this window were still being written'],
    ),
    section('Drift', driftOf(drift, psiMax)),
    section('Performance', performanceOf(performance)),
  ];
}

function driftOf(drift: MonitorResult['drift'], psiMax: number): Child {
  if (drift.verdict === 'insufficient-data') return hint(sentence(drift.reason));
  const features = drift.features.toSorted((a, b) => psiOf(b) - psiOf(a));
  const rows = drift.score
    ? [{ ...drift.score, column: `${drift.score.column} (output)` }, ...features]
    : features;
  return [
    h(
      'p',
      {},
      chip(drift.verdict),
      ` ${percent(drift.drifted_share)} of the features drifted${drift.score?.verdict === 'drifted' ? ', and the output itself did' : ''}.`,
    ),
    table(
      'Drift by feature',
      [
        { title: 'Feature' },
        { title: 'Verdict' },
        { title: 'PSI', numeric: true },
        { title: '' },
        { title: 'Test' },
        { title: 'Statistic', numeric: true },
        { title: 'p', numeric: true },
        { title: 'Missing', numeric: true },
      ],
      rows.map((row) => columnCells(row, psiMax)),
    ),
    hint(
      `The line on each bar is the bound, a PSI of ${figure(psiMax)}; a bar ends at five times that. Missing: now / in the reference.`,
    ),
  ];
}

function columnCells(drift: ColumnDrift, psiMax: number): readonly Child[] {
  if (drift.verdict === 'not-comparable')
    return [drift.column, chip(drift.verdict), '—', '', drift.reason, '—', '—', '—'];
  return [
    drift.column,
    chip(drift.verdict),
    drift.psi.toFixed(4),
    bar(drift.psi, psiMax),
    drift.test === 'ks' ? h('abbr', { title: 'Kolmogorov–Smirnov' }, 'KS') : 'χ²',
    drift.statistic.toFixed(drift.test === 'ks' ? 4 : 1),
    drift.p_value < 1e-4 ? '< 0.0001' : drift.p_value.toFixed(4),
    `${figure(drift.missing.current)} / ${figure(drift.missing.reference)}`,
  ];
}

/** A PSI on a scale that ends at five times its bound. */
function bar(psi: number, psiMax: number): SVGElement {
  const width = Math.min(psi / (psiMax * 5), 1) * 100;
  return svg(
    'svg',
    {
      class: psi >= psiMax ? 'bar over' : 'bar',
      viewBox: '0 0 100 10',
      'aria-hidden': 'true',
      preserveAspectRatio: 'none',
    },
    svg('rect', { class: 'track', width: 100, height: 10 }),
    svg('rect', { width: width.toFixed(1), height: 10 }),
    svg('path', { d: 'M20 0V10' }),
  );
}

function performanceOf(performance: MonitorResult['performance']): Child {
  const labels = `${figure(performance.labelled)} (${percent(performance.coverage)} of the rows)`;
  if (performance.verdict === 'unknown')
    return [hint(sentence(performance.reason)), facts(['Labels', labels])];
  const { value, baseline, metric, standard_error: error } = performance;
  return [
    h('p', {}, chip(performance.verdict)),
    facts(
      [metric, percent(value)],
      ['A drop within chance', `up to ${percent(2 * error)}`],
      [
        'Baseline',
        `${percent(baseline.accuracy)} on ${figure(baseline.rows)} rows (${baseline.source.replaceAll('-', ' ')})`,
      ],
      ['Labels', labels],
    ),
  ];
}

function psiOf(drift: ColumnDrift): number {
  return drift.verdict === 'not-comparable' ? -1 : drift.psi;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
