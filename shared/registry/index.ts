export { aliasHolder, deleteAlias, moveAlias, resolveAlias } from './aliases.ts';
export { inspectVersion } from './inspect.ts';
export type { AliasMove, Inspection, ModelRoot, ModelVersion, TensorSpec, VersionReady } from './model.ts';
export { createModel, listModels, modelById, modelByName } from './models.ts';
export { createVersion, getReady, getVersion, versionByName } from './versions.ts';
