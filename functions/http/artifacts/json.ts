import { listArtifacts } from '../../../shared/artifacts/index.ts';
import type { Context } from '../../../shared/context.ts';
import { optional } from '../mlflow.ts';

/** What lies directly below a path, each under `below` and its own name. */
export async function filesBelow(ctx: Context, path: string, below = '') {
  const entries = await listArtifacts(ctx, path);
  const files = entries.map(({ name, isDirectory, bytes }) => ({
    path: below === '' ? name : `${below}/${name}`,
    is_dir: isDirectory,
    ...(isDirectory ? {} : { file_size: bytes }),
  }));
  return optional('files', files);
}
