export { rulesOf } from './column-rules.ts';
export { createEndpoint, following, type NewDeployment, type NewEndpoint } from './create.ts';
export {
  getDataPolicy,
  isEndpointHighRisk,
  type NewDataPolicy,
  putDataPolicy,
} from './data-policy.ts';
export {
  aliasOf,
  type Deployment,
  type DeploymentSettings,
  deploymentSettingsDefault,
  type ExternalDeployment,
  mainOf,
  type ModelDeployment,
  type Pinned,
  pinnedOf,
  requireMain,
} from './deployment.ts';
export {
  type Endpoint,
  endpointName,
  type Limits,
  type Logging,
  type NonFinite,
  type Shares,
  type Sticky,
} from './endpoint.ts';
export { follow, followAlias } from './follow.ts';
export {
  atOnce,
  canaryShare,
  type EndedRollout,
  type Guards,
  type GuardResult,
  type Judgement,
  type Rollout,
  type RolloutPolicy,
  rolloutPolicyDefault,
} from './rollout.ts';
export {
  allEndpoints,
  changeEndpoint,
  endpointsOf,
  getEndpoint,
  getStored,
  listEndpoints,
  unknownEndpoint,
} from './store.ts';
export { onlyDeployment } from './upcast.ts';
