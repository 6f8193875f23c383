export { aliasHolder, deleteAlias, moveAlias, resolveAlias } from './aliases.ts';
export { createVersion } from './create-version.ts';
export { inspectVersion } from './inspect.ts';
export type { AliasMove, Inspection, ModelRoot, ModelVersion, TensorSpec, VersionReady } from './model.ts';
export { createModel, modelById, modelByName } from './models.ts';
export { linkLoggedModel } from './origin.ts';
export { type RegistrySearch, searchModels, searchVersions } from './search.ts';
export { getReady, getVersion, versionByName } from './versions.ts';
