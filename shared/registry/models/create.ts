import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { textWithoutSecrets, withoutSecrets } from '../../secrets/index.ts';
import { lost, swap } from '../../swap.ts';
import { claimName } from './claim.ts';
import { commit } from '../commit.ts';
import type { ModelRoot } from '../model.ts';
import { checkName } from './names.ts';
import { isPrompt } from '../prompts.ts';
import { checkRoom } from '../room.ts';
import { checkModelTag, tagMap } from '../tag-rules.ts';

export type NewModel = {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags?: readonly { key: string; value: string }[] | undefined;
};

/**
 * Registers a model name. The name is claimed first and the root made second; a creation that died
 * between the two is completed by the next one of that name.
 */
export async function createModel(ctx: Context, input: NewModel): Promise<ModelRoot> {
  checkName(input.name);
  const description = textWithoutSecrets(ctx, 'description', input.description ?? '');
  const tags = withoutSecrets(ctx, 'tags', input.tags ?? []);
  tags.forEach(checkModelTag);
  checkRoom(`Registered Model (name=${input.name})`, { description, tags: tagMap(tags) });
  return swap(ctx, `The name '${input.name}'`, async () => {
    const claim = await claimName(ctx, input.name);
    if (!claim.claimed) throw taken(input.name, claim.holder, isPrompt(tagMap(tags)));
    const { modelId } = claim;
    const now = ctx.clock.now();
    const root: ModelRoot = {
      id: 'model',
      type: 'model',
      v: 1,
      workspace: ctx.workspace,
      modelId,
      name: input.name,
      description,
      tags: tagMap(tags),
      aliases: {},
      stages: {},
      nextVersion: 1,
      gone: [],
      createdAt: now,
      updatedAt: now,
      seq: 1,
    };
    const made = await commit(ctx, modelId, [{ op: 'create', doc: root }], {
      type: 'model.created',
      aggregate: `model/${modelId}`,
      seq: 1,
      subject: { modelId },
      after: root,
    });
    return made ? root : lost;
  });
}

/** MLflow's words where a name is taken (`handle_resource_already_exist_error`). */
function taken(name: string, holder: ModelRoot, wantsPrompt: boolean): CairnError {
  const kind = (prompt: boolean) => (prompt ? 'Prompt' : 'Registered Model');
  const [wanted, held] = [kind(wantsPrompt), kind(isPrompt(holder.tags))];
  const why =
    wanted === held
      ? `${wanted} (name=${name}) already exists.`
      : `Tried to create a ${wanted.toLowerCase()} with name '${name}', but the name is already taken by a ${held.toLowerCase()}. MLflow does not allow creating a model and a prompt with the same name.`;
  return new CairnError('already-exists', why, { field: 'name' });
}
