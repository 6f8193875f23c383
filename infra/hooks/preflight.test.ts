import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listPrices, shapeDefault } from '../../scripts/cost/estimate.ts';
import { costLines, preflight, shapeOf } from './checks.ts';
import { findingsOfValues, parametersOf, withDefaults } from './parameters.ts';
import { allows } from './rights.ts';
import { providersOf } from './subscription.ts';
import { answering, fakeAzd, ran, type Route } from './testing.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFile(join(root, path), 'utf8');
const parameters = parametersOf(await read('infra/main.bicep'), await read('infra/main.parameters.json'));

const at = '/subscriptions/s1';
const flex = (version: string) => ({
  stackSettings: {
    linuxRuntimeSettings: {
      Sku: [{ skuCode: 'FC1', functionAppConfigProperties: { runtime: { name: 'node', version } } }],
    },
  },
});
/** A subscription in which everything is well. */
const well: readonly (readonly [string, Route])[] = [
  [`GET ${at}`, { body: { state: 'Enabled' } }],
  [
    `GET ${at}/providers/Microsoft.Authorization/permissions`,
    { body: { value: [{ actions: ['*'], notActions: [] }] } },
  ],
  [
    `GET ${at}/providers/Microsoft.Web/geoRegions`,
    {
      body: {
        value: [
          { name: 'West Europe', properties: { orgDomain: 'PUBLIC;FLEXCONSUMPTION' } },
          { name: 'East US 2', properties: { orgDomain: 'PUBLIC;FLEXCONSUMPTION;FCZONEREDUNDANCY' } },
        ],
      },
    },
  ],
  [
    'GET /providers/Microsoft.Web/locations/westeurope/functionAppStacks',
    {
      body: {
        value: [
          {
            properties: {
              majorVersions: [
                { minorVersions: [flex('22')] },
                { minorVersions: [flex('20'), { stackSettings: { linuxRuntimeSettings: { Sku: null } } }] },
              ],
            },
          },
        ],
      },
    },
  ],
  ...providersOf({ isPrivate: true, trains: true, hasBudget: true }).map(
    (namespace) =>
      [`GET ${at}/providers/${namespace}`, { body: { registrationState: 'Registered' } }] as const,
  ),
  [`GET ${at}/providers/Microsoft.KeyVault/deletedVaults`, { body: { value: [] } }],
];
const values = { AZURE_ENV_NAME: 'dev', AZURE_SUBSCRIPTION_ID: 's1', AZURE_LOCATION: 'westeurope' };

const routes = new Map<string, Route>();
let arm: Awaited<ReturnType<typeof answering>>;
beforeAll(async () => {
  arm = await answering(routes);
});
afterAll(() => arm.close());
beforeEach(() => {
  routes.clear();
  for (const [path, route] of well) routes.set(path, route);
  arm.asked.length = 0;
});

/** What is found where the subscription differs from one in which all is well by `route`. */
async function found(route?: readonly [string, Route], more: Record<string, string> = {}, register = false) {
  if (route) routes.set(...route);
  const azd = { token: () => Promise.resolve('secret') };
  const findings = await preflight({
    azd,
    parameters,
    values: { ...values, ...more },
    management: arm.url,
    register,
  });
  return findings.map(({ is, what, fix }) => `${is}: ${what} ${fix}`);
}

