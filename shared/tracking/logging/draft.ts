import { createHash } from 'node:crypto';
import { CairnError } from '../../http/index.ts';
import { columnsByKey, packed } from '../history/points.ts';
import type { Points } from '../history/store.ts';
import { storedValue } from '../metric-values.ts';
import type { MetricPoint, Run, RunChange } from '../model.ts';
import { runNameTag } from '../names.ts';
import { hasText, withTexts } from '../runs/texts.ts';
import { copyOf, textMap } from '../texts.ts';

type Latest = {
  readonly m: Record<string, number>;
  readonly mm: Record<string, readonly [step: number, timestamp: number]>;
  readonly mn: Record<string, true>;
};

/** A run that log calls change one after another before it is written. */
export class RunDraft {
  #run: Run;
  /** Copied once however many calls there are. */
  #latest: Latest | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  /** The run with all that was added; the very run it began with where nothing was new. */
  get run(): Run {
    return this.#run;
  }

  /** Adds what a call logs, and returns its metrics as a document. Throws for a param logged before with another value, and adds nothing then. */
  add(change: Required<RunChange>): Points | undefined {
    const params = newParams(this.#run, change);
    const last = textMap(change.tags);
    const tags = Object.entries(last)
      .map(([key, value]) => ({ key, value }))
      .filter((tag) => !hasText(this.#run, 'tags', tag));
    const run = withTexts(withTexts(this.#run, 'params', params), 'tags', tags);
    const name = last[runNameTag];
    this.#run = name && name !== run.name ? { ...run, name } : run;
    if (change.metrics.length === 0) return undefined;
    this.#addMetrics(change.metrics);
    return pointsOf(run, change);
  }

  #addMetrics(metrics: readonly MetricPoint[]): void {
    const [calls, points] = this.#run.logged ?? [0, 0];
    this.#latest ??= {
      m: copyOf(this.#run.m),
      mm: copyOf(this.#run.mm),
      mn: copyOf(this.#run.mn),
    };
    for (const point of metrics) keepLatest(this.#latest, point);
    this.#run = { ...this.#run, ...this.#latest, logged: [calls + 1, points + metrics.length] };
  }
}

/** The params a run does not have yet; one logged before with another value is refused, params being final. */
function newParams(run: Run, { params, single }: Required<RunChange>): RunChange['params'] & {} {
  const held = (key: string) => (Object.hasOwn(run.params, key) ? run.params[key] : undefined);
  const changed = params.filter((param) => held(param.key) !== undefined && !hasText(run, 'params', param));
  const [first] = changed;
  if (first && single)
    throw new CairnError(
      'invalid',
      `Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${held(first.key)}' for run ID='${run.runId}'. Attempted logging new value '${first.value}'.`,
      { field: 'value' },
    );
  if (first)
    throw new CairnError(
      'invalid',
      `Changing param values is not allowed. Params were already logged='${JSON.stringify(changed.map(({ key, value }) => ({ key, old_value: held(key), new_value: value })))}' for run ID='${run.runId}'.`,
      { field: 'params' },
    );
  return params.filter(({ key }) => held(key) === undefined);
}

/** Takes over a point that is later: the larger by (step, timestamp, value), NaN counting as 0. */
function keepLatest({ m, mm, mn }: Latest, { key, value, step, timestamp }: MetricPoint): void {
  const stored = storedValue(value);
  const held = mm[key];
  if (held && (held[0] - step || held[1] - timestamp || (m[key] ?? 0) - stored) > 0) return;
  m[key] = stored;
  mm[key] = [step, timestamp];
  if (Number.isNaN(value)) mn[key] = true;
  else delete mn[key];
}

/** A call's points as a document whose id stands for the whole call. */
function pointsOf(run: Run, { metrics, params, tags }: Required<RunChange>): Points {
  const call = [
    // JSON has no NaN and no infinities.
    metrics.map((p) => [
      p.key,
      String(p.value),
      p.timestamp,
      p.step,
      p.modelId,
      p.datasetName,
      p.datasetDigest,
    ]),
    params.map(({ key, value }) => [key, value]),
    tags.map(({ key, value }) => [key, value]),
  ];
  return {
    id: `points:${createHash('sha256').update(JSON.stringify(call)).digest('hex')}`,
    type: 'points',
    v: 1,
    workspace: run.workspace,
    experimentId: run.experimentId,
    runId: run.runId,
    series: [...columnsByKey(metrics)].map(([key, columns]) => ({ key, points: packed(columns) })),
  };
}
