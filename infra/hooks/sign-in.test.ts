import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { register, registrationBody, requestLines } from './registration.ts';
import { restAt } from './rest.ts';
import { answering, fakeAzd, ran, type Request, type Route } from './testing.ts';

const wanted = { uniqueName: 'func-cairn-abc', displayName: 'Cairn dev', redirectUri: 'https://app.test/' };
const clientId = '11111111-2222-4333-8444-555555555555';
const application = "/v1.0/applications(uniqueName='func-cairn-abc')";
const principal = `/v1.0/servicePrincipals(appId='${clientId}')`;
const sites = '/subscriptions/s1/resourceGroups/rg-dev/providers/Microsoft.Web/sites';
const refused: Route = {
  status: 403,
  body: { error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges.' } },
};
const absent: Route = {
  status: 404,
  body: { error: { code: 'Request_ResourceNotFound', message: 'It is not there.' } },
};

type App = Record<string, unknown>;
/** What the directory and the apps hold. `lag`: how many requests about what is new it does not know it in. */
let directory: { app?: App; principals: string[]; lag: number };
let settings: Record<string, Record<string, string>>;
const routes = new Map<string, Route | ((request: Request) => Route)>();
let cloud: Awaited<ReturnType<typeof answering>>;
beforeAll(async () => {
  cloud = await answering(routes);
});
afterAll(() => cloud.close());

const parsed = ({ body }: Request) => JSON.parse(body) as App;
const known = () => directory.lag-- <= 0;

/** Microsoft Graph as https://learn.microsoft.com/graph/api/application-upsert and its neighbours have it. */
function graphAnswers(): void {
  routes.set(`GET ${application}`, () => (directory.app ? { body: directory.app } : absent));
  routes.set(`PATCH ${application}`, (request) => {
    if (directory.app) {
      if (!known()) return absent;
      Object.assign(directory.app, parsed(request));
      return { status: 204 };
    }
    if (request.prefer !== 'create-if-missing') return absent;
    directory.app = { appId: clientId, identifierUris: [], ...parsed(request) };
    return { status: 201, body: structuredClone(directory.app) };
  });
  routes.set(`GET ${principal}`, () =>
    directory.principals.includes(clientId) ? { body: { id: 'p1' } } : absent,
  );
  routes.set('POST /v1.0/servicePrincipals', (request) => {
    if (!known()) return { status: 400, body: { error: { code: 'Request_BadRequest', message: 'No app.' } } };
    directory.principals.push(parsed(request)['appId'] as string);
    return { status: 201, body: { id: 'p1' } };
  });
}

/** Settings of apps, as https://learn.microsoft.com/rest/api/appservice/web-apps has them: given whole, or not at all. */
function appsAnswer(): void {
  const tagged = (name: string) => ({ name, tags: { 'azd-service-name': 'app' } });
  routes.set(`GET ${sites}`, () => ({
    body: { value: [...Object.keys(settings).map(tagged), { name: 'of-others' }] },
  }));
  for (const name of ['func-cairn-abc', 'func-cairn-infer-abc']) {
    const path = `${sites}/${name}/config/appsettings`;
    routes.set(`POST ${path}/list`, () => ({ body: { properties: settings[name] } }));
    routes.set(`PUT ${path}`, (request) => {
      settings[name] = parsed(request)['properties'] as Record<string, string>;
      return { body: { properties: settings[name] } };
    });
  }
}

beforeEach(() => {
  routes.clear();
  cloud.asked.length = 0;
  directory = { principals: [], lag: 0 };
  settings = {
    'func-cairn-abc': { OTHER: 'stays', CAIRN_ENTRA_CLIENT_ID: '' },
    'func-cairn-infer-abc': { CAIRN_ENTRA_CLIENT_ID: '' },
  };
  graphAnswers();
  appsAnswer();
});

const changes = () => cloud.asked.filter(({ method }) => method !== 'GET').map(({ method }) => method);
const registered = (only?: string) =>
  register(restAt(cloud.url, 'secret'), wanted, { pauseSeconds: 0.01, ...(only ? { only } : {}) });

describe('the app registration', () => {
  test('is of this tenant alone, for single pages, with a scope and tokens of version 2, and no secret', async () => {
    expect(await registered()).toEqual({ clientId, isChanged: true, refusals: [] });
    expect(directory.app).toMatchObject({
      signInAudience: 'AzureADMyOrg',
      identifierUris: [`api://${clientId}`],
      spa: { redirectUris: ['https://app.test/'] },
      api: { requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{ isEnabled: true, type: 'User' }] },
    });
    expect(JSON.stringify(directory.app)).not.toMatch(/password|keyCredential|secret/i);
    expect(directory.principals).toEqual([clientId]);
  });

  test('is found again, and then nothing is changed', async () => {
    await registered();
    cloud.asked.length = 0;
    expect(await registered()).toEqual({ clientId, isChanged: false, refusals: [] });
    expect(changes()).toEqual([]);
  });

  test('is given what it lacks, and keeps what others added', async () => {
    const api = {
      requestedAccessTokenVersion: null,
      oauth2PermissionScopes: [],
      knownClientApplications: ['x'],
    };
    directory.app = {
      appId: clientId,
      identifierUris: ['api://other'],
      spa: { redirectUris: ['http://localhost:7071/'] },
      api,
    };
    expect(await registered()).toMatchObject({ isChanged: true, refusals: [] });
    expect(directory.app).toMatchObject({
      identifierUris: ['api://other', `api://${clientId}`],
      spa: { redirectUris: ['http://localhost:7071/', 'https://app.test/'] },
      api: { requestedAccessTokenVersion: 2, knownClientApplications: ['x'] },
    });
  });

  test('is waited for, since the directory knows it everywhere only after a while', async () => {
    directory.lag = 3;
    expect(await registered()).toEqual({ clientId, isChanged: true, refusals: [] });
    expect(directory.principals).toEqual([clientId]);
  });

  test('that somebody chose in its place is not touched', async () => {
    expect(await registered('other')).toEqual({ clientId: undefined, isChanged: false, refusals: [] });
    await registered();
    cloud.asked.length = 0;
    expect(await registered('other')).toMatchObject({ clientId: undefined, isChanged: false });
    expect(changes()).toEqual([]);
  });

  test('serves without what is refused after it was made, which is told', async () => {
    routes.set('POST /v1.0/servicePrincipals', refused);
    expect(await registered()).toEqual({
      clientId,
      isChanged: true,
      refusals: [
        'make its service principal: HTTP 403 Authorization_RequestDenied: Insufficient privileges.',
      ],
    });
  });

  test('is asked for by an admin with the same request', () => {
    const [make = '', id, name] = requestLines('https://graph.test', wanted);
    expect(JSON.parse(/--body '(.*)'$/.exec(make)?.[1] ?? '')).toEqual(registrationBody(wanted));
    expect(make).toContain(`--url "https://graph.test${application}" --headers Prefer=create-if-missing`);
    expect([id, name].join('\n')).toMatch(/^id=\$\(az rest --method GET .*\n.*\[\\"api:\/\/\$id\\"\]/);
  });
});

describe('the hook', () => {
  const ranHere = async (more: Record<string, string> = {}, token: string | undefined = 'secret') => {
    const azd = await fakeAzd(token);
    const { code, output } = await ran('./sign-in.ts', {
      ...azd.env,
      AZURE_ENV_NAME: 'dev',
      AZURE_SUBSCRIPTION_ID: 's1',
      AZURE_RESOURCE_GROUP: 'rg-dev',
      AZURE_TENANT_ID: 't1',
      AZURE_FUNCTION_NAME: 'func-cairn-abc',
      CAIRN_PUBLIC_URL: 'https://app.test',
      CAIRN_GRAPH_URL: cloud.url,
      CAIRN_MANAGEMENT_URL: cloud.url,
      CAIRN_GRAPH_PAUSE_SECONDS: '0.01',
      ...more,
    });
    const kept = await readFile(azd.set, 'utf8').catch(() => '');
    await azd.remove();
    return { code, output, kept };
  };

  test('registers the app, keeps its id and gives it to both apps, once', async () => {
    const { code, output, kept } = await ranHere();
    const given = { CAIRN_ENTRA_TENANT: 't1', CAIRN_ENTRA_CLIENT_ID: clientId };
    expect({ code, kept, settings }).toEqual({
      code: 0,
      kept: `CAIRN_ENTRA_CLIENT_ID=${clientId}\n`,
      settings: { 'func-cairn-abc': { OTHER: 'stays', ...given }, 'func-cairn-infer-abc': given },
    });
    expect(output).toMatch(/which was made or changed\.\nfunc-cairn-abc and func-cairn-infer-abc start anew/);
    cloud.asked.length = 0;
    const again = await ranHere({ CAIRN_ENTRA_CLIENT_ID: clientId });
    expect(again.kept).toBe('');
    expect(changes()).toEqual(['POST', 'POST']);
  });

  test('prints what an admin of the directory runs where it is refused, and does not fail', async () => {
    routes.set(`PATCH ${application}`, refused);
    const { code, output, kept } = await ranHere();
    expect(output).toContain('Cairn tokens work until it is.');
    expect(output).toContain('Authorization_RequestDenied');
    expect(output).toContain(requestLines(cloud.url, wanted).join('\n'));
    expect({ code, kept }).toEqual({ code: 0, kept: '' });
    expect(settings['func-cairn-abc']?.['CAIRN_ENTRA_CLIENT_ID']).toBe('');
  });

  test('in a pipeline that may ask nothing leaves all as it is', async () => {
    routes.set(`GET ${application}`, refused);
    const { code, output, kept } = await ranHere({ CI: 'true', CAIRN_ENTRA_CLIENT_ID: clientId });
    expect(output).toContain(`the app registration ${clientId} is left as it is.`);
    expect({ code, kept, changed: changes() }).toEqual({ code: 0, kept: '', changed: [] });
  });

  test('leaves it to the next provisioning where the app cannot be told', async () => {
    routes.set(`GET ${sites}`, refused);
    const { code, output, kept } = await ranHere();
    expect(output).toMatch(/azd provision puts it in force.*HTTP 403/);
    expect({ code, kept }).toEqual({ code: 0, kept: `CAIRN_ENTRA_CLIENT_ID=${clientId}\n` });
  });

  test('does nothing where it is told not to, before there is an app, and where nobody is signed in', async () => {
    const off = await ranHere({ CAIRN_ENTRA_REGISTRATION: 'off' });
    const early = await ranHere({ CAIRN_PUBLIC_URL: '' });
    const azd = await fakeAzd();
    const out = await ran('./sign-in.ts', {
      ...azd.env,
      AZURE_FUNCTION_NAME: 'func-cairn-abc',
      CAIRN_PUBLIC_URL: 'https://app.test',
    });
    await azd.remove();
    expect([off.code, early.code, out.code]).toEqual([0, 0, 0]);
    expect(off.output).toContain('CAIRN_ENTRA_REGISTRATION');
    expect(early.output).toContain('there is no app yet');
    expect(out.output).toContain('Cairn tokens work without it');
    expect(cloud.asked).toEqual([]);
  });
});