describe('a subscription', () => {
  test('in which all is well has no findings, and every call carries the token', async () => {
    expect(await found()).toEqual([]);
    expect(new Set(arm.asked.map(({ method, authorization }) => `${method} ${authorization}`))).toEqual(
      new Set(['GET Bearer secret']),
    );
  });

  const group = `GET ${at}/resourcegroups/rg-dev`;
  const vault = {
    name: 'kv-cairn-abc',
    properties: {
      vaultId: `${at}/resourceGroups/rg-dev/providers/Microsoft.KeyVault/vaults/kv-cairn-abc`,
      location: 'westeurope',
      scheduledPurgeDate: '2027-01-01T00:00:00Z',
    },
  };
  const elsewhere = { ...vault, properties: { ...vault.properties, location: 'eastus2' } };
  const others = {
    ...vault,
    properties: { ...vault.properties, vaultId: vault.properties.vaultId.replace('rg-dev', 'rg-dev2') },
  };
  const may = `GET ${at}/providers/Microsoft.Authorization/permissions`;
  const contributor = { actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] };
  const wrongs: readonly (readonly [string, readonly [string, Route], readonly (string | RegExp)[]])[] = [
    [
      'is not seen',
      [`GET ${at}`, { status: 404 }],
      [/^missing: Subscription s1 cannot be seen \(HTTP 404\).*azd auth login/],
    ],
    [
      'is disabled',
      [`GET ${at}`, { body: { state: 'Disabled' } }],
      [/^missing: Subscription s1 is Disabled/],
    ],
    [
      'lets a contributor assign no roles',
      [may, { body: { value: [contributor] } }],
      [/^missing: You may not assign roles.*Role Based Access Control Administrator/],
    ],
    [
      'lets a reader do nothing',
      [may, { body: { value: [{ actions: ['*/read'] }] } }],
      [/make resource groups/, /not deploy/, /assign roles/],
    ],
    [
      'lets roles be assigned under a condition',
      [
        may,
        {
          body: {
            value: [
              contributor,
              { actions: ['Microsoft.Authorization/roleAssignments/*'], condition: '@Request[…]' },
            ],
          },
        },
      ],
      [/^warning: You may assign roles under a condition/],
    ],
    [
      'does not say what one may',
      [may, { status: 403 }],
      [/^warning: It could not be read what you may do.*403/],
    ],
    [
      'has no Flex Consumption in the region',
      [`GET ${at}/providers/Microsoft.Web/geoRegions`, { body: { value: [{ name: 'Sweden Central' }] } }],
      [/^missing: Region westeurope does not offer.*one of swedencentral/],
    ],
    [
      'has a provider that is not registered',
      [`GET ${at}/providers/Microsoft.EventGrid`, { body: { registrationState: 'NotRegistered' } }],
      [
        /^missing: .*Microsoft.EventGrid is NotRegistered.*az provider register --namespace Microsoft.EventGrid/,
      ],
    ],
    [
      'has a group of the name in another region',
      [group, { body: { location: 'eastus2', tags: {} } }],
      [/^missing: Resource group rg-dev is in eastus2.*azd env set AZURE_LOCATION eastus2/],
    ],
    [
      'has a group of the name that is not ours',
      [group, { body: { location: 'westeurope' } }],
      [/^warning: Resource group rg-dev is there, and was not made by this environment/],
    ],
    [
      'holds the name of a vault that was deleted',
      [
        `GET ${at}/providers/Microsoft.KeyVault/deletedVaults`,
        { body: { value: [elsewhere, vault, others] } },
      ],
      [/^missing: Key Vault kv-cairn-abc was deleted.*2027-01-01.*az keyvault recover --name kv-cairn-abc/],
    ],
  ];
  test.each(wrongs)('that %s is told so, with what to do', async (_, route, expected) => {
    const findings = await found(route);
    expect(findings).toEqual(expected.map((text) => expect.stringMatching(text) as string));
  });

  test('is read to the last page of a list', async () => {
    const first = `GET ${at}/providers/Microsoft.KeyVault/deletedVaults`;
    routes.set(`${first}/more`, { body: { value: [vault], nextLink: null } });
    const link = `https://elsewhere.test${at}/providers/Microsoft.KeyVault/deletedVaults/more?page=2`;
    expect(await found([first, { body: { value: [], nextLink: link } }])).toEqual([
      expect.stringMatching(/^missing: Key Vault kv-cairn-abc/),
    ]);
    expect(arm.asked.filter(({ path }) => path.includes('more?page=2'))).toHaveLength(1);
  });

  test('must let whoever trains define a role', async () => {
    const admin = { actions: ['*'], notActions: ['Microsoft.Authorization/roleDefinitions/write'] };
    const route = [may, { body: { value: [admin] } }] as const;
    expect(await found(route)).toEqual([]);
    expect(await found(route, { CAIRN_TRAINING_IMAGE: 'image' })).toEqual([
      expect.stringMatching(/^missing: You may not define the role.*roleDefinitions\/write/),
    ]);
  });

  test('that has our group already is deployed to again', async () => {
    const ours = { location: 'westeurope', tags: { 'azd-env-name': 'dev' } };
    expect(await found([group, { body: ours }])).toEqual([]);
  });

  test('must have the account of metadata that is named, since a new one would be empty', async () => {
    const account = `GET ${at}/resourceGroups/rg-dev/providers/Microsoft.DocumentDB/databaseAccounts/restored`;
    const named = { CAIRN_COSMOS_ACCOUNT: 'restored' };
    expect(await found([account, { status: 404 }], named)).toEqual([
      expect.stringMatching(/^missing: CAIRN_COSMOS_ACCOUNT is 'restored', and .* rg-dev has no such/),
    ]);
    expect(await found([account, { status: 403 }], named)).toEqual([
      expect.stringMatching(/^warning: It could not be read whether there is an account restored/),
    ]);
    expect(await found([account, { body: {} }], named)).toEqual([]);
  });

  test('has a provider registered only where told to', async () => {
    const path = `${at}/providers/Microsoft.EventGrid`;
    routes.set(`POST ${path}/register`, { body: { registrationState: 'Registering' } });
    const absent = [`GET ${path}`, { body: { registrationState: 'NotRegistered' } }] as const;
    await found(absent);
    expect(arm.asked.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(await found(absent, {}, true)).toEqual([expect.stringMatching(/is being registered, as told/)]);
    expect(arm.asked.filter(({ method }) => method !== 'GET')).toHaveLength(1);
  });

  test('must run the version of Node.js, and have zones where they are asked for', async () => {
    expect(await found(undefined, { CAIRN_NODE_VERSION: '24' })).toEqual([
      expect.stringMatching(/does not run Node.js 24.*one of 22, 20/),
    ]);
    expect(await found(undefined, { CAIRN_ZONE_REDUNDANT: 'true' })).toEqual([
      expect.stringMatching(/westeurope has no zones.*one of eastus2>/),
    ]);
  });
});

