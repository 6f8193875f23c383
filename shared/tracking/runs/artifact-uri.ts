import { artifactPathIn } from '../../artifacts/index.ts';
import type { Context } from '../../context.ts';
import { readRun } from './runs.ts';

/** Where a run, deleted or not, keeps its artifacts: one point read. */
export async function artifactUriOf(ctx: Context, runId: string): Promise<string> {
  return (await readRun(ctx, runId)).doc.artifactUri;
}

/**
 * The path among the artifacts of the workspace that a URI names: `runs:/<run id>/<path>`, wherever that
 * run keeps its artifacts, or `mlflow-artifacts:/<path>`. `undefined` for a URI of any other kind; an
 * unknown run is `not-found`.
 */
export async function artifactPathOf(ctx: Context, uri: string): Promise<string | undefined> {
  const run = /^runs:\/([^/]+)\/(.+)$/.exec(uri);
  const located = run?.[1] === undefined ? uri : `${await artifactUriOf(ctx, run[1])}/${run[2]}`;
  return artifactPathIn(located) || undefined;
}
