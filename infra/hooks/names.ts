import * as z from 'zod';
import { type Finding, missing, warning } from './finding.ts';
import { listed, plain, unread } from './answers.ts';
import type { Rest } from './rest.ts';
import type { Plan } from './subscription.ts';

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

/** A resource group of the name, where it is elsewhere, or somebody else's. */
export async function groupFindings(
  rest: Rest,
  at: string,
  { environment, location }: Plan,
): Promise<Finding[]> {
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
export async function vaultFindings(
  rest: Rest,
  at: string,
  { environment, location }: Plan,
): Promise<Finding[]> {
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
export async function accountFindings(
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
