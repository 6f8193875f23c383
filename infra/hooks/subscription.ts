import * as z from 'zod';
import { type Finding, missing, warning } from './finding.ts';
import type { Answer, Rest } from './rest.ts';

/** What is to be deployed, as far as the subscription must allow it. */
export type Plan = {
  readonly subscription: string;
  readonly environment: string;
  /** As Azure spells regions: `westeurope`. */
  readonly location: string;
  readonly nodeVersion: string;
  readonly zoneRedundant: boolean;
  readonly isPrivate: boolean;
  readonly trains: boolean;
  readonly hasBudget: boolean;
  /** The account of metadata that is to be used; empty for the environment's own. */
  readonly cosmosAccount: string;
};

const permissions = z.object({
  value: z.array(
    z.object({
      actions: z.array(z.string()).default([]),
      notActions: z.array(z.string()).default([]),
      condition: z.string().nullish(),
    }),
  ),
});
export type Permissions = z.infer<typeof permissions>['value'];

const geoRegions = z.object({
  value: z.array(
    z.object({ name: z.string(), properties: z.object({ orgDomain: z.string().nullish() }).optional() }),
  ),
});
const provider = z.object({ registrationState: z.string() });
const group = z.object({ location: z.string(), tags: z.record(z.string(), z.string()).nullish() });
const deletedVaults = z.object({
  value: z.array(
    z.object({
      name: z.string(),
      properties: z.object({
        vaultId: z.string(),
        location: z.string(),
        scheduledPurgeDate: z.string().optional(),
      }),
    }),
  ),
});

const page = z.looseObject({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

/** A list of Azure Resource Manager with what stands on its further pages, or the answer that is no list. */
async function listed(rest: Rest, path: string): Promise<Answer> {
  const value: unknown[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Answer = await rest('GET', next);
    if (answer.status !== 200) return answer;
    const read = page.parse(answer.body);
    value.push(...read.value);
    // Asked for where the first page was, whatever host a link names: the token goes nowhere else.
    const link: URL | undefined = read.nextLink ? new URL(read.nextLink) : undefined;
    next = link && `${link.pathname}${link.search}`;
  }
  return { status: 200, body: { value } };
}

/** Namespaces of what the templates make, without those of every subscription. */
export function providersOf({
  isPrivate,
  trains,
  hasBudget,
}: Pick<Plan, 'isPrivate' | 'trains' | 'hasBudget'>): string[] {
  return [
    'Microsoft.Web',
    'Microsoft.Storage',
    'Microsoft.DocumentDB',
    'Microsoft.KeyVault',
    'Microsoft.ManagedIdentity',
    'Microsoft.EventGrid',
    'Microsoft.Insights',
    'Microsoft.OperationalInsights',
    ...(isPrivate ? ['Microsoft.Network'] : []),
    // The subnet of a Flex Consumption app is delegated to it, too.
    ...(isPrivate || trains ? ['Microsoft.App'] : []),
    ...(hasBudget ? ['Microsoft.Consumption'] : []),
  ];
}

/** Whether a role that holds grants an action: by its actions, less its notActions. Case does not count. */
export function allows(held: Permissions, action: string): boolean {
  return held.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matches(pattern, action)) &&
      !notActions.some((pattern) => matches(pattern, action)),
  );
}

