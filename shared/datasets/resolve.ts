import { checkedArtifactPath } from '../artifacts/index.ts';
import type { Context } from '../context.ts';
import { CairnError, checkedPath } from '../http/index.ts';
import type { BlobContainerName } from '../resources.ts';
import { artifactPathOf } from '../tracking/index.ts';
import type { DatasetRef } from './ref.ts';

export type BlobLocation = { readonly container: BlobContainerName; readonly blob: string };

/**
 * Where the bytes of a dataset lie. `runs:/<run id>/<path>` and
 * `mlflow-artifacts:/<path>` are artifacts of the caller's workspace; a
 * `blob` is `<container>/<name>`, in the folder of the workspace where the container has such folders.
 * @throws {CairnError} `invalid` where the reference names no readable bytes, or bytes out of its reach.
 */
export async function resolveUri(ctx: Context, ref: DatasetRef): Promise<BlobLocation> {
  switch (ref.kind) {
    case 'artifact':
      return { container: 'artifacts', blob: `${ctx.workspace}/${await artifactPath(ctx, ref.uri)}` };
    case 'blob':
      return blobLocation(ctx.workspace, ref.uri);
    case 'version':
      throw refusal(`'${ref.uri}' names a dataset version; name the artifact or blob with its rows instead.`);
    case 'logged':
      throw refusal(
        `'${ref.uri}' was logged as metadata only: its rows are not in this platform. Log them as an artifact.`,
      );
  }
}

async function artifactPath(ctx: Context, uri: string): Promise<string> {
  const path = await artifactPathOf(ctx, uri);
  if (path !== undefined) return checkedArtifactPath(path);
  throw refusal(`'${uri}' is not an artifact; use runs:/<run id>/<path> or mlflow-artifacts:/<path>.`);
}

/** Containers whose first folder is the workspace. */
const byWorkspace = ['artifacts', 'predictions', 'monitoring'] as const satisfies BlobContainerName[];
/** Containers that begin with `<endpoint>` or `<endpoint>@<workspace>`. */
const byEndpoint = ['batch-input', 'batch-output'] as const satisfies BlobContainerName[];
/** What the platform keeps for itself lies in others: no reference reaches it. */
const withRows = [...byWorkspace, ...byEndpoint] as const;

function blobLocation(workspace: string, uri: string): BlobLocation {
  const slash = uri.indexOf('/');
  const container = withRows.find((name) => name === uri.slice(0, slash));
  if (container === undefined)
    throw refusal(`'${uri}' is not a blob here; use <container>/<name> with one of ${withRows.join(', ')}.`);
  const blob = checkedPath(uri.slice(slash + 1));
  const folder = blob.split('/')[0] ?? '';
  const isByWorkspace = byWorkspace.some((name) => name === container);
  const owner = isByWorkspace ? folder : (folder.split('@')[1] ?? 'default');
  if (owner !== workspace) throw refusal(`'${uri}' does not belong to workspace '${workspace}'.`);
  return { container, blob };
}

function refusal(message: string): CairnError {
  return new CairnError('invalid', message, { field: 'uri' });
}
