import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import type { InvocationContext, Timer } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tick } from '../../functions/tick.ts';
import { exportSegments } from '../../shared/audit/index.ts';
import { type Guarded, guarded } from './access.ts';

let stack: Guarded;
let keys: string;
let root: string;
const seen = { token: '' };
beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'cairn-keys-'));
  stack = await guarded({ CAIRN_KEYS_FOLDER: keys });
  root = stack.server.adminToken;
  const { admin } = stack.server;
  await admin('POST', '/api/2.0/mlflow/experiments/create', { name: 'Credit' });
  for (const name of ['ann', 'bo']) await stack.token(name, 'viewer');
});
afterAll(async () => {
  await stack?.close();
  await rm(keys, { recursive: true, force: true });
});

const look = (hash: string, looking: Parameters<Guarded['browser']['look']>[1], refused?: RegExp) =>
  stack.browser.look(hash, looking, { token: root, ...(refused ? { refused } : {}) });

const rowOf = (page: Page, text: string | RegExp) => page.getByRole('row').filter({ hasText: text });

describe('users and roles', () => {
  test('somebody is added, given a role in one thing, shut out, let in again and deleted', async () => {
    const cleo = 'cleo';
    await look('#/users', async ({ page, settled }) => {
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'Add' }).click();
      await dialog.getByRole('textbox', { name: 'Name' }).fill(cleo);
      await dialog.getByRole('button', { name: 'Add' }).click();
      await page.getByRole('heading', { level: 1, name: cleo }).waitFor();
      await page.getByText('None: they may do nothing in this workspace.').waitFor();

      await page.getByRole('button', { name: 'Give a role' }).click();
      await dialog.getByText('In this workspace, who has it sees everything.').waitFor();
      await dialog.getByRole('combobox', { name: 'Role' }).selectOption('contributor');
      await dialog.getByRole('combobox', { name: 'Over' }).selectOption('experiment');
      await dialog.getByRole('combobox', { name: 'Which experiment' }).fill('cred');
      await dialog.getByRole('option', { name: 'Credit' }).click();
      await dialog.getByRole('textbox', { name: 'Reason' }).fill('helps out');
      await dialog.getByRole('button', { name: 'Give' }).click();
      const rule = rowOf(page, 'helps out');
      await rule.waitFor();
      expect(await rule.innerText()).toMatch(/contributor.*experiment.*Credit/s);

      await page.getByRole('button', { name: 'Disable' }).click();
      await dialog.getByRole('textbox', { name: 'Reason' }).fill('on leave');
      await dialog.getByRole('button', { name: 'Disable' }).click();
      await page.getByText(/Shut out by admin, .*: on leave/).waitFor();
      await page.getByRole('button', { name: 'Enable' }).click();
      await dialog.getByRole('textbox', { name: 'Reason' }).fill('is back');
      await dialog.getByRole('button', { name: 'Enable' }).click();
      await page.getByRole('button', { name: 'Disable' }).waitFor();

      await rule.getByRole('button', { name: /^Take away/ }).click();
      await dialog.getByRole('button', { name: 'Take away' }).click();
      await page.getByText('None: they may do nothing in this workspace.').waitFor();
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await dialog.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('heading', { level: 1, name: 'Users & roles' }).waitFor();
      await settled();
      expect(await rowOf(page, cleo).count()).toBe(0);
    });
  });

  test('people are found by name, with what they may do here', async () => {
    await look('#/users', async ({ page }) => {
      await page.getByRole('searchbox', { name: 'Search people and services' }).fill('AN');
      await rowOf(page, 'bo').waitFor({ state: 'detached' });
      expect(await rowOf(page, 'ann').innerText()).toContain('viewer');
      expect(page.url()).toContain('q=AN');
    });
  });

  test('a group gives its members what it holds, and is not overwritten by one of the same name', async () => {
    const team = 'team';
    await look(
      '#/users?tab=groups',
      async ({ page }) => {
        const dialog = page.getByRole('dialog');
        const make = async () => {
          await page.getByRole('button', { name: 'New group' }).click();
          await dialog.getByRole('textbox', { name: /^Name/ }).fill(team);
          await dialog.getByRole('checkbox', { name: 'ann' }).check();
          await dialog.getByRole('button', { name: 'Create' }).click();
        };
        await make();
        await rowOf(page, team).waitFor();
        await make();
        await dialog.getByRole('alert').waitFor();
        await dialog.getByRole('button', { name: 'Cancel' }).click();

        await page.getByRole('button', { name: `Actions on ${team}` }).click();
        await page.getByRole('button', { name: 'Give a role' }).click();
        await dialog.getByRole('combobox', { name: 'Role' }).selectOption('approver');
        await dialog.getByRole('button', { name: 'Give' }).click();
        await rowOf(page, team).getByText('approver').waitFor();
        await page.getByRole('button', { name: `Actions on ${team}` }).click();
        await page.getByRole('button', { name: 'Members' }).click();
        await dialog.getByRole('checkbox', { name: 'bo' }).check();
        await dialog.getByRole('button', { name: 'Save' }).click();
        await dialog.waitFor({ state: 'detached' });
        await page.getByRole('link', { name: 'People & services' }).click();
        await rowOf(page, 'bo').getByText('approver').waitFor();
        expect(await rowOf(page, 'ann').innerText()).toMatch(/team.*approver/s);
      },
      /groups\/team/,
    );
  });

  test('a rule can be about a role of a directory, and a workflow of GitHub is trusted on conditions', async () => {
    const role = 'Auditors';
    const trust = 'deploy';
    await look('#/users?tab=rules', async ({ page }) => {
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'New rule' }).click();
      await dialog.getByRole('combobox', { name: 'About' }).selectOption('app-role');
      await dialog.getByRole('textbox', { name: 'Value of the app role' }).fill(role);
      await dialog.getByRole('combobox', { name: 'Role' }).selectOption('deny');
      await dialog.getByRole('button', { name: 'Deny' }).click();
      expect(await rowOf(page, role).innerText()).toMatch(/app role.*denied/s);

      await page.getByRole('link', { name: 'GitHub Actions' }).click();
      await page.getByRole('button', { name: 'New trust' }).click();
      await dialog.getByRole('textbox', { name: /^Name/ }).fill(trust);
      await dialog.getByRole('textbox', { name: 'Repository' }).fill(`acme/${trust}`);
      await dialog.getByRole('textbox', { name: 'Ref' }).fill('refs/heads/main');
      await dialog.getByRole('button', { name: 'Create' }).click();
      expect(await rowOf(page, trust).innerText()).toMatch(
        new RegExp(`acme/${trust}.*refs/heads/main.*workload:${trust}`, 's'),
      );
    });
  });
});

