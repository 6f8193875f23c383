import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import bicepTypes from 'bicep-types';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDiagnostics, checkFiles, checkServices } from './coverage.ts';
import { checkReads } from './declaration.ts';
import { checkInfra, checkTemplates, type Infra, readInfra } from './index.ts';
import { checkParameters } from './parameters.ts';
import { Resolver } from './resolve.ts';
import { readTemplate, type Template } from './template.ts';
import { type AzureTypes, openTypes } from './types.ts';

const { TypeFactory, ScopeType, ObjectTypePropertyFlags, writeTypesJson } = bicepTypes;
const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let infra: Infra;
let templates: readonly Template[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-types-'));
  await writeFile(join(folder, 'storage.json'), writeTypesJson(storageTypes()));
  infra = await readInfra(root);
  templates = infra.templates;
});
afterAll(() => rm(folder, { recursive: true }));

describe('a broken template is found out:', () => {
  test('what cannot be parsed', async () => {
    expect(await findingsOf('syntax')).toEqual(['6 syntax cannot be parsed: location:']);
  });

  test('properties, literals and versions that Azure does not know', async () => {
    await writeFile(join(folder, 'index.json'), JSON.stringify({ [storageType]: 'storage.json' }));
    expect(await findingsOf('types', await openTypes(folder))).toEqual([
      '5 policy account: properties.allowSharedKeyAccess must be false',
      "5 policy account: properties.networkAcls.defaultAction must be 'Deny' where isPrivate",
      "5 policy account: sku.name must be 'Standard_ZRS' where zoneRedundant",
      '5 tags account: has no tag azd-env-name, by which azd finds what is its own and costs are told apart',
      '5 type account: kind is required',
      "6 type account: name must be at least 3 characters, but is 'no'",
      "8 type account: sku.name must be one of 'Standard_LRS', 'Standard_ZRS', but is 'Standard_LSR'",
      '10 type account: there is no property properties.allowSharedKeyAcess',
      "11 type account: properties.allowSharedKeyAccess must be true or false, but is 'false'",
      '15 type account: properties.creationTime is read-only',
      '19 type queue: no such type and version: Microsoft.Storage/storageAccounts/queueServices/queues@1999-01-01',
      '19 version queue: 1999-01-01 is used here and 2024-01-01 elsewhere',
      '23 type account: there is no property properties.primaryEndpoint to read',
    ]);
  });

  test("the index of Azure's public repository serves as well", async () => {
    const index = { resources: { [storageType]: { $ref: `storage.json#/${storageTypes().length - 1}` } } };
    await writeFile(join(folder, 'index.json'), JSON.stringify(index));
    expect(await findingsOf('types', await openTypes(folder))).toContain('5 type account: kind is required');
  });

  test('keys, public blobs, old protocols and vaults that can be emptied: said, left out, or let in by a way round', async () => {
    expect(await findingsOf('policy')).toEqual([
      '10 policy account: properties.allowBlobPublicAccess must be false',
      '10 policy account: properties.allowSharedKeyAccess must be false',
      '10 policy account: properties.minimumTlsVersion must be TLS1_2',
      "10 policy account: properties.networkAcls.defaultAction must be 'Deny' where isPrivate",
      "10 policy account: sku.name must be 'Standard_ZRS' where zoneRedundant",
      "25 name 'listKeys' is not a function these templates may use",
      '25 policy listKeys() would read a key; identities are used instead',
      "25 secret the output 'key' would show a key",
      '27 policy vault: properties.accessPolicies must not be given',
      '27 policy vault: properties.enablePurgeProtection must be true',
      '27 policy vault: properties.enableRbacAuthorization must be true',
      "27 policy vault: properties.networkAcls.defaultAction must be 'Deny' where isPrivate",
      "27 policy vault: properties.publicNetworkAccess must be 'Disabled' where isPrivate",
      '40 policy site: identity.type must be UserAssigned',
      '40 policy site: kind must be functionapp,linux',
      "40 policy site: location must be the parameter location, or 'global', not 'westeurope'",
      '40 policy site: nothing switches off publishing by ftp',
      '40 policy site: properties.functionAppConfig.deployment.storage.authentication.type must be UserAssignedIdentity',
    ]);
  });

  test('identities of the user where Event Grid delivers', async () => {
    expect(await findingsOf('events')).toEqual([
      '8 policy topic: identity.type must be SystemAssigned',
      '8 policy topic: identity.userAssignedIdentities must not be given',
      "22 declaration events must be of the type 'Microsoft.Storage.BlobCreated' alone, not 'Microsoft.Storage.BlobCreate'",
      '22 order uploads: must wait for mayEnqueue by dependsOn: without that right nothing is delivered',
      '22 policy uploads: properties.deadLetterWithResourceIdentity.identity.type must be SystemAssigned',
      '22 policy uploads: properties.deliveryWithResourceIdentity.identity.type must be SystemAssigned',
      '22 policy uploads: properties.destination must not be given',
    ]);
  });

  test('rights that are too wide, and such as cannot be told', async () => {
    expect(await findingsOf('roles')).toEqual([
      '6 role 8e3af657-a8ff-443c-a75c-2fe8c4bcb635 is not the id of a known role',
      '26 role wide: Storage Blob Data Contributor is given on Microsoft.Storage/storageAccounts, not on Microsoft.Storage/storageAccounts/blobServices/containers',
      '26 role wide: name must be a guid of blobContributor too, or it is that of another assignment',
      '36 role everywhere: Storage Queue Data Message Sender is given on the resource group, not on Microsoft.Storage/storageAccounts',
      '47 role hidden: properties.principalId must be a principalId',
      '47 role hidden: properties.principalType must be given: an identity that was just made is not found without it',
      '47 role hidden: what role it gives cannot be told',
      '56 role ours: Microsoft.App/jobs/* is too much for a role of ours',
      '56 role ours: Microsoft.Authorization/roleAssignments/write is too much for a role of ours',
      '73 role oursEverywhere: our role is given on the resource group',
    ]);
  });

  test('secrets that the history of deployments would show', async () => {
    expect(await findingsOf('secrets')).toEqual([
      "2 secret 'clientSecret' is a secret by its name, and lacks @secure()",
      "16 secret the output 'shown' would show the secret 'password'",
      "17 secret the output 'connection' would show a key",
      "19 secret the output 'hidden' would show a key",
    ]);
  });

  test('values that a module does not take, wherever they come from', async () => {
    expect(await findingsOf('values')).toEqual([
      "12 module infra/modules/app.bicep takes for 'tags' an object, not 'none'",
      "13 module infra/modules/app.bicep takes for 'suffix' a string, not 5",
      "19 module infra/modules/app.bicep takes for 'instanceMemoryMB' a whole number, not '${size}'",
      "20 module infra/modules/app.bicep takes for 'instanceCountMax' a whole number, not '100'",
      "21 module infra/modules/app.bicep takes for 'alwaysReady' a whole number, not true",
      "23 module infra/modules/app.bicep takes for 'zoneRedundant' true or false, not 'false'",
      "32 module infra/main.bicep takes for 'environmentName' at least 1 characters, not 0",
      "34 module infra/main.bicep takes for 'apps' one of 'one', 'two', not 'three'",
      "35 module infra/main.bicep takes for 'instanceMemoryMB' one of 512, 2048, 4096, not 3000",
      "36 module infra/main.bicep takes for 'alwaysReady' at least 0, not -1",
      "37 module infra/main.bicep takes for 'httpConcurrency' at most 1000, not 1001",
    ]);
  });

  test('waiting for what is named anyway', async () => {
    expect(await findingsOf('order')).toEqual(['24 order dependsOn plan is needless: it is named here']);
  });

  test('what is put together wrongly', async () => {
    expect(await findingsOf('structure')).toEqual([
      "4 structure 'location' is declared twice",
      '17 structure packages: parent must be a Microsoft.Storage/storageAccounts/blobServices, and queues is none',
      "22 structure 'publicAccess' is declared twice",
      '26 structure blobs: has no parent, which is to be a Microsoft.Storage/storageAccounts',
      "30 structure group: a resource group is made where targetScope is 'subscription'",
      '36 structure main: needs a scope, since it is deployed to a subscription',
      '52 structure declared may not be deployed: ask by a condition before deadLetterContainer of it is read',
      "56 structure 'zone' is declared twice",
    ]);
  });

  test('what lacks tags, and versions that nobody can rely on', async () => {
    expect(await findingsOf('upkeep')).toEqual([
      '5 tags vault: has no tag azd-env-name, by which azd finds what is its own and costs are told apart',
      '10 tags queue: has no tag azd-env-name, by which azd finds what is its own and costs are told apart',
      '16 version network: 2023-04-01 is used here and 2024-05-01 elsewhere',
      '22 version hub: 2024-02-02-preview is a preview, which Azure takes away',
    ]);
  });

  test('logs that nobody keeps', async () => {
    const broken = await brokenTemplate('logs');
    expect(await findingsOf('logs')).toEqual([]);
    expect(checkDiagnostics([broken])).toEqual([
      {
        file: broken.file,
        line: 6,
        rule: 'diagnostics',
        message: 'vault: no diagnostic settings send AuditEvent to the workspace',
      },
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
      "19 module the output 'zones' must be a whole number, not location",
      "20 module the output 'count' must be a whole number, not 'two'",
    ]);
  });

  test('settings, queues and containers that the code does not declare', async () => {
    expect(await findingsOf('declaration')).toEqual([
      '16 declaration the code reads no app setting CAIRN_SURFACE',
      '17 declaration the app setting COSMOS_KEY is not for Azure',
      "25 declaration events must be filtered to a declared blob container, not 'uploads'",
      "25 declaration events must be of the type 'Microsoft.Storage.BlobCreated' alone, not all",
      "25 declaration events must go to the queue 'blob-events', not 'blob-event'",
    ]);
  });
});

