import type { Context } from '../../context.ts';
import { inTurns } from '../../turns.ts';
import { newestMoves } from './history.ts';
import type { ModelRoot } from '../model.ts';

/** An alias with the version that holds it, since when, and who gave it to it. */
export type AliasHolder = {
  readonly alias: string;
  readonly version: number;
  readonly since: number;
  readonly by: string;
};

const readsAtOnceMax = 8;

/** The aliases of a model by name, each with the last move of it. */
export function aliasHolders(ctx: Context, root: ModelRoot): Promise<AliasHolder[]> {
  const held = Object.entries(root.aliases).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return inTurns(held, readsAtOnceMax, async ([alias, version]) => {
    const [move] = await newestMoves(ctx, { modelId: root.modelId, alias, limit: 1, consistency: 'strong' });
    return { alias, version, since: move?.at ?? root.updatedAt, by: move?.actor ?? '' };
  });
}

/** The aliases that a version holds. */
export function aliasesOf({ aliases }: Pick<ModelRoot, 'aliases'>, version: number): string[] {
  return Object.entries(aliases).flatMap(([alias, held]) => (held === version ? [alias] : []));
}
