import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { textWithoutSecrets, withoutSecrets } from '../../secrets/index.ts';
import { lost, swapInTurn } from '../../swap.ts';
import { checkLength } from '../../tracking/index.ts';
import { commit } from '../commit.ts';
import type { ModelVersion } from '../model.ts';
import { readByName } from '../models/models.ts';
import { checkName } from '../models/names.ts';
import { originOf } from './origin.ts';
import { isPrompt } from '../prompts.ts';
import { checkRoom } from '../room.ts';
import { checkPromptSource } from './source.ts';
import { checkRowsNamed, checkVersionTag, tagMap } from '../tag-rules.ts';
import { versionAggregate, versionId, versionRef } from './versions.ts';

const idCharsMax = 256;
const linkCharsMax = 2048;
const notAModel = 'it is a prompt.';

export type NewVersion = {
  readonly name: string;
  readonly source: string;
  readonly runId?: string | undefined;
  /** The logged model that is registered. */
  readonly loggedModelId?: string | undefined;
  readonly runLink?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly { key: string; value: string }[] | undefined;
};

/**
 * Registers the next version of a model; what its artifact holds is read afterwards, by {@link inspectVersion}.
 * Throws `forbidden` where it names what the caller may not see: as its source, its run, or rows to judge it by.
 */
export async function createVersion(ctx: Context, input: NewVersion): Promise<ModelVersion> {
  const description = textWithoutSecrets(ctx, 'description', input.description ?? '');
  const tags = withoutSecrets(ctx, 'tags', input.tags ?? []);
  const prompt = isPrompt(tagMap(tags));
  if (prompt) checkPromptSource(input.source);
  checkLength('run_id', input.runId ?? '', idCharsMax);
  checkLength('run_link', input.runLink ?? '', linkCharsMax);
  // A model that is not there is told of before the source is: so it is of one that may not be seen.
  if (!ctx.access.isPlain) await readByName(ctx, input.name);
  const origin = prompt ? { source: input.source } : await originOf(ctx, input);
  checkName(input.name);
  for (const tag of tags) {
    checkVersionTag(tag);
    checkRowsNamed(ctx, tag);
  }
  checkRoom(`The new version of '${input.name}'`, { description, tags: tagMap(tags) });
  return swapInTurn(ctx, `Model '${input.name}'`, async () => {
    const { doc: root, etag } = await readByName(ctx, input.name);
    const { modelId, nextVersion: version } = root;
    const now = ctx.clock.now();
    const doc: ModelVersion = {
      id: versionId(version),
      type: 'version',
      v: 1,
      workspace: ctx.workspace,
      modelId,
      name: root.name,
      version,
      ref: versionRef(modelId, version),
      ...origin,
      ...(input.runLink ? { runLink: input.runLink } : {}),
      description,
      userId: ctx.principal.id,
      tags: tagMap(tags),
      inspection: prompt ? { state: 'refused', reason: notAModel, at: now } : { state: 'pending' },
      createdAt: now,
      updatedAt: now,
      seq: 1,
    };
    const writes: Write[] = [
      { op: 'replace', doc: { ...root, nextVersion: version + 1, updatedAt: now }, etag },
      { op: 'create', doc },
    ];
    const made = await commit(ctx, modelId, writes, {
      type: 'version.created',
      aggregate: versionAggregate(modelId, version),
      seq: 1,
      subject: { modelId, version: String(version) },
      after: doc,
    });
    return made ? doc : lost;
  });
}