test('a name that a condition has found filled is not taken for empty, and any other is', async () => {
  const template = await readTemplate(
    'infra/one.bicep',
    `param given string = ''
output one string = empty(given) ? 'own' : given
output two string = !empty(given) ? given : 'own'
output three string = empty(given) ? given : 'own'
`,
  );
  const resolver = new Resolver([template]);
  const texts = template.outputs.map(({ value }) =>
    resolver.possible(value, template).flatMap((one) => (one.kind === 'string' ? [one.text] : [])),
  );
  expect(texts).toEqual([['own'], ['own'], ['', 'own']]);
});

describe('our infrastructure', () => {
  test('has no finding', async () => {
    expect(await checkInfra(infra, undefined)).toEqual([]);
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
    ['infra/modules/settings.bicep', 'the app setting APPLICATIONINSIGHTS_AUTHENTICATION_STRING is not set'],
  ])('without %s would lack something the code uses: %s', async (file, message) => {
    const rest = templates.filter((template) => template.file !== file);
    const findings = await checkInfra({ ...infra, templates: rest }, undefined);
    expect(findings.filter(({ rule }) => rule === 'declaration').map((finding) => finding.message)).toContain(
      message,
    );
  });
});

describe('what stands beside the templates is held to them:', () => {
  test('services of azure.yaml, by the tags of what they are deployed to', async () => {
    const all = [...templates, await brokenTemplate('values')];
    const told = (services: string[]) =>
      checkServices(all, new Resolver(all), services).map(({ file, message }) => `${file} ${message}`);
    expect(told(['app', 'inference', 'web'])).toEqual([
      'azure.yaml no resource is tagged azd-service-name: web',
      'infra/modules/app.bicep azure.yaml has no service three',
    ]);
    expect(told(['app', 'three'])).toEqual(['infra/modules/app.bicep azure.yaml has no service inference']);
  });

  test('files that a template reads into itself', async () => {
    const broken = await brokenTemplate('names');
    expect(checkFiles([broken], infra.files).map(({ line, message }) => `${line} ${message}`)).toEqual([
      '21 there is no file ../../queries/gone.kql',
    ]);
    expect(checkFiles(templates, infra.files)).toEqual([]);
    expect(templates.flatMap(({ loads }) => loads).length).toBeGreaterThan(0);
  });

  test('what is made of declarations, and was changed by hand', async () => {
    const copy = join(folder, 'copy');
    for (const part of ['infra', 'azure.yaml'])
      await cp(join(root, part), join(copy, part), { recursive: true });
    const file = 'infra/generated/documents.bicep';
    await appendFile(join(copy, file), '// by hand\n');
    const findings = await checkInfra(await readInfra(copy), undefined);
    expect(findings.map((finding) => `${finding.file} ${finding.message}`)).toEqual([
      `${file} is not what shared/resources.ts and shared/settings.ts make of it: npm run generate`,
    ]);
  });

  test('parameters of azd, by name, type and default', () => {
    const main = templates.find(({ file }) => file === 'infra/main.bicep');
    const value = {
      environmentName: '${AZURE_ENV_NAME}',
      apps: '${CAIRN_APPS=three}',
      instanceMemoryMB: '${CAIRN_INSTANCE_MB=1024}',
      alwaysReady: '${CAIRN_ALWAYS_READY=none}',
      network: '${CAIRN_NETWORK=private}',
      shape: '${CAIRN_SHAPE=}',
    };
    const given = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, { value: one }]));
    const text = JSON.stringify({ parameters: given }, undefined, 1);
    expect(main && checkParameters(main, text).map(({ line, message }) => `${line} ${message}`)).toEqual([
      "6 'apps' must be one of 'one', 'two', not 'three'",
      "6 'apps' is 'three' here and 'one' in main.bicep",
      "9 'instanceMemoryMB' must be one of 512, 2048, 4096, not 1024",
      "9 'instanceMemoryMB' is 1024 here and 2048 in main.bicep",
      "12 'alwaysReady' must be a whole number, not 'none'",
      "15 'network' is 'private' here and 'public' in main.bicep",
      "18 main.bicep has no parameter 'shape'",
      "1 main.bicep needs the parameter 'location'",
    ]);
  });

  test('what the code reads of its environment, which is a setting', () => {
    const code = new Map([
      ['shared/a.ts', "const a = 1;\nprocess.env['CAIRN_TYPO'] ?? process.env.WEBSITE_SITE_NAME;"],
      ['functions/b.ts', "process.env['CAIRN_SURFACES']; process.env.OTHER"],
    ]);
    expect(
      checkReads(templates, code).map(({ file, line, message }) => `${file}:${line} ${message}`),
    ).toEqual([
      'shared/a.ts:2 the code reads CAIRN_TYPO, which is no setting',
      'functions/b.ts:1 the code reads OTHER, which is no setting',
    ]);
  });
});

async function brokenTemplate(name: string): Promise<Template> {
  const file = `infra/check/broken/${name}.bicep`;
  return readTemplate(file, await readFile(join(root, file), 'utf8'));
}

/** `line rule message` of each finding in a broken template, read as if it stood among ours. */
async function findingsOf(name: string, types?: AzureTypes): Promise<string[]> {
  const broken = await brokenTemplate(name);
  const findings = await checkTemplates([...templates, broken], types);
  return findings
    .filter(({ file }) => file === broken.file)
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
