import { artifactPathIn } from '../artifacts/index.ts';
import type { Resource } from '../access/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { experimentOfRun, experimentsOfArtifact } from '../tracking/index.ts';
import type { DatasetRef } from './ref.ts';

/**
 * Refuses a reference to rows that the caller may not read. The platform reads them later, in its own name, and
 * shows figures of them: so whoever names them must be allowed to see them. What such a reference says of its
 * rows is not looked at, and whether they exist neither.
 * @throws {CairnError} `forbidden`
 */
export function requireReadable(ctx: Pick<Context, 'access'>, ref: DatasetRef): void {
  if (isReadable(ctx, ref)) return;
  throw new CairnError(
    'forbidden',
    `This needs the role viewer on what '${ref.uri.slice(0, 200)}' belongs to.`,
    { field: 'uri' },
  );
}

/** Whether the caller may read rows, as far as what their place belongs to tells. */
export function isReadable({ access }: Pick<Context, 'access'>, ref: DatasetRef): boolean {
  if (access.isPlain) return true;
  const owners = ownersOf(ref);
  if (owners !== 'anybody') return owners.every((owner) => access.may('viewer', owner));
  return (['experiment', 'endpoint'] as const).every((type) => {
    const visible = access.visible(type);
    return visible.all && visible.except.length === 0;
  });
}

/** The experiments or the endpoint whose rows those are; `anybody` where the place does not tell. */
function ownersOf({ kind, uri }: DatasetRef): readonly Resource[] | 'anybody' {
  switch (kind) {
    case 'artifact': {
      const runId = /^runs:\/+([^/]+)/i.exec(uri)?.[1];
      if (runId !== undefined) return experiments([experimentOfRun(runId) ?? []].flat());
      const path = artifactPathIn(uri);
      return path === undefined ? [] : experiments(experimentsOfArtifact(path));
    }
    case 'blob': {
      const [container, first = '', ...rest] = uri.split('/');
      if (container === 'artifacts') return experiments(experimentsOfArtifact(rest.join('/')));
      if (container === 'predictions') return [{ type: 'endpoint', id: rest[0] ?? '' }];
      if (container === 'batch-input' || container === 'batch-output')
        return [ownerOfFolder(first.split('@')[0] ?? '')];
      return 'anybody';
    }
    case 'version':
    case 'logged':
      return [];
  }
}

/** The folder of a model's own among batch files: too long a name for an endpoint. */
const modelFolder = /^model-([0-9a-f]{32})$/;

/** Whose a folder of batch files is: `model-<model id>`, or the name of an endpoint. */
export function ownerOfFolder(folder: string): Resource {
  const modelId = modelFolder.exec(folder)?.[1];
  return modelId === undefined ? { type: 'endpoint', id: folder } : { type: 'model', id: modelId };
}

function experiments(ids: readonly string[] | undefined): readonly Resource[] | 'anybody' {
  return ids?.map((id) => ({ type: 'experiment', id })) ?? 'anybody';
}
