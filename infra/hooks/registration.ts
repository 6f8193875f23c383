import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Answer, Rest } from './rest.ts';

/** What people sign in to. `uniqueName` is by what it is found again, and never changes. */
export type Wanted = {
  readonly uniqueName: string;
  readonly displayName: string;
  /** Where the pages are, which Entra ID sends people back to: `https://<app>/`. */
  readonly redirectUri: string;
};

/** Which registration there is, whether anything was changed, and what is left to an admin of the directory. */
export type Registered = {
  readonly clientId: string | undefined;
  readonly isChanged: boolean;
  readonly refusals: readonly string[];
};

const scopes = z.array(z.looseObject({ isEnabled: z.boolean().nullish() }));
const application = z.object({
  appId: z.string(),
  identifierUris: z.array(z.string()).nullish(),
  spa: z.looseObject({ redirectUris: z.array(z.string()).nullish() }).nullish(),
  api: z
    .looseObject({
      requestedAccessTokenVersion: z.number().nullish(),
      oauth2PermissionScopes: scopes.nullish(),
    })
    .nullish(),
});
type Application = z.infer<typeof application>;
const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** https://learn.microsoft.com/graph/api/resources/application : how one is asked for by its alternate key. */
export const applicationPath = (uniqueName: string) => `/v1.0/applications(uniqueName='${uniqueName}')`;

/**
 * The registration of the app: of this tenant alone, a single-page application, with one scope, access tokens of
 * version 2, no secret. The scope has an id that follows from the name, so that asking twice asks for the same.
 */
export function registrationBody({ uniqueName, displayName, redirectUri }: Wanted) {
  return {
    displayName,
    signInAudience: 'AzureADMyOrg',
    // Groups that are assigned to the application are claimed, so that rules can name them.
    groupMembershipClaims: 'ApplicationGroup',
    spa: { redirectUris: [redirectUri] },
    api: { requestedAccessTokenVersion: 2, oauth2PermissionScopes: [scopeOf(uniqueName)] },
  };
}

function scopeOf(uniqueName: string) {
  const hex = createHash('sha256').update(`scope of ${uniqueName}`).digest('hex');
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const description =
    'Lets an application call Cairn in the name of who is signed in, with what they may do there.';
  return {
    id,
    value: 'user_impersonation',
    type: 'User',
    isEnabled: true,
    adminConsentDisplayName: 'Call Cairn',
    adminConsentDescription: description,
    userConsentDisplayName: 'Call Cairn',
    userConsentDescription: description,
  };
}

/**
 * Makes the registration where there is none of its name, and adds what an existing one lacks; takes nothing from
 * it. What Microsoft Graph refuses is told and not thrown. A new application is known everywhere after some seconds,
 * so what follows is tried again for as long.
 * https://learn.microsoft.com/graph/api/application-upsert, application-update, serviceprincipal-post-serviceprincipals
 */
