import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { relay } from '../../events/index.ts';
import { CairnError } from '../../http/index.ts';
import { textWithoutSecrets } from '../../secrets/index.ts';
import { lost, swap } from '../../swap.ts';
import { runPartition, unknownRun } from '../ids.ts';
import { charsMax, cut } from '../limits.ts';
import type { LifecycleStage, Run, RunStatus } from '../model.ts';
import { runNameTag } from '../names.ts';
import { longTexts } from '../texts.ts';
import { keepTexts } from './overflow.ts';
import { experimentOf, lifecycleOf, readActiveRun, readRun, type RunEvent, runEvent } from './runs.ts';
import { withoutTag, withTexts } from './texts.ts';

export type RunUpdate = {
  readonly status?: RunStatus | undefined;
  readonly endTime?: number | undefined;
  readonly name?: string | undefined;
};

/** Changes status, end time or name of an active run; a new name is mirrored in its tag. */
export async function updateRun(ctx: Context, runId: string, update: RunUpdate): Promise<Run> {
  const { status, endTime } = update;
  const name = update.name && cut(textWithoutSecrets(ctx, 'run_name', update.name), charsMax.tag);
  const run = await changeRun(ctx, runId, async (before) => {
    const tags = name ? [{ key: runNameTag, value: name }] : [];
    const next: Run = {
      ...withTexts(before, 'tags', tags),
      ...(status === undefined ? {} : { status }),
      ...(endTime === undefined ? {} : { endTime }),
      ...(name ? { name } : {}),
    };
    if (isDeepStrictEqual(next, before)) return before;
    await keepTexts(ctx, before, longTexts(tags));
    return next;
  });
  // It may be its experiment alone that makes it active.
  return { ...run, lifecycle: { ...run.lifecycle, stage: 'active' } };
}

/** Removes a tag from an active run. Throws `not-found` where it has none of that key. */
export async function deleteRunTag(ctx: Context, runId: string, key: string): Promise<void> {
  await changeRun(ctx, runId, (run) => {
    if (Object.hasOwn(run.tags, key)) return Promise.resolve(withoutTag(run, key));
    throw new CairnError('not-found', `No tag with name: ${key} in run with id ${runId}`, { field: 'key' });
  });
}

/** Deletes a run until it is restored or purged; deleting it again changes nothing. */
export function deleteRun(ctx: Context, runId: string): Promise<void> {
  return moveTo(ctx, runId, 'deleted');
}

/** Restores a run; restoring one that is active changes nothing. */
export function restoreRun(ctx: Context, runId: string): Promise<void> {
  return moveTo(ctx, runId, 'active');
}

/**
 * Replaces an active run by what `decide` makes of it; the same object again changes nothing. `happens` is
 * what a change is announced as; a change to a final status always is.
 */
export function changeRun(
  ctx: Context,
  runId: string,
  decide: (run: Run) => Promise<Run>,
  happens?: RunEvent,
): Promise<Run> {
  return swap(ctx, `Run ${runId}`, async () => {
    const stored = await readActiveRun(ctx, runId);
    const next = await decide(stored.doc);
    if (next === stored.doc) return next;
    const finished = next.status !== stored.doc.status && isFinal(next.status);
    return write(ctx, stored, next, finished ? 'run.finished' : happens);
  });
}

async function moveTo(ctx: Context, runId: string, stage: LifecycleStage): Promise<void> {
  await swap(ctx, `Run ${runId}`, async () => {
    const [stored, experiment] = await Promise.all([readRun(ctx, runId), experimentOf(ctx, runId)]);
    if (lifecycleOf(stored.doc, experiment).stage === stage) return undefined;
    // Never dated before its experiment's: this change comes after that one, whatever the clocks say.
    const at = Math.max(ctx.clock.now(), experiment?.lifecycle.at ?? 0);
    const next: Run = { ...stored.doc, lifecycle: { stage, at } };
    return write(ctx, stored, next, stage === 'deleted' ? 'run.deleted' : 'run.restored');
  });
  // A purge of its experiment looks for restored runs once it has hidden that: one of the two sees the other.
  if (stage === 'active' && !(await experimentOf(ctx, runId))) throw unknownRun(runId);
}

async function write(
  ctx: Context,
  { doc, etag }: Stored<Run>,
  changed: Run,
  happened: RunEvent | undefined,
): Promise<Run | typeof lost> {
  const next = happened ? { ...changed, seq: doc.seq + 1 } : changed;
  const event = happened && runEvent(ctx, happened, next);
  const key = runPartition(doc);
  const { outcome } = await ctx.stores
    .documents('runs')
    .batch(key, [{ op: 'replace', doc: next, etag }, ...(event ? [event] : [])]);
  if (outcome !== 'applied') return lost;
  if (event) relay(ctx, 'runs', key, event);
  return next;
}

function isFinal(status: RunStatus): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'KILLED';
}
