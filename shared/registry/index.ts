export {
  aliasChange,
  aliasHolder,
  checkAlias,
  deleteAlias,
  heldByAnother,
  moveAlias,
  resolveAlias,
} from './aliases/aliases.ts';
export { aliasHistory, newestMoves } from './aliases/history.ts';
export { type AliasHolder, aliasesOf, aliasHolders } from './aliases/holders.ts';
export { type Rollback, rollbackAlias } from './aliases/rollback.ts';
export { changeModel, changeVersion, type ModelChange, type VersionChange } from './change.ts';
export {
  cleanModel,
  type CleanMessage,
  cleanVersion,
  deleteModel,
  deleteVersion,
  finishDeletion,
} from './delete.ts';
export { describeModel, describeVersion } from './describe.ts';
export { isGuarded, type Target, targetText } from './guard.ts';
export {
  inspectAgain,
  inspectConverted,
  type InspectMessage,
  inspectVersion,
  requestInspection,
} from './inspection/inspect.ts';
export { loggedExample } from './inspection/logged-example.ts';
export { listManifest, type Manifest, type ManifestFile, readManifest } from './inspection/manifest.ts';
export { portsOf } from './inspection/signature.ts';
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
export { createModel } from './models/create.ts';
export {
  isModelHighRisk,
  modelById,
  modelByName,
  modelIdOfName,
  unknownModel,
  visibleModel,
} from './models/models.ts';
export { modelNames } from './models/names-of.ts';
export { finishRename, renameModel } from './models/rename.ts';
export { isPrompt, promptTag } from './prompts.ts';
export {
  type FoundVersion,
  type RegistrySearch,
  searchModels,
  searchVersions,
  type VersionRoot,
} from './search/search.ts';
export { readBundle, type Signing, signInspected, signVersion } from './signing/sign.ts';
export { checkSignature, type SignatureVerdict, verifyFiles } from './signing/verify.ts';
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
export { conversionFolder } from './versions/conversion-folder.ts';
export { createVersion } from './versions/create.ts';
export { eventsOfVersion, movesOfVersion } from './versions/history.ts';
export { latestOfModels, latestVersions, versionByAlias } from './versions/latest.ts';
export { linkLoggedModel } from './versions/origin.ts';
export { getReady } from './versions/ready.ts';
export { getVersion, listVersions, versionByName, versionOf } from './versions/versions.ts';
