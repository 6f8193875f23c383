import type { Context } from '../context.ts';
import { textWithoutSecrets } from '../secrets/index.ts';
import { changeModel, changeVersion } from './change.ts';
import type { ModelRoot, ModelVersion } from './model.ts';
import { versionByName } from './versions/versions.ts';

/** Sets the description of a model. */
export async function describeModel(ctx: Context, name: string, text: string): Promise<ModelRoot> {
  const description = textWithoutSecrets(ctx, 'description', text);
  return changeModel(ctx, name, (root) => ({ type: 'model.updated', root: { ...root, description } }));
}

/** Sets the description of a version. */
export async function describeVersion(
  ctx: Context,
  ref: { readonly name: string; readonly version: number },
  text: string,
): Promise<ModelVersion> {
  const description = textWithoutSecrets(ctx, 'description', text);
  const { modelId } = await versionByName(ctx, ref.name, ref.version);
  return changeVersion(ctx, modelId, ref.version, (version) => ({
    type: 'version.updated',
    version: { ...version, description },
  }));
}
