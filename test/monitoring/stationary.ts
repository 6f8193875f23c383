import { alertState, type WindowVerdict } from '../../shared/alerts/state.ts';
import { outcomeOf } from '../../shared/outcomes/index.ts';
import { defaultSettings } from '../../shared/monitoring/defaults.ts';
import { featureDrift, predictionDrift } from '../../shared/monitoring/drift/drift.ts';
import { dataQuality } from '../../shared/monitoring/drift/quality.ts';
import { edgesOfSample, sampledSide, type Sides } from '../../shared/monitoring/drift/sides.ts';
import { learntOf } from '../../shared/monitoring/judge-performance.ts';
import { type Column, columnOf, type Sample } from '../../shared/monitoring/sample.ts';
import type { SignalName, SignalResult } from '../../shared/monitoring/signal.ts';
import {
  conceptDrift,
  type ConceptState,
  estimatedPerformance,
  latency,
  performance,
  traffic,
} from '../../shared/monitoring/signals/index.ts';
import {
  counts,
  hourMilliseconds,
  hourOf,
  normals,
  pastOf,
  start,
  twoClassRows,
  uniforms,
} from '../../shared/monitoring/signals/testing.ts';
import { latencyBucket } from '../../shared/summaries/index.ts';

/** Signals that watch a monitor against the reference of its version. */
export const watched = [
  'feature-drift',
  'prediction-drift',
  'data-quality',
  'performance',
  'estimated-performance',
  'concept-drift',
  'traffic',
  'latency',
] as const satisfies readonly SignalName[];

export type Watched = (typeof watched)[number];

/** How many windows had a verdict, how many of these were a breach, and how often an alert fired. */
export type Alarms = {
  checks: number;
  breached: number;
  fired: number;
  /** Breached items, by feature and metric. */
  readonly items: Map<string, number>;
};

const classes = { labels: ['no', 'yes'] };
const weekHours = 168;

/** Windows before the first that counts: as many as latency learns of. */
const learning = 10;

/**
 * Checks of traffic in which nothing changes, by the default settings: endpoints of a version with an evaluation set of
 * 1,000 rows each, and windows of a fresh draw of `rows` calls of one row, all of them labelled. Eight features: normal,
 * log-normal and evenly distributed numbers, counts, mostly zeros, numbers of which a tenth is missing, eight categories
 * and some hundreds, of which most are rare; the latency has a long tail.
 */
export function checkStationary(
  seed: number,
  { rows, endpoints, windows }: { rows: number; endpoints: number; windows: number },
): Map<Watched, Alarms> {
  const found = new Map(
    watched.map((name): [Watched, Alarms] => [
      name,
      { checks: 0, breached: 0, fired: 0, items: new Map<string, number>() },
    ]),
  );
  for (let endpoint = 0; endpoint < endpoints; endpoint++) {
    const results = endpointResults(seed + endpoint, rows, windows);
    for (const [name, alarms] of found) {
      const of = results.map((each) => each.get(name)).filter((each) => each !== undefined);
      tally(of, alarms);
    }
  }
  return found;
}

function tally(results: readonly SignalResult[], alarms: Alarms): void {
  const verdicts: WindowVerdict[] = [];
  let before = 'ok';
  for (const [n, { verdict, value, bounds, items }] of results.entries()) {
    if (verdict === 'insufficient-data') continue;
    alarms.checks++;
    if (verdict === 'breached') alarms.breached++;
    for (const item of items.filter((each) => each.verdict === 'breached')) {
      const name = `${item.name} ${item.metric}`;
      alarms.items.set(name, (alarms.items.get(name) ?? 0) + 1);
    }
    verdicts.push({ windowEnd: start + n * hourMilliseconds, verdict, value, bounds });
    const { state } = alertState(verdicts, defaultSettings.alerting);
    if (state === 'firing' && before !== 'firing') alarms.fired++;
    before = state;
  }
}

