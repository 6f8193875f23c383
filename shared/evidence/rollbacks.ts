import type { AliasMove, ModelVersion } from '../registry/index.ts';

/** An alias that a version held and that was taken from it again. */
export type RollbackFacts = {
  readonly alias: string;
  /** The version that holds it since; `null` for none. */
  readonly to: number | null;
  /** The promotion that had given it, where one had. */
  readonly promotion: number | null;
  readonly by: string;
  readonly at: number;
  readonly reason: string;
};

/** The rollbacks among the moves of a version that took an alias from it, in the order of the moves. */
export function rollbacksOf({ version }: ModelVersion, moves: readonly AliasMove[]): RollbackFacts[] {
  return moves.flatMap(({ alias, from, to = null, cause, actor, at }) => {
    if (cause.kind !== 'rollback' || from !== version) return [];
    const undone = moves.find(({ seq, alias: moved }) => seq === cause.undoes && moved === alias)?.cause;
    const promotion = undone?.kind === 'promotion' ? undone.promotion : null;
    return [{ alias, to, promotion, by: actor, at, reason: cause.reason }];
  });
}
