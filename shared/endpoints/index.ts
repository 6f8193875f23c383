export { rulesOf } from './column-rules.ts';
export { isEndpointHighRisk, readyVersions } from './check-policy.ts';
export { createEndpoint } from './create.ts';
export { getDataPolicy, type NewDataPolicy, putDataPolicy } from './data-policy.ts';
export { deleteEndpoint, endKeeping } from './delete.ts';
export {
  aliasOf,
  type Deployment,
  type DeploymentSettings,
  deploymentSettingsDefault,
  type ExternalDeployment,
  mainOf,
  modelIdsOf,
  type ModelDeployment,
  type Pinned,
  pinnedOf,
  requireMain,
} from './deployment.ts';
export {
  type Endpoint,
  endpointName,
  type GoneEndpoint,
  type Limits,
  type Logged,
  type Logging,
  type NonFinite,
  type Shares,
  type Sticky,
} from './endpoint.ts';
export { etagOf } from './etag.ts';
export { follow, followAlias } from './follow.ts';
export {
  type EndpointChange,
  following,
  type NewDeployment,
  type NewEndpoint,
} from './input.ts';
export { defaultDays, maskedColumns } from './logging.ts';
export { memoryOf, modelBytesMax } from './memory.ts';
export {
  atOnce,
  canaryShare,
  type EndedRollout,
  endedRollout,
  type Guards,
  type GuardResult,
  type Judgement,
  type Rollout,
  type RolloutPolicy,
  rolloutPolicyDefault,
  toldOfRollout,
} from './rollout.ts';
export { changeRollout, noteJudgement } from './rollout-change.ts';
export { unwatchRollouts, watchRollouts } from './rollout-watch.ts';
export {
  allLogged,
  changeEndpoint,
  endpointsOf,
  getEndpoint,
  getLogged,
  getStored,
  listEndpoints,
  unknownEndpoint,
} from './store.ts';
export { onlyDeployment } from './upcast.ts';
export { updateEndpoint } from './update.ts';
export { waitingFor } from './waiting.ts';
