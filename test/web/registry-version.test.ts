import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type WebBrowser } from './browser.ts';
import { type Registrar, registrarFor } from './registering.ts';

const name = 'flowers';
const commit = 'c0ffee1'.padEnd(40, '0');
const at = (version: number, query = '') => `#/models/${name}/versions/${version}${query}`;

let stack: RunningStack;
let browser: WebBrowser;
let api: Registrar;
/** Stands in for the Python one, and can convert nothing. */
const converter = fileURLToPath(new URL('../conversion/fixtures/converter.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cairn-converter-'));
const [model, log] = [join(folder, 'model.onnx'), join(folder, 'log')];

beforeAll(async () => {
  writeFileSync(model, classifier());
  stack = await startedStack({
    CAIRN_CONVERTER: JSON.stringify([process.execPath, converter, 'cannot', model, log]),
  });
  browser = await openBrowser(stack.url);
  api = registrarFor(stack.url);
  await api.model(name, 'Which flower?');
  await api.version(name, {
    name: 'first-run',
    metrics: { accuracy: 0.91, worst: Number.NaN },
    params: { depth: '3' },
    versionTags: { reviewed: 'no' },
    tags: {
      'mlflow.source.name': 'train.py',
      'mlflow.source.git.commit': commit,
      'mlflow.source.git.branch': 'main',
      'mlflow.source.git.repoURL': 'https://github.com/example/flowers.git',
    },
  });
  await api.version(name, {
    name: 'second-run',
    shift: 0.5,
    metrics: { accuracy: 0.93 },
    params: { depth: '4' },
  });
  await api.version(name, { name: 'autologged', kind: 'sklearn' });
  for (const version of [1, 2, 3]) await api.read(name, version);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

describe('a version', () => {
  test('says what goes in and comes out, how it ran, and where it came from', async () => {
    await browser.look(at(1), async ({ page }) => {
      const text = await page.locator('main').innerText();
      for (const said of ['ready', 'accuracy', '0.91', 'NaN', 'depth', 'reviewed', commit, 'main'])
        expect(text).toContain(said);
      expect(text).toMatch(/sha256:[0-9a-f]{64}/);
      expect(await page.getByRole('region', { name: 'Inputs' }).innerText()).toContain('höhe');
      expect(await page.getByRole('region', { name: 'Tensors out' }).innerText()).toContain('probabilities');
      expect(await page.getByRole('link', { name: commit }).getAttribute('href')).toBe(
        `https://github.com/example/flowers/commit/${commit}`,
      );
      await page.getByRole('link', { name: 'first-run' }).first().click();
      await page.getByRole('heading', { level: 1, name: 'first-run' }).waitFor();
    });
  });

  test('lists its files with their digests', async () => {
    await browser.look(at(1, '?tab=files'), async ({ page }) => {
      const files = await page.getByRole('region', { name: 'Files' }).innerText();
      expect(files).toContain('MLmodel');
      expect(files).toMatch(/model\.onnx\s+\d+ B\s+[0-9a-f]{64}/);
    });
  });

  test('that cannot be served says why and what can be done, and a conversion is asked for and followed', async () => {
    await browser.look(at(3), async ({ page }) => {
      await page.getByRole('heading', { name: /^Inspection not servable/ }).waitFor();
      expect(await page.locator('.reason').first().innerText()).toMatch(/sklearn|ONNX/);
      await page.getByRole('button', { name: 'Convert to ONNX' }).click();
      await page.getByRole('heading', { name: /^Conversion/ }).waitFor();
      // It fails, and the page says so by itself.
      await page.getByRole('heading', { name: 'Conversion failed' }).waitFor({ timeout: 50_000 });
      await page.getByRole('button', { name: 'Convert again' }).waitFor();
    });
  }, 90_000);

  test('is signed, and its signature verified and saved', async () => {
    await browser.look(at(2), async ({ page }) => {
      const sign = page.getByRole('button', { name: 'Sign', exact: true });
      const verify = page.getByRole('button', { name: 'Verify' });
      await sign.or(verify).waitFor();
      if (await sign.isVisible()) await sign.click();
      await verify.click();
      await page.getByText(/^The signature holds for 2 files/).waitFor();
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download' }).click();
      expect((await saved).suggestedFilename()).toBe(`${name}-v2.sigstore.json`);
    });
  });

  test('has a card that is read as Markdown, and evidence to take along', async () => {
    await browser.look(at(1, '?tab=card'), async ({ page }) => {
      await page.getByRole('heading', { name: /^flowers, version 1/ }).waitFor();
      expect(await page.locator('.markdown').innerText()).not.toContain('---');
      expect(await page.locator('.markdown table').count()).toBeGreaterThan(0);
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Evidence' }).click();
      expect((await saved).suggestedFilename()).toBe(`${name}-v1-evidence.zip`);
    });
  });

  test('is described, tagged, staged and given an alias where it is read', async () => {
    await browser.look(at(2), async ({ page, settled }) => {
      const dialog = page.getByRole('dialog');
      const card = page.locator('.card', {
        has: page.getByRole('heading', { name: 'Description', exact: true }),
      });
      const add = page.getByRole('button', { name: 'Add a description' });
      // Tried again, it has one already.
      await add.or(card.getByRole('button', { name: 'Edit', exact: true })).click();
      await page.getByRole('textbox', { name: 'Description' }).fill('Better on *roses*.');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('.markdown em', { hasText: 'roses' }).waitFor();

      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('reviewed');
      await page.getByRole('textbox', { name: 'Value' }).fill('yes');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Edit tag reviewed' }).waitFor();

      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('button', { name: 'Change the stage' }).click();
      await dialog.getByLabel('Stage').selectOption('Staging');
      await dialog.getByRole('button', { name: 'Change' }).click();
      await page.locator('.page-title .chip', { hasText: 'staging' }).waitFor();

      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('button', { name: 'Set an alias' }).click();
      await dialog.getByRole('textbox', { name: 'Alias' }).fill('candidate');
      await dialog.getByRole('button', { name: 'Set', exact: true }).click();
      await page.getByRole('link', { name: 'candidate → v2' }).waitFor();
      await settled();
    });
    expect(await api.cairn('GET', `models/${name}/versions/2`)).toMatchObject({
      description: 'Better on *roses*.',
      stage: 'Staging',
      aliases: ['candidate'],
      tags: { reviewed: 'yes' },
    });
  });

  test('is promoted at once where no policy guards the alias', async () => {
    await browser.look(at(1), async ({ page }) => {
      await page.getByRole('button', { name: 'Promote' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('This model has no policy').waitFor();
      await dialog.getByRole('combobox', { name: 'Alias' }).fill('champion');
      await dialog.getByRole('button', { name: 'Promote' }).click();
      await page.getByRole('heading', { level: 1, name: /^Promotion \d+$/ }).waitFor();
      await page.locator('.page-title .chip', { hasText: 'promoted' }).waitFor();
      expect(await page.locator('main').innerText()).toContain('there was none to pass');
    });
  });

  test('that is not there is said to be not there, and one is deleted after a question', async () => {
    await browser.look(
      at(99),
      async ({ page }) => expect(await page.getByRole('alert').first().innerText()).toContain('Not found'),
      { refused: /versions\/99/ },
    );
    const doomed = await api.version(name, { name: 'doomed' });
    await api.read(name, doomed);
    await browser.look(at(doomed), async ({ page }) => {
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      await page.getByRole('link', { name: 'v3', exact: true }).waitFor();
      expect(await page.getByRole('link', { name: `v${doomed}`, exact: true }).count()).toBe(0);
    });
  });
});

describe('the lineage of a version', () => {
  beforeAll(() =>
    eventually(async () => {
      const { nodes } = await api.cairn<{ nodes: { kind: string }[] }>(
        'GET',
        `lineage?node=version:${name}/1`,
      );
      if (!nodes.some(({ kind }) => kind === 'code')) throw new Error('The commit is not in it yet.');
    }, 30),
  );

  test('is a graph of links that arrow keys walk', async () => {
    await browser.look(at(1, '?tab=lineage'), async ({ page }) => {
      const graph = page.getByRole('group', { name: 'Lineage as a graph' });
      const version = graph.getByRole('link', { name: /flowers/ }).first();
      const run = graph.getByRole('link', { name: /first-run/ });
      const left = async (of: typeof run) => (await of.boundingBox())?.x ?? Number.NaN;
      expect(await left(run)).toBeLessThan(await left(version));
      await version.focus();
      await page.keyboard.press('ArrowLeft');
      expect(await page.locator(':focus').innerText()).toContain('first-run');
      await page.keyboard.press('ArrowLeft');
      expect(await page.locator(':focus').innerText()).toContain('Code');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'first-run' }).waitFor();
    });
  });

  test('is a list too, as far and in the direction that the address says', async () => {
    await browser.look(at(1, '?tab=lineage&as=list&direction=up&depth=1'), async ({ page, settled }) => {
      const rows = page.getByRole('region', { name: 'Lineage as a list' }).locator('tbody tr');
      expect(await rows.count()).toBe(1);
      await page.getByLabel('Steps').selectOption('2');
      await settled();
      expect(await rows.count()).toBe(2);
      expect(page.url()).toContain('depth=2');
      await page.getByLabel('Direction').selectOption('What became of it');
      await page.getByText('Nothing is known of what became of it.').waitFor();
    });
  });
});

describe('versions side by side', () => {
  test('show what differs first, or alone', async () => {
    await browser.look(`#/models/${name}/compare?versions=1,2,3`, async ({ page }) => {
      const table = page.getByRole('table', { name: 'Versions side by side' });
      const row = (key: string) => table.getByRole('row', { name: new RegExp(`^${key}`) });
      expect(await row('accuracy').getByRole('cell').allInnerTexts()).toEqual(['0.91', '0.93', '–']);
      await page.getByRole('button', { name: 'Take version 3 out' }).click();
      await page.waitForURL(/versions=1%2C2$/);
      await row('Flavours').waitFor();
      await page.getByLabel('Only differences').click();
      await row('Flavours').waitFor({ state: 'detached' });
      expect(await row('depth').getByRole('cell').allInnerTexts()).toEqual(['3', '4']);
      await page.getByRole('searchbox').last().fill('accur');
      await row('depth').waitFor({ state: 'detached' });
      await row('accuracy').waitFor();
    });
  });
});

describe('no barrier stands in the way in either theme', () => {
  const places = [
    at(1),
    at(3),
    at(1, '?tab=files'),
    at(1, '?tab=card'),
    at(1, '?tab=lineage'),
    at(1, '?tab=lineage&as=list'),
    `#/models/${name}/compare?versions=1,2,3`,
  ];
  test.each(places)('of %s', async (place) => {
    expect(await browser.look(place, (view) => view.barriersInBothThemes())).toEqual([]);
  });
});
