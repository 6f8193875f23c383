import { artifactPathIn } from '../../artifacts/index.ts';
import type { Context } from '../../context.ts';
import { requireReadable } from '../../datasets/index.ts';
import { experimentOfModel, experimentOfRun } from '../../tracking/index.ts';
import type { Asked } from './origin.ts';
import type { Source } from './source.ts';

/**
 * Refuses a source of a version, and a run or logged model that is named beside it, that the caller may not see.
 * The experiment is part of their ids, so that nothing is read, and it is the same whether they exist.
 * Versions as sources are looked at where they are read.
 */
export function requireVisible(
  ctx: Context,
  { source: uri, runId, loggedModelId }: Asked,
  source: Source,
): void {
  if (ctx.access.isPlain) return;
  const named = [
    runId && experimentOfRun(runId),
    loggedModelId && experimentOfModel(loggedModelId),
    source.kind === 'run' && experimentOfRun(source.runId),
    source.kind === 'logged-model' && experimentOfModel(source.modelId),
  ];
  for (const id of named) if (id) ctx.access.require('viewer', { type: 'experiment', id });
  if (source.kind === 'place' && artifactPathIn(uri) !== undefined)
    requireReadable(ctx, { kind: 'artifact', uri });
}
