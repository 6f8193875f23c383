/**
 * Run by azd after each provisioning, not after a preview: sees that people can sign in by Entra ID. It never fails,
 * since Cairn tokens work without it.
 */
import { graphUrl } from '../../shared/azure/directory.ts';
import { giveSettings } from './app-settings.ts';
import { azd } from './azd.ts';
import type { Values } from './parameters.ts';
import { register, requestLines } from './registration.ts';
import { restAt } from './rest.ts';

const values: Values = { ...process.env, ...(await azd.values().catch(() => ({}))) };
const print = (...lines: string[]) => process.stdout.write(`${lines.join('\n')}\n`);

try {
  print(...(await signIn()));
} catch (error) {
  print(
    `Entra ID: it could not be seen to that people can sign in: ${(error as Error).message}`,
    'Cairn tokens work without it. node infra/hooks/sign-in.ts tries again.',
  );
}

async function signIn(): Promise<string[]> {
  const name = values['AZURE_FUNCTION_NAME'];
  const url = values['CAIRN_PUBLIC_URL'];
  if (values['CAIRN_ENTRA_REGISTRATION'] === 'off')
    return ['Entra ID: no app registration is made, as CAIRN_ENTRA_REGISTRATION says.'];
  if (!name || !url) return ['Entra ID: there is no app yet: azd provision makes it.'];
  const graph = values['CAIRN_GRAPH_URL'] || graphUrl(values['CAIRN_ENTRA_AUTHORITY'] || undefined);
  const wanted = {
    uniqueName: name,
    displayName: `Cairn ${values['AZURE_ENV_NAME'] ?? ''}`.trim(),
    redirectUri: `${url}/`,
  };
  const chosen = values['CAIRN_ENTRA_CLIENT_ID'];
  const { clientId, isChanged, refusals } = await register(
    restAt(graph, await azd.token(`${graph}/.default`)),
    wanted,
    {
      ...(chosen ? { only: chosen } : {}),
      pauseSeconds: Number(values['CAIRN_GRAPH_PAUSE_SECONDS'] ?? 5),
    },
  );
  if (!clientId && chosen) return [`Entra ID: the app registration ${chosen} is left as it is.`, ...refusals];
  if (!clientId)
    return [
      'Entra ID: the app registration that people sign in to could not be made. Cairn tokens work until it is.',
      ...refusals,
      'An admin of the directory runs this, in a shell, signed in by az login:',
      '',
      ...requestLines(graph, wanted),
      '',
      'and whoever deploys gives what it ends with:',
      '',
      'azd env set CAIRN_ENTRA_CLIENT_ID <id>',
      'azd provision',
    ];
  if (chosen !== clientId) await azd.set('CAIRN_ENTRA_CLIENT_ID', clientId);
  return [
    `Entra ID: people of the directory sign in to the app registration ${clientId}${isChanged ? ', which was made or changed' : ''}.`,
    ...refusals.map((refusal) => `Left to an admin of the directory: to ${refusal}`),
    ...(await putInForce(clientId)),
  ];
}

/** At once, since the app was provisioned without it; the next provisioning gives the same by its parameter. */
async function putInForce(clientId: string): Promise<string[]> {
  const management = values['CAIRN_MANAGEMENT_URL'] || 'https://management.azure.com';
  const group = `/subscriptions/${values['AZURE_SUBSCRIPTION_ID']}/resourceGroups/${values['AZURE_RESOURCE_GROUP']}`;
  try {
    const arm = restAt(management, await azd.token(`${management}/.default`));
    const changed = await giveSettings(arm, group, {
      CAIRN_ENTRA_TENANT: values['AZURE_TENANT_ID'] ?? '',
      CAIRN_ENTRA_CLIENT_ID: clientId,
    });
    return changed.length > 0 ? [`${changed.join(' and ')} start anew with it.`] : [];
  } catch (error) {
    return [`azd provision puts it in force, since it could not be set now: ${(error as Error).message}`];
  }
}
