import type { Context } from '../context.ts';
import { type Endpoint, rulesOf } from '../endpoints/index.ts';
import { countedWindow } from '../predictions/index.ts';
import type { ColumnRules } from '../privacy/index.ts';
import {
  countScores,
  edgesFor,
  type EdgeSet,
  type Segmentation,
  segmentationOf,
  segmentNames,
  segmentsOf,
  type ScoresByClass,
} from '../profiles/index.ts';
import { getReady, getVersion, type VersionReady } from '../registry/index.ts';
import { dataQuality } from './drift/quality.ts';
import { featureDrift, heatOf, type Judged, predictionDrift } from './drift/drift.ts';
import type { Sides } from './drift/sides.ts';
import type { Answered } from './answered.ts';
import { judgeCalls } from './judge-calls.ts';
import { judgePerformance } from './judge-performance.ts';
import type { AnsweringVersion, Monitor, MonitorResult } from './model.ts';
import { type Reference, sidesOf, versionReference, windowReference } from './references.ts';
import type { SignalName } from './signal.ts';
import { insufficient, type PastWindow } from './signals/index.ts';
import { windowSample } from './window-sample.ts';
import type { Window } from './windows.ts';

/** What the signals say of a window, with all their items. */
export type Measured = Pick<MonitorResult, 'reference' | 'rows' | 'heat'> & {
  readonly judged: readonly Judged[];
};

export type Check = {
  readonly monitor: Monitor;
  readonly endpoint: Endpoint;
  readonly window: Window;
  /** Earlier results by signal and segment, for bounds that are learnt. */
  readonly pastOf: (signal: SignalName, segment: string) => readonly PastWindow[];
};

type Version = {
  readonly ready: VersionReady;
  readonly edges: EdgeSet | undefined;
  readonly rules: ColumnRules;
  readonly since: number;
};

/** Holds a window against its reference and its labels. */
export async function measure(ctx: Context, check: Check, { model }: Answered): Promise<Measured> {
  if (!model) return nothingAnswered(ctx, check);
  const { monitor, window } = check;
  const version = await versionOf(ctx, check, model);
  const split = await splitOf(ctx, monitor);
  const asked = { monitor, split, ...version };
  const isOwn = monitor.reference.kind === 'version';
  const reference = await (isOwn ? versionReference(ctx, asked) : windowReference(ctx, asked, window));
  const judged: Judged[] = [];
  const whole = await compareAll(ctx, check, version, reference, split, judged);
  if (!isOwn && monitor.signals.skew.enabled) {
    const training = await versionReference(ctx, asked);
    await compareAll(ctx, check, version, training, undefined, judged, 'skew');
  }
  judged.push(...(await judgePerformance(ctx, check, version.ready, version.rules, whole.scores)));
  judged.push(...(await judgeCalls(ctx, check)));
  const heat = judged.find(({ result }) => result.signal === 'feature-drift' && result.segment === '');
  const ofHeat = heat && heatOf(heat);
  return {
    reference: reference.source,
    rows: { reference: whole.reference, current: whole.current },
    judged,
    ...(ofHeat ? { heat: ofHeat } : {}),
  };
}

async function versionOf(ctx: Context, { endpoint }: Check, model: AnsweringVersion): Promise<Version> {
  const { modelId, version } = model;
  const ready = await getReady(ctx, modelId, version);
  const { createdAt } = await getVersion(ctx, modelId, version);
  const rules = await rulesOf(ctx, endpoint, { modelId, stable: model });
  const edges = await edgesFor(ctx, { modelId, version });
  return { ready, edges, rules, since: Math.max(createdAt, endpoint.createdAt) };
}

/** The split that the monitor asked for, once the endpoint has it. */
async function splitOf(ctx: Context, { endpoint, segments }: Monitor): Promise<Segmentation | undefined> {
  if (!segments) return undefined;
  const split = await segmentsOf(ctx, endpoint);
  return split?.column === segments.column ? split : segmentationOf(segments);
}

/** The comparisons of all rows and of each segment; says how many rows were compared, and their scores. */
async function compareAll(
  ctx: Context,
  { monitor, window, pastOf }: Check,
  { ready, edges }: Version,
  reference: Reference,
  split: Segmentation | undefined,
  judged: Judged[],
  only?: 'skew',
): Promise<{ reference: number; current: number; scores: ScoresByClass }> {
  const { endpoint } = monitor;
  const names = [
    ...(edges?.features.map(({ name }) => name) ?? []),
    ...(reference.rows?.sample.features.keys() ?? []),
  ];
  const sample = await windowSample(ctx, endpoint, window, ready, { names, after: reference.until });
  const counted = async (segment: string) =>
    (await countedWindow(ctx, endpoint, window, { segment })).profiles.get(ready.digest);
  const current = { sample, counted };
  const compared = {
    reference: 0,
    current: sample.rows,
    scores: countScores(sample.classes ?? [], sample.score ?? []),
  };
  for (const segment of ['', ...segmentsWatched(monitor, split)]) {
    const sides = await sidesOf(reference, current, edges, segment, split);
    if (segment === '' && !('why' in sides))
      Object.assign(compared, {
        reference: sides.reference.rows,
        current: sides.current.rows,
        scores: sides.current.profile.classes,
      });
    judged.push(...compare(monitor, sides, segment, pastOf, only));
  }
  return compared;
}

function segmentsWatched({ segments }: Monitor, split: Segmentation | undefined): string[] {
  if (!segments || !split) return [];
  const watched = new Set(segmentNames(segmentationOf(segments)));
  // The rows of no named value are others to each monitor, and are watched as all rows are.
  return segmentNames(split).filter((name) => name !== '*' && watched.has(name));
}

function compare(
  monitor: Monitor,
  sides: Sides | { readonly why: string },
  segment: string,
  pastOf: Check['pastOf'],
  only?: 'skew',
): Judged[] {
  const { signals } = monitor;
  const found: Judged[] = [];
  const metrics = {
    'feature-drift': 'drifted-share',
    'prediction-drift': 'psi',
    'data-quality': 'breached-items',
    skew: 'drifted-share',
  } as const;
  for (const signal of only
    ? ([only] as const)
    : (['feature-drift', 'prediction-drift', 'data-quality'] as const)) {
    const setting = signals[signal];
    if (!setting.enabled) continue;
    const past = pastOf(signal, segment);
    if ('why' in sides)
      found.push({
        result: insufficient({ signal, segment, metric: metrics[signal] }, setting, sides.why),
        details: [],
      });
    else if (signal === 'data-quality') found.push(dataQuality({ segment, sides, past }, monitor, setting));
    else if (signal === 'prediction-drift')
      found.push(predictionDrift({ signal, segment, sides, past }, monitor, setting));
    else found.push(featureDrift({ signal, segment, sides, past }, monitor, setting));
  }
  return found;
}

async function nothingAnswered(ctx: Context, check: Check): Promise<Measured> {
  const { monitor, pastOf } = check;
  const why = 'The window has no predictions.';
  const judged = compare(monitor, { why }, '', pastOf);
  for (const [signal, metric] of [
    ['performance', 'accuracy'],
    ['estimated-performance', 'accuracy'],
    ['concept-drift', 'drifts'],
  ] as const) {
    const setting = monitor.signals[signal];
    if (setting.enabled)
      judged.push({ result: insufficient({ signal, segment: '', metric }, setting, why), details: [] });
  }
  // That no call came is what traffic is about.
  judged.push(...(await judgeCalls(ctx, check)));
  return { reference: { source: 'none', why }, rows: { reference: 0, current: 0 }, judged };
}
