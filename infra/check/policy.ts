import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
import type { Template, Value } from './template.ts';

/** What every resource of a type must say, whatever else it says. */
const musts: readonly { type: string; path: string; value: string | boolean }[] = [
  { type: 'Microsoft.Storage/storageAccounts', path: 'properties.allowSharedKeyAccess', value: false },
  { type: 'Microsoft.Storage/storageAccounts', path: 'properties.allowBlobPublicAccess', value: false },
  { type: 'Microsoft.Storage/storageAccounts', path: 'properties.supportsHttpsTrafficOnly', value: true },
  { type: 'Microsoft.Storage/storageAccounts', path: 'properties.minimumTlsVersion', value: 'TLS1_2' },
  {
    type: 'Microsoft.Storage/storageAccounts/blobServices/containers',
    path: 'properties.publicAccess',
    value: 'None',
  },
  {
    type: 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies',
    path: 'properties.allowProtectedAppendWrites',
    value: true,
  },
  { type: 'Microsoft.DocumentDB/databaseAccounts', path: 'properties.disableLocalAuth', value: true },
  {
    type: 'Microsoft.DocumentDB/databaseAccounts',
    path: 'properties.consistencyPolicy.defaultConsistencyLevel',
    value: 'Strong',
  },
  { type: 'Microsoft.KeyVault/vaults', path: 'properties.enableRbacAuthorization', value: true },
  { type: 'Microsoft.KeyVault/vaults', path: 'properties.enableSoftDelete', value: true },
  { type: 'Microsoft.KeyVault/vaults', path: 'properties.enablePurgeProtection', value: true },
  { type: 'Microsoft.Insights/components', path: 'properties.DisableLocalAuth', value: true },
  { type: 'Microsoft.Web/sites', path: 'properties.httpsOnly', value: true },
  { type: 'Microsoft.Web/sites', path: 'properties.siteConfig.minTlsVersion', value: '1.2' },
  {
    type: 'Microsoft.Web/sites/basicPublishingCredentialsPolicies',
    path: 'properties.allow',
    value: false,
  },
];

/** Built-in roles by id: an id that is not here is a typing error, or a right nobody has thought about. */
const roles: Readonly<Record<string, string>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a': 'Storage Queue Data Message Sender',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '12338af0-0e69-4776-bea7-57ae8d297424': 'Key Vault Crypto User',
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7': 'Key Vault Secrets Officer',
  '7f951dda-4ed3-4680-a7ca-43fe172d538d': 'AcrPull',
  '00000000-0000-0000-0000-000000000002': 'Cosmos DB Built-in Data Contributor',
};

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Holds the security decisions: no keys, no public blobs, TLS, known roles. */
export function checkPolicy(template: Template): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'policy', message });
  for (const { type, path, value } of musts)
    for (const resource of template.resources)
      if (!resource.existing && resource.type.split('@')[0] === type)
        if (plain(valueAt(resource.body, path)) !== value)
          report(resource.line, `${resource.symbol}: ${path} must be ${String(value)}`);
  for (const { name, line } of template.calls)
    if (name.startsWith('list')) report(line, `${name}() would read a key; identities are used instead`);
  for (const { name, line } of template.strings)
    if (guid.test(name) && !(name.toLowerCase() in roles))
      report(line, `${name} is not the id of a known role`);
  return findings;
}

function plain(value: Value | undefined): string | boolean | undefined {
  if (value?.kind === 'boolean') return value.boolean;
  return value?.kind === 'string' ? value.text : undefined;
}
