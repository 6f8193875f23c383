import { listArtifacts } from '../../../shared/artifacts/index.ts';
import type { Context } from '../../../shared/context.ts';
import { maySeeArtifact } from '../../../shared/tracking/index.ts';
import { optional } from '../mlflow.ts';

/** What lies directly below a path, as far as the caller may see it, each under `below` and its own name. */
export async function filesBelow(ctx: Context, path: string, below = '') {
  const all = await listArtifacts(ctx, path);
  const entries = all.filter(({ name }) => maySeeArtifact(ctx, path === '' ? name : `${path}/${name}`));
  const files = entries.map(({ name, isDirectory, bytes }) => ({
    path: below === '' ? name : `${below}/${name}`,
    is_dir: isDirectory,
    ...(isDirectory ? {} : { file_size: bytes }),
  }));
  return optional('files', files);
}
