export { aliasHistory } from './alias-history.ts';
export { aliasChange, aliasHolder, checkAlias, deleteAlias, moveAlias, resolveAlias } from './aliases.ts';
export { changeModel, changeVersion, type ModelChange, type VersionChange } from './change.ts';
export { createVersion } from './create-version.ts';
export { type AliasHolder, aliasesOf, aliasHolders } from './holders.ts';
export { inspectVersion } from './inspect.ts';
export { type Manifest, type ManifestFile, readManifest } from './inspection/manifest.ts';
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
export { isGuarded, type Target, targetText } from './guard.ts';
export { linkLoggedModel } from './origin.ts';
export { type Rollback, rollbackAlias } from './rollback.ts';
export { type RegistrySearch, searchModels, searchVersions } from './search.ts';
export { type StageName, stageNames, stageOf } from './stages.ts';
export { getReady } from './ready.ts';
export { readBundle, type Signing, signInspected, signVersion } from './signing/sign.ts';
export { checkSignature, type SignatureVerdict, verifyFiles } from './signing/verify.ts';
export { eventsOfVersion, movesOfVersion } from './version-history.ts';
export { getVersion, listVersions, versionByName, versionOf } from './versions.ts';
