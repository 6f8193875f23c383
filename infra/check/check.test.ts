import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import bicepTypes from 'bicep-types';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkInfra, checkTemplates, readInfra } from './index.ts';
import { readTemplate, type Template } from './template.ts';
import { type AzureTypes, openTypes } from './types.ts';

const { TypeFactory, ScopeType, ObjectTypePropertyFlags, writeTypesJson } = bicepTypes;
const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let templates: Template[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-types-'));
  await writeFile(join(folder, 'storage.json'), writeTypesJson(storageTypes()));
  templates = await readInfra(root);
});
afterAll(() => rm(folder, { recursive: true }));

describe('a broken template is found out:', () => {
  test('what cannot be parsed', async () => {
    expect(await findingsOf('syntax')).toEqual(['6 syntax cannot be parsed: location:']);
  });

  test('properties, literals and versions that Azure does not know', async () => {
    await writeFile(join(folder, 'index.json'), JSON.stringify({ [storageType]: 'storage.json' }));
    expect(await findingsOf('types', await openTypes(folder))).toEqual([
      '4 policy account: properties.allowSharedKeyAccess must be false',
      '4 type account: kind is required',
      "5 type account: name must be at least 3 characters, but is 'no'",
      "7 type account: sku.name must be one of 'Standard_LRS', 'Standard_ZRS', but is 'Standard_LSR'",
      '9 type account: there is no property properties.allowSharedKeyAcess',
      "10 type account: properties.allowSharedKeyAccess must be true or false, but is 'false'",
      '14 type account: properties.creationTime is read-only',
      '18 type queue: no such type and version: Microsoft.Storage/storageAccounts/queueServices/queues@1999-01-01',
    ]);
  });

  test("the index of Azure's public repository serves as well", async () => {
    const index = { resources: { [storageType]: { $ref: `storage.json#/${storageTypes().length - 1}` } } };
    await writeFile(join(folder, 'index.json'), JSON.stringify(index));
    expect(await findingsOf('types', await openTypes(folder))).toContain('4 type account: kind is required');
  });

  test('keys, public blobs, old protocols, vaults that can be emptied and unknown roles', async () => {
    expect(await findingsOf('policy')).toEqual([
      '4 policy account: properties.allowBlobPublicAccess must be false',
      '4 policy account: properties.allowSharedKeyAccess must be false',
      '4 policy account: properties.minimumTlsVersion must be TLS1_2',
      '16 policy 8e3af657-a8ff-443c-a75c-2fe8c4bcb635 is not the id of a known role',
      "18 name 'listKeys' is not a function these templates may use",
      '18 policy listKeys() would read a key; identities are used instead',
      '21 policy vault: properties.enablePurgeProtection must be true',
      '21 policy vault: properties.enableRbacAuthorization must be true',
    ]);
  });

  test('names that lead nowhere and modules called wrongly', async () => {
    expect(await findingsOf('names')).toEqual([
      "3 name 'unused' is declared but not used",
      "5 module infra/generated/storage.bicep needs the parameter 'accountName'",
      "5 module infra/generated/storage.bicep needs the parameter 'retentionDaysMax'",
      "8 module infra/generated/storage.bicep has no parameter 'account'",
      '12 module there is no template at ./gone.bicep',
      "16 name 'locaton' is not declared",
      "17 module infra/generated/storage.bicep has no output 'names'",
      "18 name 'toLowerCase' is not a function these templates may use",
    ]);
  });

  test('settings, queues and containers that the code does not declare', async () => {
    expect(await findingsOf('declaration')).toEqual([
      '16 declaration the code reads no app setting CAIRN_SURFACE',
      '17 declaration the app setting COSMOS_KEY is not for Azure',
      "25 declaration events must be filtered to a declared blob container, not 'uploads'",
      "25 declaration no queue 'blob-event' is declared",
    ]);
  });
});

