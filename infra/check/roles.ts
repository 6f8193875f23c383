import type { Finding } from './finding.ts';
import { valueAt } from './finding.ts';
import type { Resolver } from './resolve.ts';
import type { Resource, Template } from './template.ts';

/**
 * The roles that are given, by id, and on what each may be. An id that is not here is a typing error, or a right nobody
 * has thought about. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 */
const roles: Readonly<Record<string, { readonly name: string; readonly on: readonly string[] }>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': {
    name: 'Storage Blob Data Owner',
    on: ['Microsoft.Storage/storageAccounts'],
  },
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': {
    name: 'Storage Queue Data Contributor',
    on: ['Microsoft.Storage/storageAccounts'],
  },
  'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a': {
    name: 'Storage Queue Data Message Sender',
    on: ['Microsoft.Storage/storageAccounts'],
  },
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': {
    name: 'Storage Blob Data Contributor',
    on: ['Microsoft.Storage/storageAccounts/blobServices/containers'],
  },
  '3913510d-42f4-4e42-8a64-420c390055eb': {
    name: 'Monitoring Metrics Publisher',
    on: ['Microsoft.Insights/components'],
  },
  '12338af0-0e69-4776-bea7-57ae8d297424': {
    name: 'Key Vault Crypto User',
    on: ['Microsoft.KeyVault/vaults/keys'],
  },
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7': {
    name: 'Key Vault Secrets Officer',
    on: ['Microsoft.KeyVault/vaults'],
  },
  '7f951dda-4ed3-4680-a7ca-43fe172d538d': { name: 'AcrPull', on: ['Microsoft.ContainerRegistry/registries'] },
  '00000000-0000-0000-0000-000000000002': {
    name: 'Cosmos DB Built-in Data Contributor',
    on: ['Microsoft.DocumentDB/databaseAccounts'],
  },
};

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const definition = 'Microsoft.Authorization/roleDefinitions';

/** Holds who may do what: known roles, each on no more than it is for, and roles of our own without wildcards. */
export function checkRoles(template: Template, resolver: Resolver): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'role', message });
  for (const { name, line } of template.strings)
    if (guid.test(name) && !(name.toLowerCase() in roles))
      report(line, `${name} is not the id of a known role`);
  for (const resource of template.resources.filter(({ existing }) => !existing)) {
    const { body, line, symbol, over } = resource;
    if (typeOf(resource) === definition) {
      const actions = resolver.textsIn(valueAt(body, 'properties.permissions')?.source ?? '', template);
      for (const action of actions)
        if (/\*|^Microsoft\.Authorization\//.test(action))
          report(line, `${symbol}: ${action} is too much for a role of ours`);
    }
    const on = scopeOf(resource, template);
    if (on === undefined) continue;
    const source = valueAt(body, 'properties.roleDefinitionId')?.source ?? '';
    const given = resolver.textsIn(source, template, over).filter((text) => guid.test(text));
    const isOurs = template.resources.some(
      (one) => typeOf(one) === definition && source === `${one.symbol}.id`,
    );
    for (const problem of carelessly(resource)) report(line, `${symbol}: ${problem}`);
    if (given.length === 0 && !isOurs) report(line, `${symbol}: what role it gives cannot be told`);
    for (const id of given) {
      const role = roles[id.toLowerCase()];
      if (role && !role.on.includes(on))
        report(line, `${symbol}: ${role.name} is given on ${on}, not on ${role.on.join(' or ')}`);
    }
    if (isOurs && on === 'the resource group')
      report(line, `${symbol}: our role is given on the resource group`);
  }
  return findings;
}

/** What lets an assignment fail, hit another one of the same name, or give the role to something else. */
function carelessly({ type, body }: Resource): string[] {
  const source = (path: string) => valueAt(body, path)?.source ?? '';
  const isOfAzure = type.startsWith('Microsoft.Authorization/');
  const name = source('name');
  const [, role = ''] = /(\w+)(?:\.\w+)?\W*$/.exec(source('properties.roleDefinitionId')) ?? [];
  const [principal = ''] = source('properties.principalId').split('.');
  const parts = [source(isOfAzure ? 'scope' : 'parent'), principal, role];
  return [
    ...(/principalId$/i.test(source('properties.principalId'))
      ? []
      : ['properties.principalId must be a principalId']),
    ...(isOfAzure && source('properties.principalType') === ''
      ? ['properties.principalType must be given: an identity that was just made is not found without it']
      : []),
    ...parts
      .filter((part) => part !== '' && !new RegExp(`\\b${part}\\b`).test(name))
      .map((part) => `name must be a guid of ${part} too, or it is that of another assignment`),
  ];
}

/** The type of what a role is given on; `undefined` for what gives none. */
function scopeOf(resource: Resource, template: Template): string | undefined {
  const symbolOf = (path: string) => valueAt(resource.body, path)?.source.replace(/\.id$/, '');
  const typeNamed = (symbol: string | undefined) => {
    const found = template.resources.find((one) => one.symbol === symbol);
    return found ? typeOf(found) : 'the resource group';
  };
  switch (typeOf(resource)) {
    case 'Microsoft.Authorization/roleAssignments':
      return typeNamed(symbolOf('scope'));
    case 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments':
      return typeNamed(symbolOf('properties.scope'));
    default:
      return undefined;
  }
}

function typeOf({ type }: Resource): string {
  return type.split('@')[0] ?? '';
}