test('where there is no azd it says so, and where to have it', async () => {
  const { code, output } = await ran('preflight.ts', { PATH: '/nowhere', AZURE_ENV_NAME: '' });
  expect([code, output]).toEqual([2, expect.stringContaining('azd is not on the PATH: https://')]);
});

test('all that is missing is said at once, also where nobody is signed in', async () => {
  const azd = { token: () => Promise.reject(new Error('not logged in')) };
  const given = { AZURE_ENV_NAME: 'dev', CAIRN_INSTANCE_MB: '1024' };
  const findings = await preflight({ azd, parameters, values: given, management: arm.url });
  expect(findings.map(({ fix }) => fix)).toEqual([
    'azd auth login',
    'azd env set CAIRN_INSTANCE_MB <value>',
    'azd env set AZURE_SUBSCRIPTION_ID <value>',
    'azd env set AZURE_LOCATION <value>',
  ]);
});

describe('values', () => {
  const said = (more: Record<string, string>) =>
    findingsOfValues(parameters, more).map(({ is, what }) => `${is}: ${what}`);

  test('are held to what the template takes', () => {
    expect(said({})).toEqual([]);
    expect(said({ CAIRN_INSTANCES_MAX: '10' })).toEqual([expect.stringMatching(/from 40 to 1000/)]);
    expect(said({ CAIRN_ALWAYS_READY: '-1' })).toEqual([expect.stringMatching(/of 0 or more/)]);
    expect(said({ CAIRN_HTTP_CONCURRENCY: '1.5' })).toEqual([expect.stringMatching(/from 1 to 1000/)]);
    expect(said({ CAIRN_APPS: 'three' })).toEqual([expect.stringMatching(/one of one, two/)]);
    expect(said({ CAIRN_ZONE_REDUNDANT: 'yes' })).toEqual([expect.stringMatching(/true or false/)]);
  });

  test('are held to one another', () => {
    expect(said({ CAIRN_ALWAYS_READY: '50', CAIRN_INSTANCES_MAX: '40' })).toHaveLength(1);
    expect(said({ CAIRN_COSMOS_CAPACITY: 'autoscale', CAIRN_COSMOS_RU_MAX: '1500' })).toEqual([
      expect.stringMatching(/^missing: .*thousands/),
    ]);
    expect(said({ CAIRN_COSMOS_RU_MAX: '2000' })).toEqual([expect.stringMatching(/^warning: /)]);
    expect(said({ CAIRN_NETWORK: 'private' })).toEqual([expect.stringMatching(/^warning: /)]);
    expect(said({ CAIRN_TRAINING_REGISTRY: '/subscriptions/s1' })).toEqual([
      expect.stringMatching(/^warning: /),
    ]);
  });

  test('that ask for more than a region gives are told so', () => {
    const most = { CAIRN_INSTANCES_MAX: '125', CAIRN_APPS: 'two' };
    expect(said(most)).toEqual([]);
    expect(said({ ...most, CAIRN_INSTANCE_MB: '4096' })).toEqual([
      expect.stringMatching(/^warning: Two apps may grow to 500 cores.*250/),
    ]);
  });

  test('of a pipeline name the first admin, who is of Entra ID', () => {
    const pipeline = { AZURE_PRINCIPAL_TYPE: 'ServicePrincipal' };
    const id = '0f0e0d0c-0b0a-4900-8800-070605040302';
    const person = { CAIRN_FIRST_ADMIN: `entra:${id}/${id}` };
    expect(said({ CAIRN_FIRST_ADMIN: 'ann' })).toEqual([
      expect.stringMatching(/^missing: CAIRN_FIRST_ADMIN is 'ann'/),
    ]);
    expect(said(pipeline)).toEqual([
      expect.stringMatching(/^missing: CAIRN_FIRST_ADMIN is not set/),
      expect.stringMatching(/^warning: CAIRN_ENTRA_CLIENT_ID is not set/),
    ]);
    expect(said({ ...pipeline, ...person, CAIRN_ENTRA_CLIENT_ID: id })).toEqual([]);
    expect(said(person)).toEqual([]);
  });

  test('of nothing given are the shape that costs are reckoned for', () => {
    expect(shapeOf(withDefaults(parameters, {}))).toEqual(shapeDefault);
    const lines = costLines(withDefaults(parameters, { CAIRN_ALWAYS_READY: '2' }), listPrices);
    expect(lines.join('\n')).not.toBe(costLines(withDefaults(parameters, {}), listPrices).join('\n'));
  });
});