describe('tokens', () => {
  test('are told how they are used where there are none', async () => {
    await look('#/tokens', async ({ page }) =>
      expect(await page.locator('main').innerText()).toContain('export MLFLOW_TRACKING_TOKEN=cairn_…'),
    );
  });

  test('one is made, shown once with lines to paste, works, and is refused when revoked', async () => {
    const nightly = 'nightly';
    await look('#/tokens', async ({ page, settled }) => {
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'New token' }).click();
      expect(await dialog.getByRole('combobox', { name: 'Ends after' }).inputValue()).toBe('30');
      await dialog.getByRole('textbox', { name: 'Name' }).fill(nightly);
      await dialog.getByRole('combobox', { name: 'May' }).selectOption('viewer');
      await dialog.getByRole('button', { name: 'Make' }).click();
      const shown = page.getByRole('dialog', { name: `The token ${nightly}` });
      const text = await shown.innerText();
      const [token = ''] = /cairn_[0-9a-f]{16}_\w+/.exec(text) ?? [];
      seen.token = token;
      expect(text).toContain(`export MLFLOW_TRACKING_URI=${stack.url}`);
      expect(text).toContain(`export MLFLOW_TRACKING_TOKEN=${token}`);
      expect(text).toContain(`-H 'Authorization: Bearer ${token}'`);
      const use = async () =>
        (await stack.server.as(`Bearer ${token}`)('GET', '/api/v1/session')).body as unknown as {
          role?: string;
        };
      expect((await use()).role).toBe('viewer');
      await shown.getByRole('button', { name: 'I have kept it' }).click();
      await settled();
      expect(await page.content()).not.toContain(token);
      expect(await rowOf(page, nightly).innerText()).toMatch(/active.*at most viewer, default/s);

      await page.getByRole('button', { name: `Revoke ${nightly}` }).click();
      await dialog.getByRole('textbox', { name: 'Reason' }).fill('lost');
      await dialog.getByRole('button', { name: 'Revoke' }).click();
      await rowOf(page, nightly).getByText('revoked', { exact: true }).waitFor();
      expect(await rowOf(page, nightly).innerText()).toMatch(/revoked just now by admin/);
      expect((await use()).role).toBeUndefined();
    });
  });

  test('those of others are for admins of the deployment', async () => {
    await look('#/tokens', async ({ page }) => {
      await page.getByRole('button', { name: 'Everyone’s' }).click();
      await page.getByRole('link', { name: 'ann' }).first().click();
      await page.getByRole('heading', { level: 1, name: 'ann' }).waitFor();
      await page.getByRole('button', { name: 'Revoke test' }).waitFor();
      expect(await page.getByRole('region', { name: 'Tokens of ann' }).innerText()).toContain('active');
    });
  });
});

