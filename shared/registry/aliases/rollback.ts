import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import type { Document } from '../../documents.ts';
import { CairnError } from '../../http/index.ts';
import { newestMoves } from './history.ts';
import { aliasChange, aliasHolder, checkAlias, heldByAnother } from './aliases.ts';
import { changeModel } from '../change.ts';
import type { AliasMove, ModelRoot } from '../model.ts';
import { partition } from '../models/models.ts';

export type Rollback = {
  readonly name: string;
  readonly alias: string;
  /** Why; it stands in the history. */
  readonly reason: string;
  /** The version that must hold the alias now; when another one does, nothing moves (`conflict`). */
  readonly expected?: number | undefined;
  /** Names this rollback: asked for again under the same key it is answered and not done again. */
  readonly key?: string | undefined;
};

/** A rollback that was asked for under a key. */
type RollbackKey = Document & {
  readonly type: 'rollback-key';
  readonly modelId: string;
  readonly move: AliasMove;
};

/** Moves read at a time while looking for the one to undo. */
const movesPerPage = 50;

/**
 * Gives an alias back to its previous holder: undoes the last move that has not been undone, so that
 * rolling back twice goes two moves back. Policies do not hold it up, since it is the way out of a bad
 * promotion; it is recorded like every move. Throws `not-found` where the alias never was held, `conflict`
 * where the earlier holder is gone, there was none, or another version than `expected` holds it.
 */
export async function rollbackAlias(ctx: Context, asked: Rollback): Promise<AliasMove> {
  const { name, alias, expected } = asked;
  checkAlias(alias);
  let done: AliasMove | undefined;
  await changeModel(ctx, name, async (root) => {
    done = await doneBefore(ctx, root, asked);
    if (done) return undefined;
    if (expected !== undefined && aliasHolder(root, alias) !== expected)
      throw heldByAnother(root, alias, expected);
    const undone = await lastStanding(ctx, root, alias);
    const cause = { kind: 'rollback', undoes: undone.seq, reason: asked.reason } as const;
    const { move, ...change } = aliasChange(ctx, root, { alias, to: earlierHolder(root, undone), cause });
    done = move;
    if (asked.key === undefined) return change;
    const key = keyDocument(root, asked.alias, asked.key, move);
    return { ...change, alongside: [...(change.alongside ?? []), { op: 'create', doc: key }] };
  });
  if (done) return done;
  throw new Error('A change of a model that decided nothing.');
}

async function doneBefore(
  ctx: Context,
  root: ModelRoot,
  { alias, key }: Rollback,
): Promise<AliasMove | undefined> {
  if (key === undefined) return undefined;
  const stored = await ctx.stores
    .documents('models')
    .read<RollbackKey>(partition(ctx, root.modelId), keyId(alias, key));
  return stored?.doc.move;
}

/** The newest move that is no rollback and that no rollback has taken back. */
async function lastStanding(ctx: Context, { modelId, name }: ModelRoot, alias: string): Promise<AliasMove> {
  const undone = new Set<number>();
  for (let before: number | undefined; ; ) {
    const moves: readonly AliasMove[] = await newestMoves(ctx, {
      modelId,
      alias,
      before,
      limit: movesPerPage,
      consistency: 'strong',
    });
    for (const move of moves) {
      if (move.cause.kind === 'rollback') undone.add(move.cause.undoes);
      else if (!undone.has(move.seq)) return move;
    }
    before = moves.at(-1)?.seq;
    if (before === undefined)
      throw new CairnError(
        'not-found',
        `Alias '${alias}' of '${name}' has never been moved, so there is nothing to roll back.`,
        { field: 'alias' },
      );
    if (moves.length < movesPerPage) throw noEarlierHolder(name, alias);
  }
}

function earlierHolder({ name, gone }: ModelRoot, { alias, from }: AliasMove): number {
  if (from === undefined) throw noEarlierHolder(name, alias);
  if (!gone.includes(from)) return from;
  throw new CairnError(
    'conflict',
    `Version ${from} of '${name}', which held alias '${alias}' before, was deleted. Move the alias to another version.`,
    { field: 'alias' },
  );
}

function noEarlierHolder(name: string, alias: string): CairnError {
  return new CairnError('conflict', `No version of '${name}' held alias '${alias}' before.`, {
    field: 'alias',
  });
}

function keyDocument(root: ModelRoot, alias: string, key: string, move: AliasMove): RollbackKey {
  const { workspace, modelId } = root;
  return { id: keyId(alias, key), type: 'rollback-key', v: 1, workspace, modelId, move };
}

function keyId(alias: string, key: string): string {
  return `rollback:${createHash('sha256').update(`${alias}\n${key}`).digest('hex')}`;
}
