import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guarded, guarded } from './access.ts';
import type { View } from './browser.ts';

let stack: Guarded;
let tokens: Record<'ada' | 'vic' | 'lone' | 'nobody', string>;
beforeAll(async () => {
  stack = await guarded();
  tokens = {
    ada: await stack.token('ada', 'admin'),
    vic: await stack.token('vic', 'viewer'),
    lone: await stack.token('lone', 'contributor', 'elsewhere'),
    nobody: await stack.token('nobody'),
  };
  await stack.server.admin('POST', '/api/v1/workspaces', { name: 'elsewhere', description: 'Another one' });
});
afterAll(async () => stack?.close());

/** What is refused on purpose is reported by the browser as an error. */
const refused = { refused: /\/api\// };

async function signIn({ page }: View, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

describe('whoever is not signed in', () => {
  test('is asked to, told what is wrong with a token, and then led to where they were going', async () => {
    const view = await stack.browser.view();
    const { page } = view;
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    await view.visit('#/tokens?of=own');
    expect(await page.title()).toBe('Sign in · Cairn');
    expect(await page.getByRole('navigation').count()).toBe(0);

    await signIn(view, 'cairn two words');
    await page.getByRole('alert').getByText('This is no token').waitFor();
    await signIn(view, `${tokens.vic.slice(0, -1)}x`);
    await page.getByRole('alert').getByText('does not accept').waitFor();
    await signIn(view, tokens.vic);
    await page.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/tokens?of=own');

    expect(addresses.filter((address) => address.includes('cairn_'))).toEqual([]);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('cairn_');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor();
    await view.close();
  });

  test('signs in by a user name and password, of which nothing is kept', async () => {
    const password = 'correct horse ✓ staple';
    await stack.server.admin('POST', '/api/2.0/mlflow/users/create', { username: 'pat', password });
    const view = await stack.browser.view();
    const { page } = view;
    await view.visit('#/tokens');
    await page.getByRole('button', { name: 'Use a user name and password' }).click();
    expect(await view.barriers()).toEqual([]);
    const present = async (user: string, secret: string) => {
      await page.getByLabel('User name').fill(user);
      await page.getByLabel('Password').fill(secret);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    };
    await present('pat', 'wrong');
    await page.getByRole('alert').getByText('does not accept this user name with this password').waitFor();
    await present('pat', password);
    await page.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor();
    const row = page.getByRole('row').filter({ hasText: 'Sign-in by password' });
    expect(await row.innerText()).toContain('active');
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    expect(kept).toMatch(/cairn_[0-9a-f]{16}_/);
    expect(kept).not.toContain('correct horse');
    await page.reload();
    await page.getByRole('button', { name: 'Signed in as pat in the workspace default' }).waitFor();
    await view.close();
  });

  test('is told to wait after too many wrong passwords', async () => {
    const view = await stack.browser.view();
    const { page } = view;
    await stack.server.admin('POST', '/api/2.0/mlflow/users/create', {
      username: 'hasty',
      password: 'correct horse staple',
    });
    const wrong = stack.server.as(`Basic ${btoa('hasty:wrong')}`);
    let status = 401;
    for (let tries = 0; tries < 50 && status === 401; tries++)
      ({ status } = await wrong('GET', '/api/v1/session'));
    expect(status).toBe(429);
    await view.visit('#/');
    await page.getByRole('button', { name: 'Use a user name and password' }).click();
    await page.getByLabel('User name').fill('hasty');
    await page.getByLabel('Password').fill('correct horse staple');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').getByText('Too many passwords were tried').waitFor();
    await view.close();
  });

  test('is nobody again after they sign out, in every tab, with nothing left behind', async () => {
    const view = await stack.browser.view();
    const { page } = view;
    await view.visit('#/experiments');
    await signIn(view, tokens.vic);
    await page.getByRole('heading', { level: 1, name: 'Experiments' }).waitFor();
    const other = await page.context().newPage();
    await other.goto(`${stack.url}/#/tokens`);
    await other.getByLabel('Token').fill(tokens.vic);
    await other.getByRole('button', { name: 'Sign in', exact: true }).click();
    await other.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor();

    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    await page.getByRole('button', { name: 'Signed in as vic in the workspace default' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    for (const tab of [page, other]) {
      await tab.getByRole('heading', { level: 1, name: 'Sign in to Cairn' }).waitFor();
      expect(await tab.evaluate(() => sessionStorage.length)).toBe(0);
    }
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Sign in to Cairn' }).waitFor();
    await other.close();
    await view.close();
  });

  test('meets no barrier in either theme', async () => {
    expect(await stack.browser.look('#/', (view) => view.barriersInBothThemes(), { width: 400 })).toEqual([]);
  });
});

describe('what is offered', () => {
  test('is what the role allows, and a refusal says which is missing and who gives it', async () => {
    await stack.browser.look(
      '#/experiments',
      async ({ page, settled }) => {
        const places = await page.getByRole('navigation', { name: 'Main' }).innerText();
        expect(places).toContain('Tokens');
        expect(places).not.toMatch(/Audit|Users|Webhooks/);
        expect(await page.getByRole('button', { name: 'New experiment' }).count()).toBe(0);
        expect(await page.getByRole('button', { name: /^Actions on/ }).count()).toBe(0);
        await page.goto(`${stack.url}/#/audit`);
        await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
        await settled();
        const notice = await page.getByRole('alert').first().innerText();
        expect(notice).toContain('role admin');
        expect(notice).toMatch(/You are vic, with the role viewer in the workspace default/);
      },
      { token: tokens.vic, ...refused },
    );
    await stack.browser.look(
      '#/experiments',
      async ({ page }) => {
        await page.getByRole('button', { name: 'New experiment' }).waitFor();
        expect(await page.getByRole('list', { name: 'Admin' }).innerText()).toContain('Audit log');
      },
      { token: tokens.ada },
    );
  });

  test('on one thing is what a rule about it says, be it more or less than in the workspace', async () => {
    const { server } = stack;
    const made = await server.admin('POST', '/api/2.0/mlflow/experiments/create', { name: 'Lent' });
    await server.admin('POST', '/api/v1/access/grants', {
      subject: 'principal:vic',
      workspace: 'default',
      resource: { type: 'experiment', id: String(made.body['experiment_id']) },
      effect: 'allow',
      role: 'contributor',
    });
    await stack.browser.look(
      '#/experiments',
      async ({ page }) => {
        await page.getByRole('button', { name: 'Actions on Lent' }).waitFor();
        expect(await page.getByRole('button', { name: /^Actions on/ }).count()).toBe(1);
      },
      { token: tokens.vic },
    );
  });

  test('is nothing to whoever holds no role here; the way to where they hold one is', async () => {
    await stack.browser.look(
      '#/',
      async ({ page }) => {
        await page.getByText('You have no role in the workspace default').waitFor();
        await page.getByRole('link', { name: 'Go to the workspace elsewhere' }).click();
        await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
        await page.getByRole('button', { name: 'Signed in as lone in the workspace elsewhere' }).click();
        const account = page.locator('.account');
        expect(await account.innerText()).toMatch(/lone\s+signed in by a token\s+contributor\s+in elsewhere/);
      },
      { token: tokens.lone },
    );
    await stack.browser.look(
      '#/models',
      async ({ page }) => {
        await page.getByText('You have no role in the workspace default').waitFor();
        expect(await page.getByRole('link', { name: /^Go to/ }).count()).toBe(0);
      },
      { token: tokens.nobody },
    );
  });
});

describe('a session that ends meanwhile', () => {
  async function revocable(): Promise<{ token: string; revoke: () => Promise<unknown> }> {
    const { body } = await stack.server.admin('POST', '/api/v1/tokens', { name: 'short', principal: 'ada' });
    return {
      token: String(body['token']),
      revoke: () => stack.server.admin('DELETE', `/api/v1/tokens/${String(body['id'])}`, {}),
    };
  }

  test('leads to the sign-in, and back to the same place', async () => {
    const view = await stack.browser.view();
    const { page } = view;
    const { token, revoke } = await revocable();
    await view.visit('#/experiments');
    await signIn(view, token);
    await page.getByRole('heading', { level: 1, name: 'Experiments' }).waitFor();
    await revoke();
    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await page.getByText('Your session has ended').waitFor();
    await signIn(view, tokens.ada);
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/models');
    await view.close();
  });

  test('loses nothing that was written: after a sign-in as the same person it is sent', async () => {
    const written = 'Written before the end';
    const view = await stack.browser.view();
    const { page } = view;
    const { token, revoke } = await revocable();
    await view.visit('#/experiments');
    await signIn(view, token);
    await page.getByRole('button', { name: 'New experiment' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(written);
    await revoke();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await again.waitFor();
    await page.keyboard.press('Escape');
    expect(await view.barriers()).toEqual([]);
    await again.getByLabel('Token').fill(tokens.ada);
    await again.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: written }).waitFor();
    await view.close();
  });

  test('sends nothing of it as somebody else', async () => {
    const written = 'Of somebody else';
    const view = await stack.browser.view();
    const { page } = view;
    const { token, revoke } = await revocable();
    await stack.server.person('bea', 'contributor');
    await view.visit('#/experiments');
    await signIn(view, token);
    await page.getByRole('button', { name: 'New experiment' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(written);
    await revoke();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await again.getByLabel('Token').fill(tokens.vic);
    await again.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').getByText('Sign in first').waitFor();
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe(written);
    const { body } = await stack.server.admin('POST', '/api/2.0/mlflow/experiments/search', {
      max_results: 100,
    });
    expect(JSON.stringify(body)).not.toContain(written);
    await view.close();
  });
});

test('files come as the one who is signed in: shown, and handed over', async () => {
  const { server } = stack;
  const call = async (path: string, body: unknown) =>
    (await server.admin('POST', `/api/2.0/mlflow/${path}`, body)).body as unknown as Record<
      string,
      Record<string, Record<string, string>>
    >;
  const { run } = await call('runs/create', { experiment_id: '0', start_time: 1 });
  const id = run?.['info']?.['run_id'] ?? '';
  const root = (run?.['info']?.['artifact_uri'] ?? '').replace('mlflow-artifacts:/', '');
  const put = (name: string, body: string) =>
    server.fetch(`/api/2.0/mlflow-artifacts/artifacts/${root.replace(/^\/+/, '')}/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${server.adminToken}` },
      body,
    });
  expect((await put('drawing.svg', drawing)).status).toBe(200);
  await stack.browser.look(
    `#/experiments/0/runs/${id}?tab=artifacts&path=drawing.svg`,
    async ({ page }) => {
      await page.getByText('30 × 20 pixels').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('drawing.svg');
    },
    { token: tokens.vic },
  );
});

const drawing =
  '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="9" height="9"/></svg>';
