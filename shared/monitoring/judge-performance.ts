import type { Context } from '../context.ts';
import { type Outcome, outcomesOf } from '../outcomes/index.ts';
import type { ColumnRules } from '../privacy/index.ts';
import type { ScoresByClass } from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import type { Judged } from './drift/drift.ts';
import { judged } from './judge-calls.ts';
import type { BaselineDocument } from './model.ts';
import type { Check } from './measure.ts';
import { evaluationOutcome } from './reference.ts';
import {
  conceptDrift,
  conceptErrorsFrom,
  type ConceptState,
  estimatedPerformance,
  fitCalibrator,
  performance,
  type PerformanceBaseline,
  performanceFigures,
} from './signals/index.ts';
import { readConceptState, writeConceptState } from './concept-store.ts';
import { fixedBaseline, readBaseline } from './store.ts';
import { isSettled, type Window } from './windows.ts';

/**
 * How good the labelled predictions of a window were, how good all of them are likely to be, and whether errors have begun
 * to come more often: each of the version, against what its evaluation set or its first labelled window gave.
 */
export async function judgePerformance(
  ctx: Context,
  check: Check,
  ready: VersionReady,
  rules: ColumnRules,
  scores: ScoresByClass,
): Promise<Judged[]> {
  const { monitor, window, pastOf } = check;
  const { signals, minLabelled, minRows } = monitor;
  const { digest, labels: classes } = ready;
  const found: Judged[] = [];
  const outcome = await outcomeIn(ctx, monitor.endpoint, window, digest);
  const learnt = await baseline(ctx, check, ready, rules, outcome);
  if (signals.performance.enabled)
    found.push(
      judged(
        performance(
          {
            segment: '',
            outcome: outcome ?? null,
            classes,
            baseline: learnt?.figures ?? null,
            minLabelled,
            past: pastOf('performance', ''),
          },
          signals.performance,
        ),
      ),
    );
  if (signals['estimated-performance'].enabled)
    found.push(
      judged(
        estimatedPerformance(
          {
            segment: '',
            scores,
            calibrator: learnt?.calibrator ?? { why: noCalibrator },
            minRows,
            past: pastOf('estimated-performance', ''),
          },
          signals['estimated-performance'],
        ),
      ),
    );
  if (signals['concept-drift'].enabled) found.push(await judgeConcept(ctx, check, digest));
  return found;
}

const noCalibrator =
  'The version names no evaluation set, and no window of it has had enough labels to calibrate its scores by.';

/** What the version is held against, fixed by whoever has enough labels first; computed of its evaluation set if it can be. */
async function baseline(
  ctx: Context,
  { monitor, window }: Check,
  ready: VersionReady,
  rules: ColumnRules,
  outcome: Outcome | undefined,
): Promise<Learnt | undefined> {
  const found = outcome && learntOf(outcome, ready, monitor.minLabelled, 'first-labelled-window');
  const isEnough = found !== undefined && found.figures.rows >= monitor.minLabelled;
  if (!isEnough && ready.evaluation === undefined)
    return (await readBaseline(ctx, monitor.monitorId, ready.digest))?.doc;
  return fixedBaseline(ctx, monitor.monitorId, ready.digest, async () => {
    const evaluated = await evaluationOutcome(ctx, ready, rules);
    const ofSet = evaluated && learntOf(evaluated, ready, monitor.minLabelled, 'evaluation-set');
    if (ofSet && ofSet.figures.rows > 0) return ofSet;
    return isEnough && isSettled(window, ctx.clock.now()) ? { ...found, window } : undefined;
  });
}

/** What is learnt of labelled rows of a version. */
type Learnt = Pick<BaselineDocument, 'figures' | 'calibrator'>;

export function learntOf(
  outcome: Outcome,
  { labels: classes }: { readonly labels: readonly string[] | null },
  minLabelled: number,
  source: PerformanceBaseline['source'],
): Learnt {
  return {
    figures: { ...performanceFigures(outcome, classes), source },
    calibrator: fitCalibrator(outcome, { source, classes, minLabelled }),
  };
}

/** Detectors go through errors in the order of windows; what they know is kept for the next window. */
async function judgeConcept(
  ctx: Context,
  { monitor, window, pastOf }: Check,
  digest: string,
): Promise<Judged> {
  const { endpoint, monitorId, minLabelled, signals } = monitor;
  const before = await readConceptState(ctx, { endpoint, monitorId, digest });
  const state: ConceptState | null = before?.state ?? null;
  const errorsFrom = conceptErrorsFrom(state, window.from);
  const { outcomes } = await outcomesOf(ctx, endpoint, { from: errorsFrom, to: window.to }, { isCut: true });
  const { result, state: after } = conceptDrift(
    {
      segment: '',
      ...window,
      errors: outcomes.get(digest)?.errors ?? [],
      errorsFrom,
      state,
      minLabelled,
      past: pastOf('concept-drift', ''),
    },
    signals['concept-drift'],
  );
  // A window within an hour would have the rest of the hour taken for changed.
  const isWhole = window.from % hour === 0 && window.to % hour === 0 && isSettled(window, ctx.clock.now());
  if (after && isWhole && JSON.stringify(after) !== JSON.stringify(state))
    await writeConceptState(ctx, { endpoint, monitorId, digest }, after, before?.etag);
  return judged(result);
}

const hour = 3_600_000;

/** What turned out of the predictions of a version in a window. */
export async function outcomeIn(
  ctx: Context,
  endpoint: string,
  window: Window,
  digest: string,
): Promise<Outcome | undefined> {
  return (await outcomesOf(ctx, endpoint, window, { isCut: true })).outcomes.get(digest);
}