test('a workspace is made with limits, entered, changed, and deleted when empty', async () => {
  const credit = 'credit';
  const other = 'other';
  await stack.server.admin('POST', '/api/v1/workspaces', { name: other });
  await look('#/workspaces', async ({ page, settled }) => {
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'New workspace' }).click();
    await dialog.getByRole('textbox', { name: 'Name' }).fill(credit);
    await dialog.getByRole('spinbutton', { name: 'Storage, in GB' }).fill('2.5');
    await dialog.getByRole('button', { name: 'Create' }).click();
    expect(await rowOf(page, credit).innerText()).toContain('2.5 GB');
    await page.getByRole('link', { name: credit }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(new URL(page.url()).search).toBe(`?workspace=${credit}`);
    await page.getByRole('link', { name: 'Workspaces' }).click();
    await settled();
    await page.getByRole('button', { name: `Actions on ${credit}` }).click();
    await page.getByRole('button', { name: 'Description and limits' }).click();
    await dialog.getByRole('spinbutton', { name: 'Storage, in GB' }).fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await rowOf(page, credit).getByText('those of the deployment').waitFor();
    await page.getByRole('button', { name: new RegExp(`in the workspace ${credit}$`) }).click();
    await page
      .locator('.account')
      .getByRole('link', { name: /^default/ })
      .click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByRole('link', { name: 'Workspaces' }).click();
    await page.getByRole('button', { name: `Actions on ${other}` }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await rowOf(page, other).waitFor({ state: 'detached' });
    expect(await rowOf(page, 'default').innerText()).toContain('here');
  });
});