export async function register(
  graph: Rest,
  wanted: Wanted,
  {
    only,
    tries = 12,
    pauseSeconds = 5,
  }: { readonly only?: string; readonly tries?: number; readonly pauseSeconds?: number } = {},
): Promise<Registered> {
  const refusals: string[] = [];
  let isChanged = false;
  const path = applicationPath(wanted.uniqueName);
  const change = async (what: string, ask: () => Promise<Answer>, retried: boolean) => {
    let answer = await ask();
    const last = retried ? tries : 1;
    for (let i = 1; i < last && [400, 404].includes(answer.status); i++) {
      await new Promise((resolve) => setTimeout(resolve, pauseSeconds * 1000));
      answer = await ask();
    }
    if (answer.status < 300) isChanged = true;
    else refusals.push(`${what}: ${said(answer)}`);
  };

  const found = await graph('GET', `${path}?$select=appId,identifierUris,spa,api`);
  if (found.status !== 200 && found.status !== 404)
    return { clientId: undefined, isChanged, refusals: [`look for the app registration: ${said(found)}`] };
  // Somebody chose another one.
  const ours = found.status === 200 ? application.parse(found.body) : undefined;
  if (only !== undefined && ours?.appId !== only) return { clientId: undefined, isChanged, refusals };

  const made = ours ? undefined : await create(graph, wanted);
  if (made?.refusal !== undefined)
    return { clientId: undefined, isChanged, refusals: [`make the app registration: ${made.refusal}`] };
  const app = ours ?? made?.app;
  if (!app)
    return { clientId: undefined, isChanged, refusals: ['make the app registration: it is not there'] };
  const isNew = ours === undefined;
  isChanged = isNew;

  const lacking = lackingOf(app, wanted);
  if (Object.keys(lacking).length > 0)
    await change('change the app registration', () => graph('PATCH', path, lacking), isNew);
  const principal = await graph('GET', `/v1.0/servicePrincipals(appId='${app.appId}')?$select=id`);
  if (principal.status === 404)
    await change(
      'make its service principal',
      () => graph('POST', '/v1.0/servicePrincipals', { appId: app.appId }),
      isNew,
    );
  return { clientId: app.appId, isChanged, refusals };
}

async function create(
  graph: Rest,
  wanted: Wanted,
): Promise<{ readonly app?: Application; readonly refusal?: string }> {
  const path = applicationPath(wanted.uniqueName);
  const answer = await graph('PATCH', path, registrationBody(wanted), { prefer: 'create-if-missing' });
  if (answer.status === 201) return { app: application.parse(answer.body) };
  if (answer.status !== 204) return { refusal: said(answer) };
  // Somebody else made it meanwhile.
  const again = await graph('GET', `${path}?$select=appId,identifierUris,spa,api`);
  return again.status === 200 ? { app: application.parse(again.body) } : { refusal: said(again) };
}

/** What a registration is to be changed in. What others added to it stays. */
function lackingOf(app: Application, { uniqueName, redirectUri }: Wanted): Record<string, unknown> {
  const lacking: Record<string, unknown> = {};
  const uri = `api://${app.appId}`;
  const uris = app.identifierUris ?? [];
  if (!uris.includes(uri)) lacking['identifierUris'] = [...uris, uri];
  const redirects = app.spa?.redirectUris ?? [];
  if (!redirects.includes(redirectUri)) lacking['spa'] = { redirectUris: [...redirects, redirectUri] };
  const given = app.api?.oauth2PermissionScopes ?? [];
  const hasScope = given.some(({ isEnabled }) => isEnabled === true);
  if (!hasScope || app.api?.requestedAccessTokenVersion !== 2)
    lacking['api'] = {
      ...app.api,
      requestedAccessTokenVersion: 2,
      oauth2PermissionScopes: hasScope ? given : [...given, scopeOf(uniqueName)],
    };
  return lacking;
}

function said({ status, body }: Answer): string {
  const { data } = failure.safeParse(body);
  return data ? `HTTP ${status} ${data.error.code}: ${data.error.message}` : `HTTP ${status}`;
}

/** What an admin of the directory runs in a shell in place of {@link register}: the same requests. */
export function requestLines(graphUrl: string, wanted: Wanted): string[] {
  const url = `${graphUrl}${applicationPath(wanted.uniqueName)}`;
  const body = JSON.stringify(registrationBody(wanted));
  return [
    `az rest --method PATCH --url "${url}" --headers Prefer=create-if-missing Content-Type=application/json --body '${body}'`,
    `id=$(az rest --method GET --url "${url}" --query appId --output tsv)`,
    `az rest --method PATCH --url "${url}" --headers Content-Type=application/json --body "{\\"identifierUris\\":[\\"api://$id\\"]}"`,
    'az ad sp show --id "$id" --output none || az ad sp create --id "$id"',
    'echo "$id"',
  ];
}
