/** A check of a day from what was counted, in a process of its own: reads, adds up and judges. */
import type { Context } from '../shared/context.ts';
import {
  conceptDrift,
  estimatedPerformance,
  fitCalibrator,
  latency,
  latencyOf,
  performance as judgePerformance,
  type PerformanceBaseline,
  performanceFigures,
  traffic,
  trafficOf,
} from '../shared/monitoring/signals/index.ts';
import { profileDrift } from '../shared/monitoring/profile-drift.ts';
import { decodeOutcomes } from '../shared/outcomes/codec.ts';
import type { Outcome } from '../shared/outcomes/index.ts';
import { mergeOutcomes } from '../shared/outcomes/outcome.ts';
import { windowProfile } from '../shared/predictions/index.ts';
import { readProfile } from '../shared/profiles/index.ts';
import { emptyTally, latencyBucket, type Summary } from '../shared/summaries/index.ts';
import { openContext, testEnvironment } from '../test/support/context.ts';

export const endpoint = 'bench';
export const digest = `sha256:${'0'.repeat(64)}`;
export const hours = 24;
export const hourMilliseconds = 3_600_000;
/** Not at midnight: a whole day would be one file. */
export const start = Date.UTC(2026, 0, 2, 6);
export const referenceName = (ctx: Context): string => `${ctx.workspace}/${endpoint}/reference.profile`;
export const outcomesName = (ctx: Context, i: number): string =>
  `${ctx.workspace}/${endpoint}/bench/${i}.outcomes`;

export type CheckCost = {
  /** By the clock, the first time. */
  readonly seconds: number;
  /** Of processor time, the first and a second time. */
  readonly processor: number;
  readonly again: number;
  readonly peakMb: number;
  /** Seconds of processor time by step. */
  readonly steps: Readonly<Record<string, number>>;
};

const setting = { enabled: true, severity: 'warning', thresholds: {} } as const;
const thresholds = { psi: 0.2, pValue: 0.01, driftedShare: 0.3 };

/** What a monitor keeps of a version from the first window on. */
type Kept = {
  readonly baseline: PerformanceBaseline;
  readonly calibrator: ReturnType<typeof fitCalibrator>;
};

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function check(ctx: Context, kept: Kept): Promise<Record<string, number>> {
  const steps: Record<string, number> = {};
  let began = processorSeconds();
  const took = (step: string) => {
    const now = processorSeconds();
    steps[step] = now - began;
    began = now;
  };
  const { profiles } = await windowProfile(ctx, endpoint, window);
  const reference = await readProfile(ctx, referenceName(ctx));
  const current = profiles.get(digest);
  if (!current || !reference) throw new Error('The profiles of the bench are not there.');
  took('profiles read and added');
  const read = Array.from({ length: hours }, (_, i) => outcomeOfHour(ctx, i));
  const outcome = (await Promise.all(read)).reduce(mergeOutcomes);
  took('outcomes of all rows read and added');
  const drift = profileDrift(reference, current, { minRows: 200, thresholds });
  took('drift of all features');
  const verdicts = [drift.verdict, ...judged(outcome, current.classes, kept)];
  if (verdicts.includes('insufficient-data')) throw new Error(`The check said ${verdicts.join(', ')}.`);
  took('signals');
  return steps;
}

async function outcomeOfHour(ctx: Context, i: number): Promise<Outcome> {
  const bytes = await ctx.stores.blobs('profiles').read(outcomesName(ctx, i));
  const outcome = bytes && decodeOutcomes(bytes).byDigest.get(digest);
  if (!outcome) throw new Error('The outcomes of the bench are not there.');
  return outcome;
}

async function keptOf(ctx: Context): Promise<Kept> {
  const first = await outcomeOfHour(ctx, 0);
  const source = 'first-labelled-window';
  return {
    baseline: { ...performanceFigures(first, classes), source },
    calibrator: fitCalibrator(first, { source, classes, minLabelled: 100 }),
  };
}

const classes = ['no', 'yes'];
const window = { from: start, to: start + hours * hourMilliseconds };

function judged(
  outcome: Outcome,
  scores: Parameters<typeof estimatedPerformance>[0]['scores'],
  { baseline, calibrator }: Kept,
): string[] {
  const summaries = Array.from(
    { length: hours },
    (_, i): Summary => ({
      ...emptyTally(
        { deployment: 'main', variant: 'stable', version: 1, digest },
        start + i * hourMilliseconds,
      ),
      calls: { '2xx': 40_000, '4xx': 3, '429': 0, '500': 2, '504': 0 },
      rows: 40_000,
      latency: new Map(Array.from({ length: 200 }, (__, at) => [latencyBucket(500 * (at + 1)), 200])),
    }),
  );
  const ofCalls = trafficOf(summaries);
  const past = Array.from({ length: 10 }, (_, i) => ({
    windowEnd: i,
    result: latency({ segment: '', latency: latencyOf(summaries), minRows: 200 }, setting),
  }));
  const common = { segment: '', minLabelled: 100, minRows: 200 };
  return [
    judgePerformance({ ...common, outcome, classes, baseline }, setting),
    estimatedPerformance({ ...common, scores, calibrator }, setting),
    conceptDrift(
      { ...common, ...window, errors: outcome.errors, errorsFrom: window.from, state: null },
      setting,
    ).result,
    traffic({ ...common, traffic: ofCalls, weeks: [ofCalls, ofCalls, ofCalls], days: [] }, setting),
    latency({ ...common, latency: latencyOf(summaries), past }, setting),
  ].map(({ verdict }) => verdict);
}

const [, file, connectionString] = process.argv;
if (file === import.meta.filename && connectionString !== undefined) {
  const opened = await openContext({ ...process.env, ...testEnvironment(connectionString) });
  const ctx: Context = { ...opened, clock: { now: () => start + 48 * hourMilliseconds } };
  // This opens the connection, which an instance has, as well.
  const kept = await keptOf(ctx);
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const steps = await check(ctx, kept);
  const seconds = (performance.now() - began) / 1_000;
  const peakMb = (process.resourceUsage().maxRSS * 1_024 - before) / 2 ** 20;
  const sum = (of: Record<string, number>) => Object.values(of).reduce((all, each) => all + each, 0);
  const again = sum(await check(ctx, kept));
  const cost: CheckCost = { seconds, processor: sum(steps), again, peakMb, steps };
  process.send?.(cost, () => process.exit(0));
}