test('an action is allowed by patterns of any case, less what they leave out', () => {
  const may = (actions: string[], notActions: string[] = []) =>
    allows([{ actions, notActions }], 'Microsoft.Authorization/roleAssignments/write');
  expect(may(['microsoft.authorization/roleassignments/*'])).toBe(true);
  expect(may(['*/write'])).toBe(true);
  expect(may(['MicrosoftxAuthorization/roleAssignments/write'])).toBe(false);
  expect(may(['*'], ['*/write'])).toBe(false);
  expect(may([])).toBe(false);
});

test('every provider whose resources the templates make is asked for', async () => {
  const made = new Set<string>();
  for await (const file of glob('infra/{main,modules/*,generated/*}.bicep', { cwd: root }))
    for (const [, namespace = ''] of (await read(file)).matchAll(
      /^ *resource \w+ '(Microsoft\.\w+)\/[^']*' = /gm,
    ))
      made.add(namespace);
  const always = ['Microsoft.Authorization', 'Microsoft.Resources'];
  const asked = providersOf({ isPrivate: true, trains: true, hasBudget: true });
  expect([...made].filter((name) => !always.includes(name)).toSorted()).toEqual(asked.toSorted());
});

describe('the hook', () => {
  test('ends well and says what a month costs', async () => {
    const azd = await fakeAzd('secret');
    const { code, output } = await ran('./preflight.ts', {
      ...azd.env,
      ...values,
      CAIRN_MANAGEMENT_URL: arm.url,
    });
    await azd.remove();
    expect(output).toMatch(
      /^A month costs about \d+\.\d\d USD while nothing happens[^]*\npreflight: 0 missing, 0 warnings\n$/,
    );
    expect(output).not.toContain('secret');
    expect(code).toBe(0);
  });

  test('keeps azd from going on where something is missing', async () => {
    const azd = await fakeAzd();
    const { code, output } = await ran('./preflight.ts', {
      ...azd.env,
      ...values,
      CAIRN_MANAGEMENT_URL: arm.url,
    });
    await azd.remove();
    expect(output).toBe(
      'MISSING  Nobody is signed in.\n         azd auth login\npreflight: 1 missing, 0 warnings\n',
    );
    expect(code).toBe(1);
  });
});