function matches(pattern: string, action: string): boolean {
  const source = pattern.split('*').map((part) => part.replaceAll(/[.\\/[\](){}+?^$|]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 'i').test(action);
}

/** Everything that keeps the subscription from taking the plan. Registers providers only where told to. */
export async function findingsOfSubscription(
  rest: Rest,
  plan: Plan,
  { register = false }: { readonly register?: boolean } = {},
): Promise<Finding[]> {
  const at = `/subscriptions/${plan.subscription}`;
  const found = await rest('GET', `${at}?api-version=2022-12-01`);
  if (found.status !== 200)
    return [
      missing(
        `Subscription ${plan.subscription} cannot be seen (HTTP ${found.status}) by whoever is signed in.`,
        'azd auth login, with the tenant of the subscription, or azd env set AZURE_SUBSCRIPTION_ID <id>',
      ),
    ];
  const findings = await Promise.all([
    rights(rest, at, plan),
    region(rest, at, plan),
    runtime(rest, plan),
    ...providersOf(plan).map((namespace) => registration(rest, at, namespace, register)),
    groupFindings(rest, at, plan),
    vaultFindings(rest, at, plan),
    accountFindings(rest, at, plan),
  ]);
  return [...stateFindings(found.body, plan), ...findings.flat()];
}

function stateFindings(body: unknown, { subscription }: Plan): Finding[] {
  const { state } = z.object({ state: z.string() }).parse(body);
  if (state === 'Enabled') return [];
  return [missing(`Subscription ${subscription} is ${state}.`, 'Enable it, or choose another.')];
}

async function rights(rest: Rest, at: string, { trains }: Plan): Promise<Finding[]> {
  const answer = await listed(
    rest,
    `${at}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`,
  );
  if (answer.status !== 200) return [unread('what you may do in the subscription', answer)];
  const held = permissions.parse(answer.body).value;
  const needed: [action: string, what: string, role: string][] = [
    ['Microsoft.Resources/subscriptions/resourceGroups/write', 'make resource groups', 'Contributor'],
    ['Microsoft.Resources/deployments/write', 'deploy', 'Contributor'],
    [
      'Microsoft.Authorization/roleAssignments/write',
      'assign roles, by which the app reaches its stores',
      'Role Based Access Control Administrator',
    ],
    ...(trains
      ? [
          [
            'Microsoft.Authorization/roleDefinitions/write',
            'define the role by which the app starts trainings',
            'User Access Administrator',
          ] as [string, string, string],
        ]
      : []),
  ];
  const lacking = needed
    .filter(([action]) => !allows(held, action))
    .map(([action, what, role]) =>
      missing(
        `You may not ${what} in the subscription (${action}).`,
        `An owner gives you the role ${role} on it.`,
      ),
    );
  const onlyConditionally =
    lacking.length === 0 &&
    !allows(
      held.filter(({ condition }) => !condition),
      'Microsoft.Authorization/roleAssignments/write',
    );
  if (!onlyConditionally) return lacking;
  return [
    warning(
      'You may assign roles under a condition, which is not looked into.',
      'See that it allows the roles in infra/modules/access.bicep.',
    ),
  ];
}

const plain = (name: string) => name.toLowerCase().replaceAll(' ', '');

/**
 * The regions that the subscription may have Flex Consumption in, and whether they have zones for it:
 * https://learn.microsoft.com/rest/api/appservice/list-geo-regions
 */
async function region(rest: Rest, at: string, { location, zoneRedundant }: Plan): Promise<Finding[]> {
  const path = `${at}/providers/Microsoft.Web/geoRegions?sku=FlexConsumption&api-version=2024-04-01`;
  const answer = await listed(rest, path);
  if (answer.status !== 200) return [unread('which regions offer Flex Consumption', answer)];
  const offered = geoRegions.parse(answer.body).value;
  const here = offered.find(({ name }) => plain(name) === location);
  const choice = (names: string[]) => `azd env set AZURE_LOCATION <one of ${names.toSorted().join(', ')}>`;
  if (!here)
    return [
      missing(
        `Region ${location} does not offer Flex Consumption.`,
        choice(offered.map(({ name }) => plain(name))),
      ),
    ];
  const inZones = offered.filter(({ properties }) => /FCZONEREDUNDANCY/i.test(properties?.orgDomain ?? ''));
  if (!zoneRedundant || inZones.includes(here)) return [];
  return [
    missing(
      `Region ${location} has no zones for Flex Consumption, and CAIRN_ZONE_REDUNDANT is true.`,
      choice(inZones.map(({ name }) => plain(name))),
    ),
  ];
}

const linuxSku = z.object({
  skuCode: z.string(),
  functionAppConfigProperties: z.object({ runtime: z.object({ version: z.string() }) }).nullish(),
});
const stacks = z.object({
  value: z.array(
    z.object({
      properties: z.object({
        majorVersions: z.array(
          z.object({
            minorVersions: z.array(
              z.object({
                stackSettings: z.object({
                  linuxRuntimeSettings: z
                    .object({ Sku: z.array(linuxSku).nullish(), sku: z.array(linuxSku).nullish() })
                    .nullish(),
                }),
              }),
            ),
          }),
        ),
      }),
    }),
  ),
});

async function runtime(rest: Rest, { location, nodeVersion }: Plan): Promise<Finding[]> {
  const path = `/providers/Microsoft.Web/locations/${location}/functionAppStacks?api-version=2020-10-01&removeHiddenStacks=true&removeDeprecatedStacks=true&stack=node&sku=FC1`;
  const answer = await rest('GET', path);
  const read = stacks.safeParse(answer.body);
  if (answer.status !== 200 || !read.success)
    return [unread(`which versions of Node.js ${location} runs`, answer)];
  const offered = read.data.value
    .flatMap(({ properties }) => properties.majorVersions)
    .flatMap(({ minorVersions }) => minorVersions)
    .flatMap(({ stackSettings: { linuxRuntimeSettings: linux } }) => linux?.Sku ?? linux?.sku ?? [])
    .flatMap((sku) =>
      sku.skuCode === 'FC1' ? (sku.functionAppConfigProperties?.runtime.version ?? []) : [],
    );
  if (offered.includes(nodeVersion)) return [];
  return [
    missing(
      `Flex Consumption in ${location} does not run Node.js ${nodeVersion}.`,
      `azd env set CAIRN_NODE_VERSION <one of ${offered.join(', ') || 'none: choose another region'}>`,
    ),
  ];
}

async function registration(
  rest: Rest,
  at: string,
  namespace: string,
  register: boolean,
): Promise<Finding[]> {
  const path = `${at}/providers/${namespace}`;
  const answer = await rest('GET', `${path}?api-version=2021-04-01`);
  if (answer.status !== 200) return [unread(`whether ${namespace} is registered`, answer)];
  const { registrationState } = provider.parse(answer.body);
  if (registrationState === 'Registered') return [];
  const wait = 'It takes minutes; then go on.';
  if (registrationState === 'Registering') return [missing(`${namespace} is being registered.`, wait)];
  if (register) {
    const asked = await rest('POST', `${path}/register?api-version=2021-04-01`);
    if (asked.status === 200) return [missing(`${namespace} is being registered, as told.`, wait)];
  }
  return [
    missing(
      `The resource provider ${namespace} is ${registrationState}.`,
      `az provider register --namespace ${namespace}, or node infra/hooks/preflight.ts --register`,
    ),
  ];
}

async function groupFindings(rest: Rest, at: string, { environment, location }: Plan): Promise<Finding[]> {
  const name = `rg-${environment}`;
  const answer = await rest('GET', `${at}/resourcegroups/${name}?api-version=2021-04-01`);
  if (answer.status === 404) return [];
  if (answer.status !== 200) return [unread(`whether there is a resource group ${name}`, answer)];
  const found = group.parse(answer.body);
  if (plain(found.location) !== location)
    return [
      missing(
        `Resource group ${name} is in ${found.location}, and AZURE_LOCATION is ${location}.`,
        `azd env set AZURE_LOCATION ${plain(found.location)}, or azd env new <another name>`,
      ),
    ];
  if (found.tags?.['azd-env-name'] === environment) return [];
  return [
    warning(
      `Resource group ${name} is there, and was not made by this environment: azd down would remove all that is in it.`,
      'azd env new <another name>',
    ),
  ];
}

/**
 * A name of a vault holds the environment and region, so that one which was deleted is in the way of a new one.
 * https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/list-deleted
 */
async function vaultFindings(rest: Rest, at: string, { environment, location }: Plan): Promise<Finding[]> {
  const answer = await listed(
    rest,
    `${at}/providers/Microsoft.KeyVault/deletedVaults?api-version=2024-11-01`,
  );
  if (answer.status !== 200) return [unread('which key vaults were deleted', answer)];
  const inGroup = `/resourcegroups/rg-${environment}/`.toLowerCase();
  return deletedVaults
    .parse(answer.body)
    .value.filter(
      ({ name, properties }) =>
        name.startsWith('kv-cairn-') &&
        plain(properties.location) === location &&
        properties.vaultId.toLowerCase().includes(inGroup),
    )
    .map(({ name, properties }) =>
      missing(
        `Key Vault ${name} was deleted and holds its name until ${properties.scheduledPurgeDate ?? 'it is purged'}.`,
        `az keyvault recover --name ${name}, after az group create --name rg-${environment} --location ${location} --tags azd-env-name=${environment}; or azd env new <another name>`,
      ),
    );
}

/** An account that is named is one that was restored into: made anew, it would be empty, and the platform with it. */
async function accountFindings(
  rest: Rest,
  at: string,
  { environment, cosmosAccount }: Plan,
): Promise<Finding[]> {
  if (!cosmosAccount) return [];
  const name = `rg-${environment}`;
  const answer = await rest(
    'GET',
    `${at}/resourceGroups/${name}/providers/Microsoft.DocumentDB/databaseAccounts/${encodeURIComponent(cosmosAccount)}?api-version=2024-11-15`,
  );
  if (answer.status === 200) return [];
  if (answer.status !== 404) return [unread(`whether there is an account ${cosmosAccount}`, answer)];
  return [
    missing(
      `CAIRN_COSMOS_ACCOUNT is '${cosmosAccount}', and resource group ${name} has no such Cosmos DB account: the apps would begin anew on an empty one.`,
      'Restore into it first (docs/operate.md), or azd env set CAIRN_COSMOS_ACCOUNT "" for the account of the environment',
    ),
  ];
}

/** What could not be learned is said, and does not keep anyone from trying. */
function unread(what: string, { status }: Answer): Finding {
  return warning(
    `It could not be read ${what} (HTTP ${status}).`,
    'Go on, or ask an owner of the subscription.',
  );
}
