import { createHash } from 'node:crypto';
import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import { contended, jitter, swapTries } from '../swap.ts';
import { checkedChange } from './limits.ts';
import type { MetricPoint, Points, Run, RunChange } from './model.ts';
import { checkActive, entries, readRun, runNameTag, textMap } from './runs.ts';

/** Bounds of one joint write, well inside a batch's 100 operations and 2 MB. */
const callsPerBatchMax = 40;
const pointsPerBatchMax = 4000;

type Call = {
  readonly ctx: Context;
  readonly change: Required<RunChange>;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
};

/** Calls that wait for their run's writer, by the stores they write to and the run. */
const writers = new WeakMap<object, Map<string, Call[]>>();

/**
 * Logs metrics, params and tags to a run, all or nothing. Calls that meet in this process share one
 * conditional write, each judged alone; a call that was applied before is known by its points' id.
 */
export function logToRun(ctx: Context, runId: string, change: RunChange): Promise<void> {
  const checked = checkedChange(change);
  let runs = writers.get(ctx.stores);
  if (!runs) writers.set(ctx.stores, (runs = new Map()));
  const waiting = runs.get(runId);
  return new Promise((done, fail) => {
    const call: Call = { ctx, change: checked, done, fail };
    if (waiting) waiting.push(call);
    else {
      const calls = [call];
      runs.set(runId, calls);
      void write(runId, calls).finally(() => runs.delete(runId));
    }
  });
}

/** Serves one run's calls until none waits. Between writes of one process the run need not be read again. */
async function write(runId: string, waiting: Call[]): Promise<void> {
  let known: Stored<Run> | undefined;
  while (waiting.length > 0) {
    const calls = takeJoint(waiting);
    try {
      known = await commit(runId, calls, known);
    } catch (error) {
      known = undefined;
      for (const call of calls) call.fail(error);
    }
  }
}

function takeJoint(waiting: Call[]): Call[] {
  let points = 0;
  const count = waiting.findIndex(
    ({ change }, i) =>
      i === callsPerBatchMax || ((points += change.metrics.length) > pointsPerBatchMax && i > 0),
  );
  return waiting.splice(0, count < 0 ? waiting.length : count);
}

/** Writes the calls as one batch; returns the run as it then stands. Every call has been answered afterwards. */
async function commit(
  runId: string,
  all: readonly Call[],
  known: Stored<Run> | undefined,
): Promise<Stored<Run> | undefined> {
  let calls = [...all];
  let current = known;
  for (let attempt = 0; attempt < swapTries; ) {
    const first = calls[0];
    if (!first) return current;
    const fresh = current === undefined;
    current ??= await readRun(first.ctx, runId);
    const { doc, etag } = current;
    const judged = judge(doc, calls);
    if (judged.refused.length > 0 && !fresh) {
      // What refuses them may be out of date.
      current = undefined;
      continue;
    }
    for (const { call, error } of judged.refused) call.fail(error);
    calls = judged.accepted.map(({ call }) => call);
    if (judged.run === doc) {
      for (const call of calls) call.done();
      return current;
    }
    const points = judged.accepted.flatMap(({ call, points: p }) => (p ? [{ call, doc: p }] : []));
    const creates = points.map(({ doc: p }): Write => ({ op: 'create', doc: p }));
    const writes: Write[] = [{ op: 'replace', doc: judged.run, etag }, ...creates];
    const result = await first.ctx.stores.documents('runs').batch([doc.experimentId, runId], writes);
    switch (result.outcome) {
      case 'applied':
        for (const call of calls) call.done();
        return { doc: judged.run, etag: result.etags[0] ?? '' };
      case 'exists': {
        // This call's points are stored, hence all of the call was: it is a repetition.
        const repeated = points[result.at - 1]?.call;
        repeated?.done();
        calls = calls.filter((call) => call !== repeated);
        break;
      }
      case 'missing':
      case 'changed':
        current = undefined;
        await jitter(first.ctx, attempt++);
        break;
    }
  }
  for (const call of calls) call.fail(contended(`Run ${runId}`));
  return undefined;
}

