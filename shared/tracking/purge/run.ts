import type { Context } from '../../context.ts';
import type { Document } from '../../documents.ts';
import { eventWrite, relay } from '../../events/index.ts';
import { contended, swapTries } from '../../swap.ts';
import type { Lifecycle, Run, RunKey } from '../model.ts';
import { overflowPrefix } from '../runs/overflow.ts';
import { lifecycleOf } from '../runs/runs.ts';
import { readExperimentRoot } from './experiment-root.ts';
import { isDue, removeArtifacts, removeParts } from './parts.ts';

/** A run that is about to go: nobody sees it any more, and all of it is still there. */
type PurgingRun = Omit<Run, 'type'> & { readonly type: 'purging-run'; readonly deletedBefore: number };

/** What is left of a run while its parts are removed. */
type PurgedRun = Document & RunKey & { readonly type: 'purged-run'; readonly artifactUri: string };

/**
 * Removes a run for good, with its history, its long texts and its artifacts, if it was deleted by
 * `deletedBefore`; `kept` where it was not, or has been restored. A crash at any point leaves a run that
 * is whole, or one that nobody sees and whose purge goes on where it stopped.
 *
 * The experiment decides too, and lies in another container: so the run is hidden first, the experiment
 * looked at again, and only then the run is given up. A restore of the experiment is either seen by that
 * look, or came after the run was gone.
 */
export async function purgeRun(
  ctx: Context,
  { experimentId, runId }: RunKey,
  deletedBefore: number,
): Promise<'gone' | 'kept'> {
  const runs = ctx.stores.documents('runs');
  const key = [experimentId, runId];
  for (let steps = 0; steps < 2 * swapTries; steps++) {
    const stored = await runs.read<Run | PurgingRun | PurgedRun>(key, runId);
    if (!stored || stored.doc.workspace !== ctx.workspace) return 'gone';
    const { doc, etag } = stored;
    switch (doc.type) {
      case 'run': {
        const stage = await stageOf(ctx, doc);
        if (stage === 'lost') {
          await giveUp(ctx, doc, etag);
          break;
        }
        if (!isDue(stage, deletedBefore)) return 'kept';
        const hidden: PurgingRun = { ...doc, type: 'purging-run', deletedBefore };
        await runs.write(key, { op: 'replace', doc: hidden, etag });
        break;
      }
      case 'purging-run': {
        const run = shown(doc);
        const stage = await stageOf(ctx, run);
        if (stage === 'lost' || isDue(stage, doc.deletedBefore)) await giveUp(ctx, run, etag);
        else if ((await runs.write(key, { op: 'replace', doc: run, etag })).outcome === 'applied')
          return 'kept';
        break;
      }
      case 'purged-run':
        await removeArtifacts(ctx, doc.artifactUri, `run ${runId}`);
        await ctx.stores.blobs('overflow').removeBelow(overflowPrefix(ctx.workspace, doc));
        await removeParts(ctx, 'runs', key, runId);
        await runs.write(key, { op: 'delete', id: runId, etag });
    }
  }
  throw contended(`Run ${runId}`);
}

/** The stage of a run; `lost` where its experiment was given up, so that nothing brings it back. */
async function stageOf(ctx: Context, run: Run): Promise<Lifecycle | 'lost'> {
  const experiment = await readExperimentRoot(ctx, run.experimentId);
  switch (experiment?.doc.type) {
    case undefined:
      return run.lifecycle;
    case 'purged-experiment':
      return 'lost';
    case 'experiment':
    case 'purging-experiment':
      return lifecycleOf(run, { ...experiment.doc, type: 'experiment' });
  }
}

function shown({ deletedBefore: _, ...doc }: PurgingRun): Run {
  return { ...doc, type: 'run' };
}

async function giveUp(ctx: Context, run: Run, etag: string): Promise<void> {
  const { id, workspace, experimentId, runId, artifactUri, seq } = run;
  const doc: PurgedRun = { id, type: 'purged-run', v: 1, workspace, experimentId, runId, artifactUri };
  const event = eventWrite(
    ctx,
    {
      type: 'run.purged',
      aggregate: `run/${runId}`,
      seq: seq + 1,
      subject: { experimentId, runId },
      before: run,
    },
    { experimentId, runId },
  );
  const key = [experimentId, runId];
  const { outcome } = await ctx.stores.documents('runs').batch(key, [{ op: 'replace', doc, etag }, event]);
  if (outcome === 'applied') relay(ctx, 'runs', key, event);
}