describe('the audit log', () => {
  test('tells who did what, proves an entry, and is narrowed and handed over as a file', async () => {
    const nosy = 'nosy';
    await stack.server.as(`Bearer ${await stack.token(nosy, 'viewer')}`)('GET', '/api/v1/audit');
    await stack.server.drain();
    await look('#/audit', async ({ page, settled }) => {
      await page.getByRole('searchbox', { name: 'What', exact: true }).fill('token.*');
      await page.getByRole('searchbox', { name: 'Who', exact: true }).fill('admin');
      await page.waitForFunction(() => location.hash.includes('actor=admin'));
      await settled();
      const actions = await page.locator('tbody tr td:nth-of-type(3)').allInnerTexts();
      expect(actions.length).toBeGreaterThan(3);
      expect(new Set(actions.map((action) => action.split('.')[0]))).toEqual(new Set(['token']));
      const revoked = rowOf(page, 'token.revoked').first();
      expect(await revoked.innerText()).toContain('lost');
      await revoked.getByRole('rowheader').getByRole('button').click();
      const detail = await page.locator('tr.detail').innerText();
      for (const name of ['Request', 'Before', 'After', 'Hash of the entry before'])
        expect(detail).toContain(name);
      expect(detail.match(/sha256:[0-9a-f]{64}/g)?.length).toBe(4);

      const exported = page.waitForEvent('download');
      await page.getByRole('button', { name: 'CSV' }).click();
      const csv = await contentOf(await exported);
      expect(csv.split('\n')[0]).toContain('seq,at,recorded_at');
      expect(csv).toContain('token.revoked');
      expect(csv).not.toContain('grant.created');
      expect(csv).not.toContain(seen.token);

      await page.getByRole('button', { name: 'Clear' }).click();
      await page.getByRole('combobox', { name: 'Outcome' }).selectOption('denied');
      expect(await rowOf(page, nosy).first().innerText()).toContain('access.denied');
    });
  });

  test('shows where its chain stands, and verifies it', async () => {
    await stack.server.drain();
    await exportSegments(stack.server.ctx);
    await look('#/audit', async ({ page, settled }) => {
      const chain = page.locator('.chain');
      await chain.getByText(/^up to \d+/).waitFor();
      await page.getByRole('button', { name: 'Verify' }).click();
      await chain.getByText('whole', { exact: true }).waitFor();
      await settled();
      expect(await chain.innerText()).toMatch(/\d+ entries in \d+ segments? were read/);
      expect(await chain.innerText()).toContain('Signatures vouch for all up to entry');
      // As `--head` of a verification takes it.
      expect(await chain.innerText()).toMatch(/\b\d+:sha256:[0-9a-f]{64}\b/);
    });
  });

  test('shows all that an entry is, in one line each, in a window of 1280 pixels', async () => {
    const view = await stack.browser.view({ width: 1280, token: root });
    await view.visit('#/audit');
    const table = view.page.getByRole('region', { name: 'Entries, newest first' });
    const { wide, room, heights } = await table.evaluate((element) => ({
      wide: element.scrollWidth,
      room: element.clientWidth,
      heights: [...element.querySelectorAll('tbody tr')].map((row) => row.getBoundingClientRect().height),
    }));
    expect(wide).toBeLessThanOrEqual(room);
    expect(heights.length).toBeGreaterThan(5);
    expect(Math.max(...heights)).toBeLessThan(1.5 * Math.min(...heights));
    await view.close();
  });

  test('is not for those who may not see it, and neither is what makes people known', async () => {
    const vic = await stack.token('vic', 'viewer');
    await stack.browser.look(
      '#/users',
      async ({ page }) => {
        await page.getByRole('alert').first().waitFor();
        expect(await page.getByRole('button', { name: 'Add' }).count()).toBe(0);
      },
      { token: vic, refused: /access/ },
    );
  });
});

test('the review tells who can do what and by which rule, marks what is unused, and takes it away', async () => {
  const cy = 'cy';
  await stack.token(cy, 'viewer');
  await look('#/access-review', async ({ page, settled }) => {
    const first = rowOf(page, 'the settings');
    expect(await first.innerText()).toContain('CAIRN_FIRST_ADMIN');
    expect(await first.getByRole('rowheader').getByRole('link').count()).toBe(0);
    await page.getByRole('searchbox', { name: 'Search' }).fill('bo');
    await page.waitForFunction(() => location.hash.includes('q=bo'));
    await settled();
    expect(await rowOf(page, 'approver').first().innerText()).toMatch(/bo.*group.*team.*admin/s);
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    expect(await contentOf(await file)).toMatch(/^principal,name,kind,.*\n[\s\S]*\bbo,bo,user/);

    const search = async (name: string) => {
      await page.getByRole('searchbox', { name: 'Search' }).fill(name);
      await page.waitForFunction((text) => location.hash.includes(`q=${text}`), name);
      await settled();
    };
    await search(cy);
    expect(await rowOf(page, 'directly').innerText()).toContain('viewer');
    await page.getByRole('button', { name: `Revoke: ${cy}, viewer, workspace default` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: `Revoke: ${cy}, viewer` }).waitFor({ state: 'detached' });
    await search('bo');
    await page.getByRole('checkbox', { name: 'Unused for 90 days' }).check();
    await page.getByText('Nothing matches').waitFor();
  });
});

test('usage tells who called how often, and what the limits are', async () => {
  await look('#/usage', async ({ page }) => {
    const row = rowOf(page, /^admin/);
    await row.waitFor();
    expect(Number((await row.getByRole('cell').nth(1).innerText()).replace(',', ''))).toBeGreaterThan(10);
    expect(await row.innerText()).toMatch(/\d\.\d\t(0 MB|under 1 MB)/);
    expect(await page.locator('.limits').innerText()).toMatch(/at most [\d,]+ a minute/);
    await page.getByRole('combobox', { name: 'Workspace' }).selectOption('*');
    await page.getByRole('columnheader', { name: 'Workspace' }).waitFor();
    await page.getByRole('combobox', { name: 'Month' }).selectOption({ index: 5 });
    await page.getByText('Nothing was used').waitFor();
  });
});

