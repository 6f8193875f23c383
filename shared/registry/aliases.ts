import type { Context } from '../context.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { AliasMove, ModelRoot } from './model.ts';
import { partition, readByName } from './models.ts';
import { readVersion } from './versions.ts';

const aliasCharsMax = 255;

/** The model and version an alias stands for. */
export async function resolveAlias(
  ctx: Context,
  name: string,
  alias: string,
): Promise<{ modelId: string; version: number }> {
  const { doc: root } = await readByName(ctx, name);
  const version = aliasHolder(root, alias);
  if (version !== undefined) return { modelId: root.modelId, version };
  throw new CairnError('invalid', `Registered model alias ${alias} not found.`, { field: 'alias' });
}

/** The version that an alias of the model holds; `constructor` is a name like any other. */
export function aliasHolder({ aliases }: ModelRoot, alias: string): number | undefined {
  return Object.hasOwn(aliases, alias) ? aliases[alias] : undefined;
}

export type Move = {
  readonly name: string;
  readonly alias: string;
  readonly version: number;
  /** The version that must hold the alias now; when another one does, the move is refused with `conflict`. */
  readonly expected?: number | undefined;
};

/** Points an alias to a version and records the move. Moving it to where it points already changes nothing. */
export async function moveAlias(ctx: Context, { name, alias, version, expected }: Move): Promise<void> {
  checkAlias(alias);
  const { doc: root } = await readByName(ctx, name);
  if (!(await readVersion(ctx, root.modelId, version)))
    throw new CairnError('not-found', `Model Version (name=${name}, version=${version}) not found`, {
      field: 'version',
    });
  await change(ctx, name, alias, (held) => {
    if (expected !== undefined && held !== expected && held !== version)
      throw new CairnError(
        'conflict',
        `Alias '${alias}' of '${name}' is held by ${held === undefined ? 'no version' : `version ${held}`}, not by version ${expected} any more.`,
        { field: 'alias' },
      );
    return version;
  });
}

/** Removes an alias; removing one that is not there is fine. */
export async function deleteAlias(ctx: Context, name: string, alias: string): Promise<void> {
  await change(ctx, name, alias, () => undefined);
}

/** One compare-and-swap of an alias: the root, the record of the move and the event in one batch. */
async function change(
  ctx: Context,
  name: string,
  alias: string,
  holderOf: (held: number | undefined) => number | undefined,
): Promise<void> {
  await swap(ctx, `Model '${name}'`, async () => {
    const { doc: root, etag } = await readByName(ctx, name);
    const { [alias]: _, ...others } = root.aliases;
    const from = aliasHolder(root, alias);
    const to = holderOf(from);
    if (from === to) return undefined;
    const aliases = { ...others, ...(to === undefined ? {} : { [alias]: to }) };
    const next: ModelRoot = { ...root, aliases, updatedAt: ctx.clock.now(), seq: root.seq + 1 };
    const moved = { alias, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    const event = aliasEvent(ctx, root, next, moved);
    const key = partition(ctx, root.modelId);
    const { outcome } = await ctx.stores
      .documents('models')
      .batch(key, [
        { op: 'replace', doc: next, etag },
        { op: 'create', doc: recordOf(ctx, next, moved) },
        event,
      ]);
    if (outcome !== 'applied') return lost;
    return relay(ctx, 'models', key, event);
  });
}

type Moved = { readonly alias: string; readonly from?: number; readonly to?: number };

function recordOf(ctx: Context, { workspace, modelId, seq, updatedAt }: ModelRoot, moved: Moved): AliasMove {
  return {
    id: `alias-move:${String(seq).padStart(8, '0')}`,
    type: 'alias-move',
    v: 1,
    workspace,
    modelId,
    ...moved,
    actor: ctx.principal.id,
    at: updatedAt,
  };
}

function aliasEvent(ctx: Context, before: ModelRoot, after: ModelRoot, { alias, from, to }: Moved) {
  const { workspace, modelId, seq } = after;
  return eventWrite(
    ctx,
    {
      type: to === undefined ? 'alias.deleted' : 'alias.moved',
      aggregate: `model/${modelId}`,
      seq,
      subject: {
        modelId,
        alias,
        ...(from === undefined ? {} : { from: String(from) }),
        ...(to === undefined ? {} : { to: String(to) }),
      },
      before: before.aliases,
      after: after.aliases,
    },
    { workspace, modelId },
  );
}

function checkAlias(alias: string): void {
  const refuse = (why: string) => {
    throw new CairnError('invalid', why, { field: 'alias' });
  };
  if (alias === '' || alias.length > aliasCharsMax)
    refuse(`Invalid alias name: it must have 1 to ${aliasCharsMax} characters.`);
  if (!/^[\w-]+$/.test(alias))
    refuse(`Invalid alias name: '${alias}'. Use letters, digits, underscores and hyphens.`);
  if (alias.toLowerCase() === 'latest') refuse("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) refuse(`Version alias name '${alias}' is reserved.`);
}
