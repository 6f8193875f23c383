import { aliasHolder, type ModelRoot } from '../registry/index.ts';
import type { Promotion } from './model.ts';

/** The version that holds the target of a promotion: of several in a stage, the newest that is another one. */
export function holderOf(
  root: ModelRoot,
  { target, version }: Pick<Promotion, 'target' | 'version'>,
): number | undefined {
  if ('alias' in target) return aliasHolder(root, target.alias);
  return root.stages[target.stage]?.filter((other) => other !== version).at(-1);
}
