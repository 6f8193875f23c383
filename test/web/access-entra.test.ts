import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Guarded, guarded } from './access.ts';
import { type Authority, clientId, openAuthority, tenant } from './authority.ts';
import type { View } from './browser.ts';

let directory: Authority;
let stack: Guarded;
const mia = { oid: 'bbbbbbbb-cccc-dddd-eeee-ffffffffffff', name: 'mia@example.com' };
const id = `entra:${tenant}/${mia.oid}`;

beforeAll(async () => {
  directory = await openAuthority();
  stack = await guarded({
    CAIRN_ENTRA_AUTHORITY: directory.url,
    CAIRN_ENTRA_TENANT: tenant,
    CAIRN_ENTRA_CLIENT_ID: clientId,
  });
  directory.redirectUri = `${stack.url}/`;
  await stack.server.admin('POST', '/api/v1/access/principals', { id, name: mia.name });
  await stack.server.admin('POST', '/api/v1/access/grants', {
    subject: `principal:${id}`,
    workspace: 'default',
    effect: 'allow',
    role: 'contributor',
  });
});
afterAll(async () => {
  await stack?.close();
  directory?.close();
});
beforeEach(() => {
  Object.assign(directory, { member: mia, isSignedIn: false, refuses: undefined, secondsOfLife: 3600 });
});

const button = /Sign in with Microsoft/;

/** To a page by way of the directory. */
async function signIn({ page, settled }: View): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('link', { name: `Continue as ${directory.member.name}` }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await settled();
}

describe('a sign-in with Microsoft', () => {
  test('proves itself by PKCE, leads to where one was going, and puts no secret in any address', async () => {
    const view = await stack.browser.view();
    const { page } = view;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await view.visit('#/experiments?view=deleted');
    await signIn(view);
    await page.getByRole('heading', { level: 1, name: 'Experiments' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/experiments?view=deleted');
    await page.getByRole('button', { name: `Signed in as ${mia.name} in the workspace default` }).waitFor();

    const kept = await page.evaluate(() =>
      JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)]),
    );
    const token = /"token\\":\\"([^"\\]+)/.exec(kept)?.[1] ?? 'none';
    expect(token.split('.')).toHaveLength(3);
    expect(kept).not.toMatch(/refresh|verifier/);
    expect(asked.filter((url) => url.includes(token) || url.includes('code_verifier'))).toEqual([]);
    // The code came behind the #, of which the server of the page is told nothing.
    expect(asked.filter((url) => url.startsWith(stack.url) && url.includes('code='))).toEqual([]);
    expect(view.troubles()).toEqual([]);
    await view.close();
  });

  test('may reach the directory and no other place', async () => {
    const policy = (await fetch(`${stack.url}/`)).headers.get('content-security-policy') ?? '';
    // Storage stands before it.
    const others = policy.replace(/ http:\/\/127\.0\.0\.1:\d+/, '');
    expect(others).toContain(`connect-src 'self' ${directory.url};`);
    const view = await stack.browser.view();
    await view.visit('#/');
    const blocked = await view.page.evaluate(() =>
      fetch('http://127.0.0.1:1/').then(
        () => false,
        () => true,
      ),
    );
    expect(blocked).toBe(true);
    expect(view.troubles().join()).toContain('Content Security Policy');
    await view.close();
  });

  test('renews itself before it ends, without leaving the page', async () => {
    // Shorter than what is held to be enough: each call asks for a new one first.
    directory.secondsOfLife = 100;
    const view = await stack.browser.view();
    await view.visit('#/');
    await signIn(view);
    const [before, left] = [directory.asked.refresh, directory.asked.authorize];
    await view.page.getByRole('link', { name: 'Models', exact: true }).click();
    await view.page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    await view.settled();
    expect(directory.asked.refresh).toBeGreaterThan(before);
    expect(directory.asked.authorize).toBe(left);
    expect(view.troubles()).toEqual([]);
    await view.close();
  });

  test('is taken up again silently where it has ended and the directory still knows the reader', async () => {
    const view = await stack.browser.view();
    const { page } = view;
    await view.visit('#/models');
    await signIn(view);
    const end = () =>
      page.evaluate(() => {
        const kept = JSON.parse(sessionStorage.getItem('cairn.credential') ?? '{}') as { token: string };
        sessionStorage.setItem('cairn.credential', JSON.stringify({ ...kept, token: 'a.b.c' }));
      });
    const before = directory.asked.silent;
    await end();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    expect(directory.asked.silent).toBe(before + 1);
    expect(new URL(page.url()).hash).toBe('#/models');

    directory.isSignedIn = false;
    await end();
    await page.reload();
    await page.getByText('Your session has ended').waitFor();
    expect(directory.asked.silent).toBe(before + 2);
    await signIn(view);
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    await view.close();
  });

  test('goes on in a window of its own where the page holds what nobody has saved', async () => {
    const kept = 'Kept over a sign-in';
    const view = await stack.browser.view();
    const { page } = view;
    await view.visit('#/experiments');
    await signIn(view);
    await page.getByRole('button', { name: 'New experiment' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(kept);
    const disable = (disabled: boolean) =>
      stack.server.admin('PATCH', `/api/v1/access/principals/${id}`, { disabled, reason: 'for a moment' });
    await disable(true);
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await again.waitFor();
    await disable(false);
    const [opened] = await Promise.all([
      page.waitForEvent('popup'),
      again.getByRole('button', { name: button }).click(),
    ]);
    // The directory knows them: the window is gone as soon as it has answered.
    await Promise.all([
      opened.isClosed() || opened.waitForEvent('close'),
      page.getByRole('heading', { level: 1, name: kept }).waitFor(),
    ]);
    expect(opened.isClosed()).toBe(true);
    await view.close();
  });
});

