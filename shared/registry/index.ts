export { aliasHistory } from './alias-history.ts';
export {
  aliasChange,
  aliasHolder,
  checkAlias,
  deleteAlias,
  heldByAnother,
  moveAlias,
  resolveAlias,
} from './aliases.ts';
export { changeModel, changeVersion, type ModelChange, type VersionChange } from './change.ts';
export { createModel } from './create-model.ts';
export { conversionFolder } from './conversion-folder.ts';
export { createVersion } from './create-version.ts';
export {
  cleanModel,
  type CleanMessage,
  cleanVersion,
  deleteModel,
  deleteVersion,
  finishDeletion,
} from './delete.ts';
export { describeModel, describeVersion } from './describe.ts';
export { type AliasHolder, aliasesOf, aliasHolders } from './holders.ts';
export {
  inspectAgain,
  inspectConverted,
  type InspectMessage,
  inspectVersion,
  requestInspection,
} from './inspection/inspect.ts';
export { portsOf } from './inspection/signature.ts';
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
export { modelById, modelByName } from './models.ts';
export { isGuarded, type Target, targetText } from './guard.ts';
export { linkLoggedModel } from './origin.ts';
export { isPrompt, promptTag } from './prompts.ts';
export { finishRename, renameModel } from './rename.ts';
export { latestOfModels, latestVersions, versionByAlias } from './latest.ts';
export { type Rollback, rollbackAlias } from './rollback.ts';
export {
  type FoundVersion,
  type RegistrySearch,
  searchModels,
  searchVersions,
  type VersionRoot,
} from './search.ts';
export {
  stageChange,
  type StageName,
  stageNamed,
  stageNames,
  stageOf,
  type Transition,
  transitionStage,
} from './stages.ts';
export { deleteModelTag, deleteVersionTag, setModelTag, setVersionTag } from './tags.ts';
export { getReady } from './ready.ts';
export { readBundle, type Signing, signInspected, signVersion } from './signing/sign.ts';
export { checkSignature, type SignatureVerdict, verifyFiles } from './signing/verify.ts';
export { eventsOfVersion, movesOfVersion } from './version-history.ts';
export { getVersion, listVersions, versionByName, versionOf } from './versions.ts';
