import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { isCode } from '../../http/index.ts';
import { withoutSecrets } from '../../secrets/index.ts';
import { contended, jitter, swapTries } from '../../swap.ts';
import { type FoldMessage, isFoldDue } from '../history/fold.ts';
import type { Points } from '../history/store.ts';
import { runPartition } from '../ids.ts';
import { jointWriters } from '../../joint.ts';
import { checkedChange, checkRunId } from '../limits.ts';
import { logModelMetrics } from '../logged-models/metrics.ts';
import type { Run, RunChange } from '../model.ts';
import { keepTexts } from '../runs/overflow.ts';
import { checkActive, readActiveRun } from '../runs/runs.ts';
import { checkSize, runTooLarge } from '../runs/size.ts';
import { longTexts } from '../texts.ts';
import { RunDraft } from './draft.ts';

/** Bounds of one joint write, well inside a batch's 100 operations and 2 MB. */
const callsPerBatchMax = 40;
const pointsPerBatchMax = 4000;

type Call = {
  readonly ctx: Context;
  readonly change: Required<RunChange>;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
  /** Whether all that must be there before the run refers to it is there. */
  prepared: boolean;
};

const join = jointWriters<Call>();

/**
 * Logs metrics, params and tags to a run, all or nothing. Calls that meet in this process share one
 * conditional write, each judged alone. A call that was applied before is known by its points; where these
 * have been folded, or where it has none, it is applied again, which changes nothing: history is a set, the
 * latest point stays the latest, and a param or tag has its value. Throws `not-found` for an unknown run,
 * `invalid` for a deleted one and for what may not be logged, `too-large` where the run would be.
 */
export async function logToRun(ctx: Context, runId: string, change: RunChange): Promise<void> {
  if (!change.single) checkRunId(runId);
  const checked = checkedChange({
    ...change,
    params: withoutSecrets(ctx, 'params', change.params ?? []),
    tags: withoutSecrets(ctx, 'tags', change.tags ?? []),
  });
  return new Promise((done, fail) => {
    const call: Call = { ctx, change: checked, done, fail, prepared: false };
    join(ctx.stores, `${ctx.workspace}/${runId}`, call, () => {
      // Between the writes of one process the run itself need not be read again.
      let known: Stored<Run> | undefined;
      return async (waiting) => {
        known = await answer(runId, takeJoint(waiting), known);
      };
    });
  });
}

