import type { Context } from '../../context.ts';
import type { Document, Stored } from '../../documents.ts';
import { experimentDocumentId } from '../experiments/experiments.ts';
import type { Experiment } from '../model.ts';

/** An experiment that is about to go: nobody sees it any more, and all of it is still there. */
export type PurgingExperiment = Omit<Experiment, 'type'> & {
  readonly type: 'purging-experiment';
  readonly deletedBefore: number;
};

/** What is left of an experiment while its runs and models are removed; its name is free already. */
export type PurgedExperiment = Document & {
  readonly type: 'purged-experiment';
  readonly experimentId: string;
  readonly artifactLocation: string;
};

/** The document of an experiment, whatever has become of it. */
export function readExperimentRoot(
  ctx: Context,
  experimentId: string,
): Promise<Stored<Experiment | PurgingExperiment | PurgedExperiment> | undefined> {
  return ctx.stores
    .documents('experiments')
    .read<Experiment | PurgingExperiment | PurgedExperiment>(
      [ctx.workspace],
      experimentDocumentId(experimentId),
    );
}
