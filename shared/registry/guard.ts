import { CairnError } from '../http/index.ts';
import type { ModelRoot, Stage } from './model.ts';

/** What a version can be promoted to: an alias, or one of MLflow's stages. */
export type Target = { readonly alias: string } | { readonly stage: Stage };

/** Whether the policy in force lets a version reach the target through a promotion only. */
export function isGuarded({ policy }: ModelRoot, target: Target): boolean {
  if (!policy) return false;
  return 'alias' in target ? policy.aliases.includes(target.alias) : policy.stages.includes(target.stage);
}

/** Throws `invalid-state` with the way to go where the policy guards the target. */
export function refuseGuarded(root: ModelRoot, target: Target): void {
  if (!isGuarded(root, target)) return;
  const model = encodeURIComponent(root.name);
  throw new CairnError(
    'invalid-state',
    `${targetText(target)} of '${root.name}' is guarded by policy ${root.policy?.version}: ask for a promotion with POST /api/v1/models/${model}/promotions.`,
    { field: 'alias' in target ? 'alias' : 'stage' },
  );
}

/** The target as the beginning of a sentence. */
export function targetText(target: Target): string {
  return 'alias' in target ? `Alias '${target.alias}'` : `Stage ${target.stage}`;
}