/** Answers calls, all of them, and returns the run as it then stands, where that is known. */
async function answer(
  runId: string,
  calls: readonly Call[],
  known: Stored<Run> | undefined,
): Promise<Stored<Run> | undefined> {
  try {
    return await commit(runId, calls, known);
  } catch (error) {
    const isTooLarge = isCode(error, 'too-large');
    if (isTooLarge && calls.length > 1) {
      // Each for itself, so that only those are refused that are too large.
      let current: Stored<Run> | undefined;
      for (const call of calls) current = await answer(runId, [call], current);
      return current;
    }
    for (const call of calls) call.fail(isTooLarge ? runTooLarge(runId, error) : error);
    return undefined;
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

/** Writes the calls as one batch; returns the run as it then stands. Where it throws, calls are left without an answer. */
async function commit(
  runId: string,
  all: readonly Call[],
  known: Stored<Run> | undefined,
): Promise<Stored<Run> | undefined> {
  let calls = [...all];
  let current = known;
  for (let attempt = 0; attempt < swapTries; ) {
    const [first] = calls;
    if (!first) return current;
    const { ctx } = first;
    const isFresh = current === undefined;
    current = (current && (await activeStill(ctx, current))) ?? (await readActiveRun(ctx, runId));
    const judged = judge(current.doc, calls);
    if (judged.refused.length > 0 && !isFresh) {
      // What refuses them may be out of date.
      current = undefined;
      continue;
    }
    for (const { call, error } of judged.refused) call.fail(error);
    calls = judged.accepted.map(({ call }) => call);
    const ready = await prepareAll(current.doc, calls);
    if (ready.length < calls.length) {
      calls = ready;
      continue;
    }
    const written = await write(ctx, current, judged);
    switch (written.outcome) {
      case 'applied':
        for (const call of calls) call.done();
        askToFold(ctx, current.doc, judged.run);
        return written.stored;
      case 'repeated':
        written.call?.done();
        calls = calls.filter((call) => call !== written.call);
        break;
      case 'lost':
        current = undefined;
        await jitter(ctx, attempt++);
    }
  }
  throw contended(`Run ${runId}`);
}

type Written =
  | { readonly outcome: 'applied'; readonly stored: Stored<Run> }
  /** The points of this call are stored, hence all of the call was. */
  | { readonly outcome: 'repeated'; readonly call: Call | undefined }
  | { readonly outcome: 'lost' };

/** Writes the run with the points of the calls that changed it, if it is as it was read. */
async function write(ctx: Context, { doc, etag }: Stored<Run>, { run, accepted }: Judged): Promise<Written> {
  if (run === doc) return { outcome: 'applied', stored: { doc, etag } };
  checkSize(run);
  const withPoints = accepted.filter(({ points }) => points !== undefined);
  const creates = accepted.flatMap(({ points }): Write[] => (points ? [{ op: 'create', doc: points }] : []));
  const result = await ctx.stores
    .documents('runs')
    .batch(runPartition(doc), [{ op: 'replace', doc: run, etag }, ...creates]);
  switch (result.outcome) {
    case 'applied':
      return { outcome: 'applied', stored: { doc: run, etag: result.etags[0] ?? '' } };
    case 'exists':
      return { outcome: 'repeated', call: withPoints[result.at - 1]?.call };
    case 'missing':
    case 'changed':
      return { outcome: 'lost' };
  }
}

/** The run as it is known, unless that may no longer be written to: it is read again then, before anybody is refused. */
async function activeStill(ctx: Context, known: Stored<Run>): Promise<Stored<Run> | undefined> {
  try {
    await checkActive(ctx, known.doc);
    return known;
  } catch (error) {
    if (isCode(error, 'invalid', 'not-found')) return undefined;
    throw error;
  }
}

type Judged = {
  /** The very run it began with where no call changes it. */
  readonly run: Run;
  readonly accepted: readonly { readonly call: Call; readonly points?: Points }[];
  readonly refused: readonly { readonly call: Call; readonly error: unknown }[];
};

/** Applies each call in turn, leaving out those that may not be. */
function judge(run: Run, calls: readonly Call[]): Judged {
  const accepted: Judged['accepted'][number][] = [];
  const refused: Judged['refused'][number][] = [];
  const draft = new RunDraft(run);
  const ids = new Set<string>();
  for (const call of calls)
    try {
      const points = draft.add(call.change);
      // The same call twice in one batch shares its document.
      accepted.push(points && !ids.has(points.id) ? { call, points } : { call });
      if (points) ids.add(points.id);
    } catch (error) {
      refused.push({ call, error });
    }
  return { run: draft.run, accepted, refused };
}

/** Brings about what must be there before the run is written. Calls where this fails are refused; returns the others. */
async function prepareAll(run: Run, calls: readonly Call[]): Promise<Call[]> {
  const ready = await Promise.all(
    calls.map(async (call) => {
      try {
        if (!call.prepared) await prepare(run, call);
        call.prepared = true;
        return [call];
      } catch (error) {
        call.fail(error);
        return [];
      }
    }),
  );
  return ready.flat();
}

async function prepare(run: Run, { ctx, change: { metrics, params, tags } }: Call): Promise<void> {
  const texts = longTexts([...params, ...tags]);
  const ofModels = metrics.flatMap((point) => (point.modelId ? [{ ...point, modelId: point.modelId }] : []));
  if (texts.length > 0) await keepTexts(ctx, run, texts);
  if (ofModels.length > 0) await logModelMetrics(ctx, run.runId, ofModels);
}

/** Has a run folded that has become due. It does not wait: what is lost here comes with a later call, or the run's end. */
function askToFold(ctx: Context, before: Run, { runId, logged }: Run): void {
  if (!logged || !isFoldDue(runId, before.logged ?? [0, 0], logged)) return;
  const message: FoldMessage = { kind: 'fold-run', runId };
  ctx.stores.queues
    .send(ctx, 'work', message)
    .catch((error: unknown) =>
      ctx.log.warn('folding left to a later call', { runId, reason: String(error) }),
    );
}
