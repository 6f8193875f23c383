import type { ModelRoot, Stage } from './model.ts';

/** MLflow's stages, as it spells and orders them. */
export const stageNames = ['None', 'Staging', 'Production', 'Archived'] as const;
export type StageName = (typeof stageNames)[number];

const kept = ['Staging', 'Production', 'Archived'] as const satisfies readonly Stage[];

/** The stage that a version is in. */
export function stageOf({ stages }: Pick<ModelRoot, 'stages'>, version: number): StageName {
  return kept.find((stage) => stages[stage]?.includes(version)) ?? 'None';
}
