import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { checkLength } from '../../tracking/index.ts';
import { changeModel, type ModelChange } from '../change.ts';
import { isGuarded, refuseGuarded } from '../guard.ts';
import type { AliasMove, ModelRoot, MoveCause } from '../model.ts';
import { readByName, visibleModel } from '../models/models.ts';
import { readVersion, unknownVersion } from '../versions/versions.ts';

/** As MLflow has it (`_validate_model_alias_name`); `\w` of Python takes letters of every script. */
const aliasPattern = /^[\p{L}\p{N}_-]+$/u;
const aliasCharsMax = 255;
/** Of an alias with its letters escaped, up to nine characters each; an id has room for 1023. */
const idAliasCharsMax = 800;

/** The model and version an alias stands for. Throws `not-found` for a model, also one that the caller may not see. */
export async function resolveAlias(
  ctx: Context,
  name: string,
  alias: string,
): Promise<{ modelId: string; version: number }> {
  const root = await visibleModel(ctx, name);
  return { modelId: root.modelId, version: aliasTarget(root, alias) };
}

/** The version that an alias of the model holds. Throws `invalid`, as MLflow does, where none does. */
export function aliasTarget(root: ModelRoot, alias: string): number {
  const version = aliasHolder(root, alias);
  if (version !== undefined) return version;
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

/**
 * Points an alias to a version and records the move. Moving it to where it points already changes nothing.
 * Throws `invalid-state` where a policy guards the alias, and `conflict` where another version than
 * `expected` holds it.
 */
export async function moveAlias(ctx: Context, { name, alias, version, expected }: Move): Promise<void> {
  checkAlias(alias);
  const { doc: root } = await readByName(ctx, name);
  if (!(await readVersion(ctx, root.modelId, version))) throw unknownVersion(name, version);
  await changeModel(ctx, name, (current) => {
    const held = aliasHolder(current, alias);
    if (held === version) return undefined;
    refuseGuarded(current, { alias });
    // Deleted since it was read above.
    if (current.gone.includes(version)) throw unknownVersion(name, version);
    if (expected !== undefined && held !== expected) throw heldByAnother(current, alias, expected);
    return aliasChange(ctx, current, { alias, to: version, cause: { kind: 'set' } });
  });
}

/** Removes an alias; removing one that is not there is fine. Throws `invalid-state` where a policy guards it. */
export async function deleteAlias(ctx: Context, name: string, alias: string): Promise<void> {
  await changeModel(ctx, name, (root) => {
    if (aliasHolder(root, alias) === undefined) return undefined;
    if (isGuarded(root, { alias }))
      throw new CairnError(
        'invalid-state',
        `Alias '${alias}' of '${name}' is guarded by policy ${root.policy?.version} and cannot be removed: promote another version to it, roll it back, or take it out of the policy first.`,
        { field: 'alias' },
      );
    return aliasChange(ctx, root, { alias, to: undefined, cause: { kind: 'set' } });
  });
}

/** Says that an alias is not held by the version that somebody took for its holder. */
export function heldByAnother(root: ModelRoot, alias: string, expected: number): CairnError {
  const held = aliasHolder(root, alias);
  return new CairnError(
    'conflict',
    `Alias '${alias}' of '${root.name}' is held by ${held === undefined ? 'no version' : `version ${held}`}, not by version ${expected} any more.`,
    { field: 'alias' },
  );
}

/** The change of a model that moves one of its aliases: the root, the record of the move and the event. */
export function aliasChange(
  ctx: Context,
  root: ModelRoot,
  { alias, to, cause }: { alias: string; to: number | undefined; cause: MoveCause },
): ModelChange & { readonly move: AliasMove } {
  const { [alias]: _, ...others } = root.aliases;
  const from = aliasHolder(root, alias);
  const move = moveRecord(ctx, root, { alias, from, to, cause });
  return {
    type: to === undefined ? 'alias.deleted' : 'alias.moved',
    subject: {
      alias,
      ...(from === undefined ? {} : { from: String(from) }),
      ...(to === undefined ? {} : { to: String(to) }),
    },
    root: { ...root, aliases: { ...others, ...(to === undefined ? {} : { [alias]: to }) } },
    alongside: [{ op: 'create', doc: move }],
    move,
  };
}

/** The record of a move that is about to be made in the same batch as the change of `root`. */
export function moveRecord(
  ctx: Context,
  root: ModelRoot,
  {
    alias,
    from,
    to,
    cause,
  }: { alias: string; from: number | undefined; to: number | undefined; cause: MoveCause },
): AliasMove {
  const seq = root.seq + 1;
  return {
    id: moveId(alias, seq),
    type: 'alias-move',
    v: 1,
    workspace: root.workspace,
    modelId: root.modelId,
    alias,
    seq,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    cause,
    actor: ctx.principal.id,
    at: ctx.clock.now(),
  };
}

/** Throws `invalid` for a text that no alias can be called. */
export function checkAlias(alias: string): void {
  const refuse = (why: string) => {
    throw new CairnError('invalid', why, { field: 'alias' });
  };
  if (alias === '') refuse('Registered model alias name cannot be empty.');
  if (!aliasPattern.test(alias))
    refuse(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  checkLength('Registered model alias name', alias, aliasCharsMax, 'alias');
  if (alias.toLowerCase() === 'latest') refuse("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) refuse(`Version alias name '${alias}' is reserved.`);
}

/** Moves of one alias sort by their ids, in which an alias too long for an id stands by its digest. */
export function moveId(alias: string, seq: number): string {
  const escaped = encodeURIComponent(alias);
  const named =
    escaped.length <= idAliasCharsMax ? escaped : createHash('sha256').update(alias).digest('hex');
  return `alias-move:${named}:${String(seq).padStart(8, '0')}`;
}
