export {
  type Access,
  fullAccess,
  isVisible,
  type Resource,
  type ResourceType,
  resourceTypes,
  type Visible,
} from './access.ts';
export { githubClaims, identify, type Presented, type SignInPort } from './authentication/authenticator.ts';
export { flushSeen, noteSeen, seenId } from './authentication/seen.ts';
export { type AccessChange, changeAccess, type Edit, readAccess } from './change.ts';
export { accessOf, noAccess } from './decide.ts';
export { checkDirectory, directoryCheckSeconds } from './directory.ts';
export type { AccessState } from './held.ts';
export { type Identity, nobody } from './identity.ts';
export type {
  AccessDocument,
  AccessRoot,
  GoneDocument,
  GrantDocument,
  GroupDocument,
  PrincipalDocument,
  PrincipalKind,
  SeenDocument,
  Subject,
  TokenDocument,
  TrustDocument,
  WorkspaceDocument,
  WorkspaceLimits,
} from './model.ts';
export { accessId, accessKey, defaultWorkspace, workspacePattern } from './model.ts';
export { isOffboarded } from './offboarded.ts';
export { type AccessPort, accessState } from './state.ts';
export {
  createGrant,
  deleteGrant,
  dropGrants,
  listGrants,
} from './grants.ts';
export { mayManage } from './granting.ts';
export { deleteGroup, getGroup, listGroups, putGroup } from './groups.ts';
export { finishEnding } from './end.ts';
export {
  changePrincipal,
  createPrincipal,
  deletePrincipal,
  getPrincipal,
  lastSeen,
  listPrincipals,
} from './principals.ts';
export { positionOf, type ReviewFilter, type ReviewLine, reviewOf } from './review.ts';
export { allSeen, liveTokenCounts } from './review-uses.ts';
export { deleteTrust, finishTrust, getTrust, listTrusts, putTrust } from './trusts.ts';
export {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  getWorkspace,
  isWorkspace,
  listWorkspaces,
  type WorkspaceChange,
} from './workspaces.ts';
export { accessOfPrincipal, type Place, rulesAt, setRule } from './rule.ts';
export { covers, lesser, type Role, roles } from './role.ts';
export {
  createToken,
  listTokens,
  type NewToken,
  requireDeploymentAdmin,
  revokeToken,
  type TokenUse,
} from './tokens/tokens.ts';
export { firstToken } from './tokens/first-token.ts';
export { setPassword, verifyPassword } from './passwords/passwords.ts';
export { passwordHash } from './passwords/hash.ts';
export { endJobTokens, isOfJob, jobToken } from './tokens/job-tokens.ts';
