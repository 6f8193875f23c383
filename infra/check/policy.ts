import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { Template } from './template.ts';

type Plain = string | number | boolean;

const account = 'Microsoft.Storage/storageAccounts';
const blobService = `${account}/blobServices`;
const cosmos = 'Microsoft.DocumentDB/databaseAccounts';
const vault = 'Microsoft.KeyVault/vaults';

/** What every resource of a type says, whatever is deployed. */
const musts: readonly (readonly [type: string, path: string, value: Plain])[] = [
  [account, 'properties.allowSharedKeyAccess', false],
  [account, 'properties.allowBlobPublicAccess', false],
  [account, 'properties.supportsHttpsTrafficOnly', true],
  [account, 'properties.minimumTlsVersion', 'TLS1_2'],
  [blobService, 'properties.isVersioningEnabled', true],
  [blobService, 'properties.deleteRetentionPolicy.enabled', true],
  [blobService, 'properties.containerDeleteRetentionPolicy.enabled', true],
  [`${blobService}/containers`, 'properties.publicAccess', 'None'],
  [`${blobService}/containers/immutabilityPolicies`, 'properties.allowProtectedAppendWrites', true],
  [cosmos, 'properties.disableLocalAuth', true],
  [cosmos, 'properties.minimalTlsVersion', 'Tls12'],
  [cosmos, 'properties.consistencyPolicy.defaultConsistencyLevel', 'Strong'],
  [cosmos, 'properties.backupPolicy.type', 'Continuous'],
  [vault, 'properties.enableRbacAuthorization', true],
  [vault, 'properties.enableSoftDelete', true],
  [vault, 'properties.enablePurgeProtection', true],
  ['Microsoft.Insights/components', 'properties.DisableLocalAuth', true],
  ['Microsoft.OperationalInsights/workspaces', 'properties.features.disableLocalAuth', true],
  ['Microsoft.Web/serverfarms', 'sku.name', 'FC1'],
  ['Microsoft.Web/serverfarms', 'properties.reserved', true],
  ['Microsoft.Web/sites', 'kind', 'functionapp,linux'],
  ['Microsoft.Web/sites', 'properties.httpsOnly', true],
  ['Microsoft.Web/sites', 'properties.siteConfig.minTlsVersion', '1.2'],
  ['Microsoft.Web/sites', 'identity.type', 'UserAssigned'],
  [
    'Microsoft.Web/sites',
    'properties.functionAppConfig.deployment.storage.authentication.type',
    'UserAssignedIdentity',
  ],
  ['Microsoft.Web/sites/basicPublishingCredentialsPolicies', 'properties.allow', false],
  // A topic with an identity of the user's delivers nothing to a queue of an account without keys.
  ['Microsoft.EventGrid/systemTopics', 'identity.type', 'SystemAssigned'],
  ['Microsoft.EventGrid/systemTopics', 'properties.topicType', 'Microsoft.Storage.StorageAccounts'],
  [
    'Microsoft.EventGrid/systemTopics/eventSubscriptions',
    'properties.deliveryWithResourceIdentity.identity.type',
    'SystemAssigned',
  ],
  [
    'Microsoft.EventGrid/systemTopics/eventSubscriptions',
    'properties.deadLetterWithResourceIdentity.identity.type',
    'SystemAssigned',
  ],
];

/** What a parameter, where it is true, must lead to: no public network, and copies in several zones. */
const chosen: readonly (readonly [type: string, path: string, parameter: string, value: Plain])[] = [
  [account, 'properties.networkAcls.defaultAction', 'isPrivate', 'Deny'],
  [cosmos, 'properties.publicNetworkAccess', 'isPrivate', 'Disabled'],
  [vault, 'properties.publicNetworkAccess', 'isPrivate', 'Disabled'],
  [vault, 'properties.networkAcls.defaultAction', 'isPrivate', 'Deny'],
  [account, 'sku.name', 'zoneRedundant', 'Standard_ZRS'],
];

/** What no resource of a type says, since it would open a way in beside the identity. */
const mustNots: readonly (readonly [type: string, path: string])[] = [
  ['Microsoft.EventGrid/systemTopics', 'identity.userAssignedIdentities'],
  ['Microsoft.EventGrid/systemTopics/eventSubscriptions', 'properties.destination'],
  ['Microsoft.EventGrid/systemTopics/eventSubscriptions', 'properties.deadLetterDestination'],
  [vault, 'properties.accessPolicies'],
];

/** Password logins that Azure switches on for every app unless a resource says otherwise. */
const publishing = ['ftp', 'scm'];

/** Holds the decisions on security and safety: what must be said, and what must not, whatever is deployed. */
export function checkPolicy(template: Template, resolver: Resolver): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'policy', message });
  const made = template.resources.filter(({ existing }) => !existing);
  const ofType = (type: string) => made.filter((resource) => resource.type.split('@')[0] === type);
  for (const [type, path, value] of musts)
    for (const { body, line, symbol } of ofType(type))
      if (resolver.only(valueAt(body, path), template) !== value)
        report(line, `${symbol}: ${path} must be ${value}`);
  for (const [type, path, parameter, value] of chosen)
    for (const { body, line, symbol } of ofType(type)) {
      const source = valueAt(body, path)?.source ?? '';
      if (source !== `'${value}'` && !source.startsWith(`${parameter} ? '${value}' : `))
        report(line, `${symbol}: ${path} must be '${value}' where ${parameter}`);
    }
  for (const [type, path] of mustNots)
    for (const { body, line, symbol } of ofType(type))
      if (valueAt(body, path)) report(line, `${symbol}: ${path} must not be given`);
  for (const { symbol, line } of ofType('Microsoft.Web/sites')) {
    const off = ofType('Microsoft.Web/sites/basicPublishingCredentialsPolicies')
      .filter(({ body }) => valueAt(body, 'parent')?.source === symbol)
      .map(({ body }) => resolver.only(valueAt(body, 'name'), template));
    for (const name of publishing)
      if (!off.includes(name)) report(line, `${symbol}: nothing switches off publishing by ${name}`);
  }
  for (const { body, line, symbol } of made) {
    const location = valueAt(body, 'location')?.source ?? 'location';
    if (location !== 'location' && location !== "'global'")
      report(line, `${symbol}: location must be the parameter location, or 'global', not ${location}`);
  }
  for (const { name, line } of template.calls)
    if (name.startsWith('list')) report(line, `${name}() would read a key; identities are used instead`);
  return findings;
}