describe('what is no sign-in', () => {
  test('an answer that nobody here has asked for is not taken, and leads nowhere else', async () => {
    const view = await stack.browser.view();
    const { page } = view;
    const before = directory.asked.code;
    const state = 'a'.repeat(43);
    await page.goto(`${stack.url}/?workspace=default#code=stolen&state=${state}`);
    await page.getByRole('alert').getByText('belongs to no sign-in').waitFor();
    expect(page.url()).not.toContain('stolen');
    // What a tab keeps of where it was going is a place of this page, or nothing.
    await page.evaluate(
      (kept) => sessionStorage.setItem('cairn.sign-in', kept),
      JSON.stringify({
        state,
        nonce: 'n',
        verifier: 'v'.repeat(43),
        silent: false,
        going: '//example.org/#/',
      }),
    );
    await page.goto('about:blank');
    await page.goto(`${stack.url}/#code=stolen&state=${state}`);
    await page.getByRole('alert').getByText('verifier does not match').waitFor();
    expect(new URL(page.url()).href).toBe(`${stack.url}/`);
    expect(directory.asked.code).toBe(before + 1);
    await view.close();
  });

  test('a refusal of the directory is told in its words', async () => {
    directory.refuses = 'access_denied';
    const view = await stack.browser.view();
    await view.visit('#/');
    await view.page.getByRole('button', { name: button }).click();
    await view.page.getByRole('alert').waitFor();
    expect(await view.page.getByRole('alert').innerText()).toBe(
      'Microsoft refused, or the sign-in was cancelled.',
    );
    await view.close();
  });

  test('whoever is shut out here is told so, however often the directory lets them in', async () => {
    directory.member = { oid: 'cccccccc-cccc-dddd-eeee-ffffffffffff', name: 'out@example.com' };
    const shut = `entra:${tenant}/${directory.member.oid}`;
    await stack.server.admin('POST', '/api/v1/access/principals', { id: shut, name: 'Out' });
    await stack.server.admin('PATCH', `/api/v1/access/principals/${shut}`, {
      disabled: true,
      reason: 'left',
    });
    const view = await stack.browser.view();
    await view.visit('#/');
    await view.page.getByRole('button', { name: button }).click();
    await view.page.getByRole('link', { name: 'Continue as out@example.com' }).click();
    await view.page.getByRole('alert').waitFor();
    expect(await view.page.getByRole('alert').innerText()).toContain('does not accept');
    await view.close();
  });

  test('no barrier stands before the way in, in either theme', async () => {
    expect(await stack.browser.look('#/', (view) => view.barriersInBothThemes())).toEqual([]);
  });
});
