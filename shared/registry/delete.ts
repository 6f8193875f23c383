import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { isHighRisk } from '../privacy/index.ts';
import { lost, swapInTurn } from '../swap.ts';
import { moveRecord } from './aliases/aliases.ts';
import { changeModel } from './change.ts';
import { freeName } from './models/claim.ts';
import { commit } from './commit.ts';
import { isGuarded } from './guard.ts';
import { aliasesOf } from './aliases/holders.ts';
import type { DeletedModel, DeletedVersion, ModelRoot } from './model.ts';
import { partition, readByName, readRootOrRest } from './models/models.ts';
import { movedStages, stageOf } from './stages.ts';
import { readVersion, unknownVersion, versionId } from './versions/versions.ts';

const aliasesPerVersionMax = 80;
const deletesPerBatchMax = 90;
/** Documents that one message removes; the next message goes on. */
const deletesPerMessageMax = 2000;

/** The work message that removes what a deleted model left behind. */
export type CleanMessage = { readonly kind: 'clean-model'; readonly modelId: string };

/**
 * Deletes a version. Its number is never used again, its aliases and its stage are taken from it, and each
 * alias has a record of that. Throws `invalid-state` where a policy guards one of them.
 */
export async function deleteVersion(
  ctx: Context,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<void> {
  await changeModel(ctx, name, async (root) => {
    const stored = await readVersion(ctx, root.modelId, version);
    if (!stored) throw unknownVersion(name, version);
    const aliases = aliasesOf(root, version);
    refuseDeletion(root, version, aliases);
    const rest: DeletedVersion = {
      id: versionId(version),
      type: 'deleted-version',
      v: 1,
      workspace: root.workspace,
      modelId: root.modelId,
      version,
      at: ctx.clock.now(),
      by: ctx.principal.id,
    };
    const moves = aliases.map(
      (alias): Write => ({
        op: 'create',
        doc: moveRecord(ctx, root, {
          alias,
          from: version,
          to: undefined,
          cause: { kind: 'version-deleted' },
        }),
      }),
    );
    return {
      type: 'version.deleted',
      subject: { version: String(version), ...(aliases.length > 0 ? { aliases: aliases.join(',') } : {}) },
      root: {
        ...root,
        aliases: Object.fromEntries(Object.entries(root.aliases).filter(([, held]) => held !== version)),
        stages: movedStages(root, new Map([[version, 'None']])),
        gone: [...root.gone, version].toSorted((a, b) => a - b),
      },
      alongside: [{ op: 'replace', doc: rest, etag: stored.etag }, ...moves],
    };
  });
}

/**
 * Deletes a model with all its versions: nothing finds it from here on, and its name is free for another
 * model, which has another id. What it left behind is removed later. Throws `invalid-state` while a policy
 * is in force.
 */
export async function deleteModel(ctx: Context, name: string): Promise<void> {
  const deleted = await swapInTurn(ctx, `Model '${name}'`, async () => {
    const { doc: root, etag } = await readByName(ctx, name);
    if (root.policy)
      throw new CairnError(
        'invalid-state',
        `Registered Model (name=${name}) has a promotion policy; end it first (DELETE /api/v1/models/${encodeURIComponent(name)}/policy).`,
        { field: 'name' },
      );
    const { modelId, seq } = root;
    const rest: DeletedModel = {
      id: root.id,
      type: 'deleted-model',
      v: 1,
      workspace: root.workspace,
      modelId,
      name: root.name,
      at: ctx.clock.now(),
      by: ctx.principal.id,
      ...(isHighRisk(root.tags) ? { isHighRisk: true } : {}),
    };
    const done = await commit(ctx, modelId, [{ op: 'replace', doc: rest, etag }], {
      type: 'model.deleted',
      aggregate: `model/${modelId}`,
      seq: seq + 1,
      subject: { modelId, name },
      before: root,
    });
    return done ? modelId : lost;
  });
  await freeName(ctx, name, deleted);
}

/** Has removed what a deleted model left behind. Subscriber of `model.deleted`; twice is once. */
export async function finishDeletion(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { modelId = '', name = '' } = subject;
  await freeName(ctx, name, modelId);
  await ctx.stores.queues.send(ctx, 'work', { kind: 'clean-model', modelId } satisfies CleanMessage);
}

/** Removes the files that the registry kept of a deleted version. Subscriber of `version.deleted`. */
export async function cleanVersion(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { modelId = '', version = '' } = subject;
  await ctx.stores.blobs('models').removeBelow(`${ctx.workspace}/${modelId}/${version}/`);
}

/**
 * Removes the versions, aliases' histories and files of a deleted model. Its events stay, and so does what
 * says that its id is used up.
 */
export async function cleanModel(ctx: Context, { modelId }: CleanMessage): Promise<void> {
  if ((await readRootOrRest(ctx, modelId))?.doc.type !== 'deleted-model') return;
  const documents = ctx.stores.documents('models');
  const key = partition(ctx, modelId);
  const left = await documents.query<{ id: string; etag: string }>(
    {
      text: "SELECT c.id, c._etag AS etag FROM c WHERE c.type != 'event' AND c.type != 'deleted-model'",
    },
    { key, limit: deletesPerMessageMax, consistency: 'strong' },
  );
  for (let i = 0; i < left.length; i += deletesPerBatchMax)
    // What was changed in the meantime fails its batch, and is found by the next message.
    await documents.batch(
      key,
      left.slice(i, i + deletesPerBatchMax).map(({ id, etag }) => ({ op: 'delete', id, etag })),
    );
  if (left.length > 0) await ctx.stores.queues.send(ctx, 'work', { kind: 'clean-model', modelId });
  else await ctx.stores.blobs('models').removeBelow(`${ctx.workspace}/${modelId}/`);
}

function refuseDeletion(root: ModelRoot, version: number, aliases: readonly string[]): void {
  const guarded = aliases.find((alias) => isGuarded(root, { alias }));
  const stage = stageOf(root, version);
  const guardedStage = stage !== 'None' && isGuarded(root, { stage });
  const refuse = (why: string) => {
    throw new CairnError('invalid-state', `Model Version (name=${root.name}, version=${version}) ${why}`, {
      field: 'version',
    });
  };
  if (guarded !== undefined)
    refuse(
      `holds alias '${guarded}', which policy ${root.policy?.version} guards: promote another version to it first.`,
    );
  if (guardedStage)
    refuse(
      `is in stage ${stage}, which policy ${root.policy?.version} guards: move it to another stage first.`,
    );
  if (aliases.length > aliasesPerVersionMax)
    refuse(`has ${aliases.length} aliases; remove all but ${aliasesPerVersionMax} of them first.`);
}