function endpointResults(seed: number, rows: number, windows: number): Map<Watched, SignalResult>[] {
  const draw = uniforms(seed);
  const [normal, count] = [normals(draw), counts(draw)];
  const { signals, minRows, minLabelled } = defaultSettings;
  const sampled = (size: number) => {
    const joined = twoClassRows(draw, size, { sharpness: 0.5 });
    const sample: Sample = {
      rows: size,
      features: featuresOf(draw, size),
      score: Float64Array.from(joined, ({ score }) => score ?? Number.NaN),
      classes: joined.map(({ predicted }) => predicted),
    };
    return { joined, sample };
  };
  const evaluation = sampled(1_000);
  const edges = edgesOfSample(evaluation.sample);
  const reference = { ...sampledSide(evaluation.sample, edges), sample: null };
  const { figures, calibrator = { why: '' } } = learntOf(
    outcomeOf(hourOf(0), 1_000, evaluation.joined),
    classes,
    minLabelled,
    'evaluation-set',
  );
  const called = () => {
    const calls = count(rows);
    return { calls, rows: calls, errors: Math.min(calls, count(0.005 * calls)) };
  };
  const weeks = Array.from({ length: weekHours }, () => Array.from({ length: 4 }, called));
  let state: ConceptState | null = null;
  const latencies: SignalResult[] = [];
  const found: Map<Watched, SignalResult>[] = [];
  for (let n = 0; n < learning + windows; n++) {
    const waited = new Map<number, number>();
    for (let call = 0; call < rows; call++) {
      const bucket = latencyBucket(20_000 * Math.exp(0.7 * normal()));
      waited.set(bucket, (waited.get(bucket) ?? 0) + 1);
    }
    const ofLatency = latency(
      { segment: '', latency: waited, minRows, past: pastOf(latencies) },
      signals.latency,
    );
    latencies.push(ofLatency);
    if (n < learning) continue;
    const { joined, sample } = sampled(rows);
    const sides: Sides = {
      edges,
      basis: 'profile',
      reference,
      current: { ...sampledSide(sample, edges), sample: null },
    };
    const outcome = outcomeOf(hourOf(n), rows, joined);
    const [from, to] = [start + n * hourMilliseconds, start + (n + 1) * hourMilliseconds];
    const concept = conceptDrift(
      { segment: '', from, to, errors: outcome.errors, errorsFrom: from, state, minLabelled },
      signals['concept-drift'],
    );
    ({ state } = concept);
    const drift = (signal: 'feature-drift' | 'prediction-drift') =>
      (signal === 'feature-drift' ? featureDrift : predictionDrift)(
        { signal, segment: '', sides },
        defaultSettings,
        signals[signal],
      ).result;
    found.push(
      new Map<Watched, SignalResult>([
        ['feature-drift', drift('feature-drift')],
        ['prediction-drift', drift('prediction-drift')],
        [
          'data-quality',
          dataQuality({ segment: '', sides }, defaultSettings, signals['data-quality']).result,
        ],
        [
          'performance',
          performance(
            { segment: '', outcome, classes: classes.labels, baseline: figures, minLabelled },
            signals.performance,
          ),
        ],
        [
          'estimated-performance',
          estimatedPerformance(
            { segment: '', scores: sides.current.profile.classes, calibrator, minRows },
            signals['estimated-performance'],
          ),
        ],
        ['concept-drift', concept.result],
        [
          'traffic',
          traffic(
            { segment: '', traffic: called(), weeks: weeks[n % weekHours] ?? [], days: [] },
            signals.traffic,
          ),
        ],
        ['latency', ofLatency],
      ]),
    );
  }
  return found;
}

function featuresOf(draw: () => number, rows: number): Map<string, Column> {
  const normal = normals(draw);
  const count = counts(draw);
  const of = <T>(cell: () => T) => Array.from({ length: rows }, cell);
  const columns: Record<string, (number | string | null)[]> = {
    normal: of(normal),
    'log-normal': of(() => Math.exp(normal())),
    even: of(draw),
    count: of(() => count(3)),
    zeros: of(() => (draw() < 0.9 ? 0 : draw())),
    gaps: of(() => (draw() < 0.1 ? null : normal())),
    kind: of(() => 'abcdefgh'[Math.floor(draw() ** 2 * 8)] ?? 'a'),
    // Zipf's law, near enough: the nth has a share of 1 / n of the first.
    city: of(() => `city ${Math.floor(500 ** draw())}`),
  };
  return new Map(Object.entries(columns).map(([name, cells]): [string, Column] => [name, columnOf(cells)]));
}
