import type { Context } from '../context.ts';
import { withoutSecrets } from '../secrets/index.ts';
import { changeModel, changeVersion } from './change.ts';
import { checkModelTag, checkRowsNamed, checkTagKey, checkVersionTag, type Tag } from './tag-rules.ts';
import { versionByName } from './versions/versions.ts';

/** Sets a tag of a model. */
export async function setModelTag(ctx: Context, name: string, given: Tag): Promise<void> {
  const [tag = given] = withoutSecrets(ctx, 'tags', [given]);
  checkModelTag(tag);
  await changeModel(ctx, name, (root) => {
    const tags = withTag(root.tags, tag);
    return tags && { type: 'model.tag-set', subject: { key: tag.key }, root: { ...root, tags } };
  });
}

/** Removes a tag of a model; one that is not there is fine. */
export async function deleteModelTag(ctx: Context, name: string, key: string): Promise<void> {
  checkTagKey(key);
  await changeModel(ctx, name, (root) => {
    const tags = withoutTag(root.tags, key);
    return tags && { type: 'model.tag-deleted', subject: { key }, root: { ...root, tags } };
  });
}

type Ref = { readonly name: string; readonly version: number };

/** Sets a tag of a version. Throws `forbidden` where it names rows that the caller may not read. */
export async function setVersionTag(ctx: Context, ref: Ref, given: Tag): Promise<void> {
  const [tag = given] = withoutSecrets(ctx, 'tags', [given]);
  checkVersionTag(tag);
  checkRowsNamed(ctx, tag);
  const { modelId } = await versionByName(ctx, ref.name, ref.version);
  await changeVersion(ctx, modelId, ref.version, (version) => {
    const tags = withTag(version.tags, tag);
    return tags && { type: 'version.tag-set', subject: { key: tag.key }, version: { ...version, tags } };
  });
}

/** Removes a tag of a version; one that is not there is fine. */
export async function deleteVersionTag(ctx: Context, ref: Ref, key: string): Promise<void> {
  checkTagKey(key);
  const { modelId } = await versionByName(ctx, ref.name, ref.version);
  await changeVersion(ctx, modelId, ref.version, (version) => {
    const tags = withoutTag(version.tags, key);
    return tags && { type: 'version.tag-deleted', subject: { key }, version: { ...version, tags } };
  });
}

type Tags = Readonly<Record<string, string>>;

function withTag(tags: Tags, { key, value }: Tag): Tags | undefined {
  return Object.hasOwn(tags, key) && tags[key] === value ? undefined : { ...tags, [key]: value };
}

function withoutTag(tags: Tags, key: string): Tags | undefined {
  if (!Object.hasOwn(tags, key)) return undefined;
  const { [key]: _, ...rest } = tags;
  return rest;
}