describe('our infrastructure', () => {
  test('has no finding', async () => {
    expect(await checkInfra(templates, undefined)).toEqual([]);
  });

  test('gets from its parameter file only what it asks for, and all that it needs', async () => {
    const { parameters } = JSON.parse(await readFile(join(root, 'infra/main.parameters.json'), 'utf8')) as {
      parameters: Record<string, unknown>;
    };
    const asked = templates.find(({ file }) => file === 'infra/main.bicep')?.parameters ?? [];
    const given = Object.keys(parameters);
    expect(asked.map(({ name }) => name)).toEqual(expect.arrayContaining(given));
    expect(given).toEqual(
      expect.arrayContaining(asked.filter(({ required }) => required).map(({ name }) => name)),
    );
  });

  test('and host.json agree on base64, which Event Grid writes to queues', async () => {
    const host = JSON.parse(await readFile(join(root, 'host.json'), 'utf8')) as unknown;
    expect(host).toMatchObject({ extensions: { queues: { messageEncoding: 'base64' } } });
  });

  test.each([
    [
      'infra/generated/documents.bicep',
      "no Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers named 'runs'",
    ],
    [
      'infra/generated/storage.bicep',
      "no Microsoft.Storage/storageAccounts/queueServices/queues named 'work-poison'",
    ],
    [
      'infra/generated/storage.bicep',
      "no Microsoft.Storage/storageAccounts/blobServices/containers named 'artifacts'",
    ],
    ['infra/generated/settings.bicep', 'the app setting COSMOS_ENDPOINT is not set'],
    ['infra/modules/settings.bicep', 'the app setting COSMOS_ENDPOINT is not set'],
  ])('without %s would lack something the code uses: %s', async (file, message) => {
    const rest = templates.filter((template) => template.file !== file);
    const findings = await checkInfra(rest, undefined);
    expect(findings.filter(({ rule }) => rule === 'declaration').map((finding) => finding.message)).toContain(
      message,
    );
  });
});

/** `line rule message` of each finding in a broken template, read as if it stood among ours. */
async function findingsOf(name: string, types?: AzureTypes): Promise<string[]> {
  const file = `infra/check/broken/${name}.bicep`;
  const broken = await readTemplate(file, await readFile(join(root, file), 'utf8'));
  const findings = await checkTemplates([...templates, broken], types);
  return findings
    .filter((finding) => finding.file === file)
    .map(({ line, rule, message }) => `${line} ${rule} ${message}`)
    .toSorted((a, b) => Number.parseInt(a) - Number.parseInt(b) || (a < b ? -1 : 1));
}

const storageType = 'Microsoft.Storage/storageAccounts@2024-01-01';

/** The part of a storage account's description that the broken template touches. */
function storageTypes() {
  const factory = new TypeFactory();
  const { None, Required, ReadOnly } = ObjectTypePropertyFlags;
  const of = (type: bicepTypes.TypeReference, flags = None) => ({ type, flags });
  const text = factory.addStringType();
  const flag = factory.addBooleanType();
  const names = ['Standard_LRS', 'Standard_ZRS'].map((name) => factory.addStringLiteralType(name));
  const sku = factory.addObjectType('Sku', { name: of(factory.addUnionType([...names, text]), Required) });
  const properties = factory.addObjectType('Properties', {
    allowSharedKeyAccess: of(flag),
    allowBlobPublicAccess: of(flag),
    supportsHttpsTrafficOnly: of(flag),
    minimumTlsVersion: of(text),
    creationTime: of(text, ReadOnly),
  });
  const body = factory.addObjectType('Account', {
    name: of(factory.addStringType(undefined, 3, 24), Required),
    location: of(text, Required),
    kind: of(text, Required),
    sku: of(sku, Required),
    properties: of(properties),
  });
  factory.addResourceType(storageType, body, ScopeType.ResourceGroup, ScopeType.ResourceGroup);
  return factory.types;
}
