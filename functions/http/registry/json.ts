import {
  aliasesOf,
  type FoundVersion,
  isPrompt,
  type ModelRoot,
  type ModelVersion,
  stageOf,
} from '../../../shared/registry/index.ts';
import { optional, pairs } from '../mlflow.ts';

/** A registered model in MLflow's words, with the newest version of each stage. */
export function modelJson(root: ModelRoot, latest: readonly (ModelVersion | FoundVersion)[]) {
  const aliases = Object.entries(root.aliases).map(([alias, held]) => ({ alias, version: String(held) }));
  return {
    name: root.name,
    creation_timestamp: root.createdAt,
    last_updated_timestamp: root.updatedAt,
    description: root.description,
    ...optional(
      'latest_versions',
      latest.map((version) => versionJson(root, version)),
    ),
    ...optional('tags', pairs(root.tags)),
    ...optional('aliases', aliases),
  };
}

/**
 * A version in MLflow's words. Its name, stage and aliases are those that the root has. Why it cannot be
 * served, or that this is not known yet, stands in `status_message`, since to MLflow every version is READY.
 */
export function versionJson(
  root: Pick<ModelRoot, 'name' | 'stages' | 'aliases'>,
  v: ModelVersion | FoundVersion,
) {
  return {
    name: root.name,
    version: String(v.version),
    creation_timestamp: v.createdAt,
    last_updated_timestamp: v.updatedAt,
    user_id: v.userId,
    current_stage: stageOf(root, v.version),
    description: v.description,
    source: v.source,
    run_id: v.runId ?? '',
    status: 'READY',
    ...(isPrompt(v.tags) ? {} : statusMessage(v)),
    run_link: v.runLink ?? '',
    ...(v.loggedModelId ? { model_id: v.loggedModelId } : {}),
    ...optional('tags', pairs(v.tags)),
    ...optional('aliases', aliasesOf(root, v.version)),
  };
}

function statusMessage({ inspection }: ModelVersion | FoundVersion) {
  switch (inspection.state) {
    case 'pending':
      return { status_message: 'Being read: whether it can be served is not known yet.' };
    case 'refused':
      return { status_message: `Not servable: ${inspection.reason}` };
    case 'ready':
      return {};
  }
}
