export { aliasHolder, deleteAlias, moveAlias, resolveAlias } from './aliases.ts';
export { changeModel, changeVersion, type ModelChange, type VersionChange } from './change.ts';
export { createVersion } from './create-version.ts';
export { inspectVersion } from './inspect.ts';
export type {
  AliasMove,
  ArtifactFacts,
  Inspection,
  ModelRoot,
  ModelVersion,
  MoveCause,
  ServedFile,
  Stage,
  TensorSpec,
  Timings,
  VersionReady,
} from './model.ts';
export { createModel, modelById, modelByName } from './models.ts';
export { linkLoggedModel } from './origin.ts';
export { type RegistrySearch, searchModels, searchVersions } from './search.ts';
export { getReady, getVersion, versionByName } from './versions.ts';