/** Applies each call in turn, leaving out those that may not be. Equal runs stay identical. */
function judge(run: Run, calls: readonly Call[]) {
  const accepted: { call: Call; points?: Points }[] = [];
  const refused: { call: Call; error: unknown }[] = [];
  let next = run;
  const ids = new Set<string>();
  for (const call of calls)
    try {
      if (run.workspace !== call.ctx.workspace)
        throw new CairnError('not-found', `Run with id=${run.runId} not found`, { field: 'run_id' });
      checkActive(run);
      next = apply(next, call.change);
      const points = call.change.metrics.length > 0 ? pointsOf(run, call.change) : undefined;
      // The same call twice in one batch shares its document.
      accepted.push(points && !ids.has(points.id) ? { call, points } : { call });
      if (points) ids.add(points.id);
    } catch (error) {
      refused.push({ call, error });
    }
  return { run: next, accepted, refused };
}

function apply(run: Run, { params, tags, metrics }: Required<RunChange>): Run {
  const added = newParams(run, params);
  const changedTags = tags.filter(({ key, value }) => run.tags[key] !== value);
  if (added.length === 0 && changedTags.length === 0 && metrics.length === 0) return run;
  const name = changedTags.findLast(({ key }) => key === runNameTag)?.value;
  return {
    ...run,
    ...(added.length > 0 ? { params: textMap([...entries(run.params), ...added]) } : {}),
    ...(changedTags.length > 0 ? { tags: textMap([...entries(run.tags), ...changedTags]) } : {}),
    ...(name ? { name } : {}),
    ...(metrics.length > 0 ? latest(run, metrics) : {}),
  };
}

/** The params a run does not have yet; one logged before with another value is refused, params being final. */
function newParams(run: Run, params: Required<RunChange>['params']) {
  const known = (key: string) => (Object.hasOwn(run.params, key) ? run.params[key] : undefined);
  const changed = params.filter(({ key, value }) => known(key) !== undefined && known(key) !== value);
  const [first] = changed;
  if (first && params.length === 1)
    throw new CairnError(
      'invalid',
      `Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${known(first.key)}' for run ID='${run.runId}'. Attempted logging new value '${first.value}'.`,
      { field: 'value' },
    );
  if (first)
    throw new CairnError(
      'invalid',
      `Changing param values is not allowed. Params were already logged='${JSON.stringify(changed.map(({ key, value }) => ({ key, old_value: known(key), new_value: value })))}' for run ID='${run.runId}'.`,
      { field: 'params' },
    );
  return params.filter(({ key }) => known(key) === undefined);
}

/** Latest values after `points`: the largest by (step, timestamp, value), NaN counting as 0 there. */
function latest(run: Run, points: readonly MetricPoint[]): Pick<Run, 'm' | 'mm' | 'mn'> {
  const m = Object.assign(Object.create(null) as Record<string, number>, run.m);
  const mm = Object.assign(Object.create(null) as Record<string, readonly [number, number]>, run.mm);
  const mn = Object.assign(Object.create(null) as Record<string, true>, run.mn);
  for (const { key, value, step, timestamp } of points) {
    const stored = searchable(value);
    const held = mm[key];
    if (held && (held[0] - step || held[1] - timestamp || (m[key] ?? 0) - stored) > 0) continue;
    m[key] = stored;
    mm[key] = [step, timestamp];
    if (Number.isNaN(value)) mn[key] = true;
    else delete mn[key];
  }
  return { m, mm, mn };
}

/** A value as JSON and the index can hold it. */
function searchable(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

function pointsOf(run: Run, { metrics, params, tags }: Required<RunChange>): Points {
  const columns = {
    keys: metrics.map((p) => p.key),
    values: metrics.map((p) =>
      Number.isFinite(p.value) ? p.value : (String(p.value) as 'NaN' | 'Infinity' | '-Infinity'),
    ),
    timestamps: metrics.map((p) => p.timestamp),
    steps: metrics.map((p) => p.step),
  };
  return {
    id: `points:${createHash('sha256')
      .update(JSON.stringify([columns, params, tags]))
      .digest('hex')}`,
    type: 'points',
    v: 1,
    workspace: run.workspace,
    experimentId: run.experimentId,
    runId: run.runId,
    ...columns,
  };
}
