export { rulesOf } from './column-rules.ts';
export {
  getDataPolicy,
  isEndpointHighRisk,
  type NewDataPolicy,
  putDataPolicy,
} from './data-policy.ts';
export { type Endpoint, endpointName, type NewEndpoint, type Pinned } from './endpoint.ts';
export {
  allEndpoints,
  createEndpoint,
  endpointsOf,
  follow,
  followAlias,
  getEndpoint,
  listEndpoints,
  unknownEndpoint,
} from './endpoints.ts';
