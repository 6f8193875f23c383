import { aliasHolder, isGuarded, type ModelRoot, type Target } from '../registry/index.ts';
import type { Policy, Promotion } from './model.ts';

/** The policy that guards a target, `undefined` where none does. */
export async function specsOf(
  root: ModelRoot,
  target: Target,
  read: (version: number) => Promise<Policy | undefined>,
): Promise<Policy | undefined> {
  if (!root.policy || !isGuarded(root, target)) return undefined;
  const policy = await read(root.policy.version);
  if (policy) return policy;
  throw new Error(
    `Policy ${root.policy.version} of model ${root.modelId} is in force and nowhere to be read.`,
  );
}

/** The version that holds the target of a promotion: of several in a stage, the newest that is another one. */
export function holderOf(root: ModelRoot, { target, version }: Pick<Promotion, 'target' | 'version'>) {
  if ('alias' in target) return aliasHolder(root, target.alias);
  return root.stages[target.stage]?.filter((other) => other !== version).at(-1);
}