test('somebody’s data is looked for and erased, a hold keeps it, and nothing tells whose it was', async () => {
  const ticket = 'ticket';
  const lawsuit = 'lawsuit';
  await look(
    '#/data-requests',
    async ({ page }) => {
      const dialog = page.getByRole('dialog');
      const ask = async (reason: string, dryRun: boolean) => {
        await page.getByRole('button', { name: 'Erase somebody’s data' }).click();
        await dialog.getByRole('textbox', { name: /^Column/ }).fill('customer_id');
        await dialog.getByRole('textbox', { name: /^Value/ }).fill('secret-4711');
        await dialog.getByRole('textbox', { name: 'Reason' }).fill(reason);
        if (!dryRun) await dialog.getByRole('checkbox', { name: /^Only look/ }).uncheck();
        await dialog.getByRole('button', { name: dryRun ? 'Look for it' : 'Erase for good' }).click();
      };
      await ask(ticket, true);
      await dialog.waitFor({ state: 'detached' });
      await rowOf(page, ticket).getByText('waiting').waitFor();
      // What is due on the agenda begins with the next tick of the timer.
      await tick({} as Timer, quiet);
      await stack.server.drain();
      await rowOf(page, ticket).getByText('finished').waitFor();
      expect(await rowOf(page, ticket).innerText()).toContain('look only');
      expect(await page.locator('tr.detail').innerText()).toContain('Rows found');

      await page.getByRole('button', { name: 'Place a hold' }).click();
      await dialog.getByRole('textbox', { name: 'Reason' }).fill(lawsuit);
      await dialog.getByRole('button', { name: 'Place' }).click();
      await dialog.getByRole('alert').getByText('Name a person, an endpoint, or both').waitFor();
      await dialog.getByRole('textbox', { name: /^Column/ }).fill('customer_id');
      await dialog.getByRole('textbox', { name: /^Value/ }).fill('secret-4711');
      await dialog.getByRole('button', { name: 'Place' }).click();
      await page.getByRole('button', { name: `Release: ${lawsuit}` }).waitFor();
      expect(await page.content()).not.toContain('secret-4711');

      await page.getByRole('button', { name: `Release: ${lawsuit}` }).click();
      await dialog.getByRole('button', { name: 'Release' }).click();
      await page.getByRole('button', { name: `Release: ${lawsuit}` }).waitFor({ state: 'detached' });
    },
    /erasure/,
  );
});

test('the way to every page is seen in a narrow window', async () => {
  const view = await stack.browser.view({ width: 400, token: root });
  await view.visit('#/');
  const links = await view.page.getByRole('navigation', { name: 'Main' }).getByRole('link').all();
  const boxes = await Promise.all(links.map((link) => link.boundingBox()));
  expect(boxes.length).toBeGreaterThan(13);
  for (const box of boxes) expect((box?.x ?? 400) + (box?.width ?? 400)).toBeLessThanOrEqual(400);
  await view.close();
});

const places = [
  'users',
  'users?tab=groups',
  'users?tab=rules',
  'users?tab=github',
  'users/ann',
  'tokens?of=all',
  'workspaces',
  'audit',
  'access-review',
  'usage',
  'data-requests',
];

describe.each([
  ['light', 1440],
  ['dark', 420],
] as const)('no barrier stands in the way, %s at a width of %i', (theme, width) => {
  test('on any page of access', async () => {
    const view = await stack.browser.view({ theme, width, token: root });
    const found: string[] = [];
    for (const place of places) {
      await view.visit(`#/${place}`);
      for (const barrier of await view.barriers()) found.push(`${place}: ${barrier}`);
      const { wide, room } = await view.page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        room: innerWidth,
      }));
      if (wide > room) found.push(`${place}: wider than its window`);
    }
    expect(found).toEqual([]);
    expect(view.troubles()).toEqual([]);
    await view.close();
  });
});

const nothing = () => {};
const quiet = {
  invocationId: 'tick',
  info: nothing,
  warn: nothing,
  error: nothing,
  log: nothing,
} as unknown as InvocationContext;

async function contentOf(download: Download): Promise<string> {
  return readFile(await download.path(), 'utf8');
}
