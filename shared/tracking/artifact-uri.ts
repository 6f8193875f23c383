import { artifactPathIn } from '../artifacts/index.ts';
import type { Context } from '../context.ts';
import { getRun } from './runs.ts';

/**
 * The path among the artifacts of the workspace that a URI names: `runs:/<run id>/<path>`, wherever that
 * run keeps its artifacts, or `mlflow-artifacts:/<path>`. `undefined` for a URI of any other kind; an
 * unknown run is `not-found`.
 */
export async function artifactPathOf(ctx: Context, uri: string): Promise<string | undefined> {
  const run = /^runs:\/([^/]+)\/(.+)$/.exec(uri);
  const located = run?.[1] === undefined ? uri : `${(await getRun(ctx, run[1])).artifactUri}/${run[2]}`;
  return artifactPathIn(located) || undefined;
}
