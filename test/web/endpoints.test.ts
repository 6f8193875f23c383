import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Registrar, registrarFor } from './registering.ts';

type Told = {
  readonly traffic: Record<string, number>;
  readonly deployments: readonly { readonly name: string }[];
  readonly limits: { readonly rows_max: number; readonly timeout_seconds: number };
  readonly labels: Record<string, string>;
};

const model = 'iris';
/** The endpoint that the first of the tests makes. */
const shop = 'shop';

let stack: RunningStack;
let browser: WebBrowser;
let registrar: Registrar;
beforeAll(async () => {
  stack = await startedStack({ CAIRN_PREDICTION_FLUSH_SECONDS: '1' });
  [browser, registrar] = [await openBrowser(stack.url), registrarFor(stack.url)];
  await registrar.model(model);
  for (const shift of [0, 1]) await registrar.version(model, { shift });
  await Promise.all([1, 2].map((version) => registrar.read(model, version)));
  await registrar.alias(model, 'champion', 1);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

function told(name: string): Promise<Told> {
  return registrar.cairn<Told>('GET', `endpoints/${name}`);
}

function changed(name: string, change: object): Promise<unknown> {
  return registrar.cairn('PATCH', `endpoints/${name}`, change);
}

/** The parts of a page that the tests touch. */
function parts({ page }: View) {
  const dialog = page.getByRole('dialog');
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  return {
    dialog,
    button,
    slider: (name: string) => page.getByRole('slider', { name: `Share of ${name}` }),
    percent: (name: string) => page.getByRole('spinbutton', { name: `Percent of ${name}`, exact: true }),
    inDialog: (name: string) => dialog.getByRole('button', { name, exact: true }),
    card: (title: string) =>
      page.locator('.card', { has: page.getByRole('heading', { name: title, exact: true }) }),
  };
}

describe('endpoints', () => {
  test('that nobody has made yet are told how to be made', async () => {
    await browser.look('#/endpoints', async ({ page, barriersInBothThemes }) => {
      await page.getByText('No endpoints yet').waitFor();
      expect(await page.locator('main pre').innerText()).toContain(`${stack.url}/api/v1/endpoints`);
      expect(await barriersInBothThemes()).toEqual([]);
    });
  });

  test('are made on their page: of a model that is picked and a second one, with shares that must be 100', async () => {
    const looking = async (view: View) => {
      const { page } = view;
      const { dialog, inDialog, percent } = parts(view);
      await page.getByRole('button', { name: 'New endpoint' }).click();
      await dialog.getByRole('textbox', { name: /^Name It is part of the address/ }).fill(shop);
      await dialog.getByRole('combobox', { name: 'Model', exact: true }).fill('ir');
      await dialog.getByRole('option', { name: model }).click();
      await inDialog('Add a deployment').click();
      const second = dialog.getByRole('group', { name: 'Deployment challenger' });
      await second.getByRole('button', { name: 'Version' }).click();
      await second.getByRole('spinbutton', { name: 'Version' }).fill('2');
      await percent('challenger').fill('20');
      await inDialog('Create').click();
      await dialog.getByRole('alert').getByText('The shares are 120 together').waitFor();
      await inDialog('Scale to 100').click();
      await dialog.getByText('Labels', { exact: true }).click();
      await inDialog('Add a label').click();
      await dialog.getByRole('textbox', { name: 'Name of a label' }).fill('team');
      await dialog.getByRole('textbox', { name: 'Value of team' }).fill('plants');
      await inDialog('Create').click();
      await page.getByRole('heading', { level: 1, name: shop }).waitFor();
      await page.getByText('team: plants').waitFor();
    };
    await browser.look('#/endpoints', looking);
    expect(await told(shop)).toMatchObject({
      traffic: { main: 83, challenger: 17 },
      labels: { team: 'plants' },
    });
  });

  test('that the server refuses say so at their place, and nothing that was written is lost', async () => {
    const looking = async (view: View) => {
      const { dialog, inDialog, button } = parts(view);
      await button('Edit').click();
      const main = dialog.getByRole('group', { name: 'Deployment main' });
      await main.getByRole('combobox', { name: 'Alias' }).fill('nobody');
      await inDialog('Save').click();
      await main.getByRole('alert').getByText('nobody').waitFor();
      expect(await main.getByRole('combobox', { name: 'Alias' }).inputValue()).toBe('nobody');
      await inDialog('Cancel').click();
    };
    await browser.look(`#/endpoints/${shop}`, looking, { refused: /endpoints\/shop/ });
  });

  test('have shares that the keyboard moves; a sum that is not 100 cannot be saved', async () => {
    await changed(shop, { traffic: { main: 80, challenger: 20 } });
    const looking = async (view: View) => {
      const { button, slider, percent, card } = parts(view);
      await slider('main').press('ArrowLeft');
      await slider('main').press('ArrowLeft');
      expect(await percent('challenger').inputValue()).toBe('22');
      await percent('challenger').fill('30');
      await card('Traffic').getByText('The shares are 108 together').waitFor();
      expect(await button('Save').isDisabled()).toBe(true);
      await percent('main').fill('70');
      await button('Save').click();
      await button('Save').waitFor({ state: 'detached' });
    };
    await browser.look(`#/endpoints/${shop}`, looking);
    expect((await told(shop)).traffic).toEqual({ main: 70, challenger: 30 });
  });

  test('that another has changed meanwhile are not overwritten, unless the reader says so', async () => {
    await changed(shop, { limits: { rows_max: 1000, timeout_seconds: 60 }, labels: { team: 'plants' } });
    const looking = async (view: View) => {
      const { dialog, inDialog, button } = parts(view);
      await button('Edit').click();
      await dialog.getByText('Limits', { exact: true }).click();
      await dialog.getByRole('spinbutton', { name: 'Seconds of a call' }).fill('7');
      // Of what the reader does not change nobody is asked.
      await changed(shop, { labels: { team: 'garden' } });
      await changed(shop, { limits: { rows_max: 50 } });
      await inDialog('Save').click();
      await dialog.getByRole('alert').getByText('Another has changed shop').waitFor();
      expect((await told(shop)).limits).toMatchObject({ rows_max: 50, timeout_seconds: 60 });
      await inDialog('Begin again from theirs').click();
      expect(await dialog.getByRole('spinbutton', { name: 'Rows of a call' }).inputValue()).toBe('50');
      await dialog.getByRole('spinbutton', { name: 'Seconds of a call' }).fill('7');
      await changed(shop, { limits: { rows_max: 60 } });
      await inDialog('Save').click();
      await inDialog('Keep mine, to save over theirs').click();
      await inDialog('Save').click();
      await dialog.waitFor({ state: 'detached' });
    };
    await browser.look(`#/endpoints/${shop}`, looking);
    expect(await told(shop)).toMatchObject({
      limits: { rows_max: 50, timeout_seconds: 7 },
      labels: { team: 'garden' },
    });
  });

  test('have their masked columns changed after they were made; a column that there is none of is said so there', async () => {
    const looking = async (view: View) => {
      const { dialog, inDialog, button, card } = parts(view);
      // Where there is a data policy, that can be edited, too.
      await button('Edit').first().click();
      await dialog.getByText('Prediction log', { exact: true }).click();
      const masked = dialog.getByRole('textbox', { name: /^Masked columns/ });
      await masked.fill('no such column');
      await inDialog('Save').click();
      await dialog.getByRole('alert').first().getByText("no column 'no such column'").waitFor();
      await masked.fill('width');
      await dialog.getByRole('spinbutton', { name: /^Days it is kept/ }).fill('30');
      await inDialog('Save').click();
      await dialog.waitFor({ state: 'detached' });
      await card('Data policy').getByText('width · masked').waitFor();
      await button('Edit').first().click();
      await dialog.getByText('Prediction log', { exact: true }).click();
      expect(await masked.inputValue()).toBe('width');
      await masked.fill('');
      await inDialog('Save').click();
      await card('Data policy').getByText('width · masked').waitFor({ state: 'detached' });
    };
    await browser.look(`#/endpoints/${shop}`, looking, { refused: /endpoints\/shop/ });
    expect(await told(shop)).toMatchObject({ logging: { masked_columns: [], retention_days: 30 } });
    await changed(shop, { logging: { masked_columns: [] } });
  });

  test('are tried by a form of their columns: answered, labelled, and what is wrong is said at its field', async () => {
    const looking = async (view: View) => {
      const { page } = view;
      const { button, card } = parts(view);
      const field = page.getByRole('textbox', { name: 'width', exact: true });
      await field.fill('wide');
      await button('Send').click();
      await page.getByText('This must be a number').waitFor();
      expect(await field.getAttribute('aria-invalid')).toBe('true');
      await field.fill('2.5');
      await page.getByRole('combobox', { name: 'Answered by' }).selectOption('challenger');
      await field.fill('2.5');
      await button('Send').click();
      const row = card('Answer').getByRole('row').nth(1);
      await row.getByRole('textbox', { name: /^Label of/ }).fill('versicolor');
      expect(await card('Answer').innerText()).toMatch(/Answered by\s+challenger\s+Version\s+2/);
      await row.getByRole('button', { name: 'Label' }).click();
      await row.getByRole('textbox').waitFor({ state: 'detached' });
      expect(await row.innerText()).toContain('versicolor');
      expect(await view.barriers()).toEqual([]);

      await button('JSON').click();
      await page
        .getByRole('textbox', { name: 'Body' })
        .fill('{"dataframe_split": {"columns": ["width"], "data": [[1]]}}');
      await button('Send').click();
      await card('Answer').getByRole('alert').getByText('missing').waitFor();
      await button('Raw').waitFor({ state: 'detached' });
      expect(await card('Answer').innerText()).toMatch(/Status\s+400/);
    };
    await browser.look(`#/endpoints/${shop}?tab=try`, looking, { refused: /invocations/ });
  });

  test('give programs that ask them, as the API has them', async () => {
    const snippets = await registrar.cairn<Record<string, string>>('GET', `endpoints/${shop}/snippets`);
    await browser.look(`#/endpoints/${shop}?tab=snippets`, async ({ page }) => {
      const shown = await page.locator('main pre').allInnerTexts();
      expect(shown.map((text) => text.trim())).toEqual(
        ['curl', 'python', 'typescript'].map((language) => snippets[language]?.trim()),
      );
      expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(3);
    });
  });

  test('tell how they did: in plots by version, and of the last hour in the list', async () => {
    await eventually(async () => {
      const { series } = await registrar.cairn<{ series: unknown[] }>('GET', `endpoints/${shop}/metrics`);
      if (series.length === 0) throw new Error('No call has been counted yet.');
    }, 20);
    const looking = async (view: View) => {
      const { page } = view;
      await page.getByRole('list', { name: 'Lines' }).getByText('challenger · v2').waitFor();
      await page.getByRole('group', { name: /^Chart of Latency in milliseconds/ }).waitFor();
      await page.getByRole('group', { name: /^Chart of Calls a minute/ }).waitFor();
      await page.getByRole('button', { name: '24 h' }).click();
      await page.getByRole('group', { name: /^Chart of Calls a minute/ }).waitFor();
      expect(new URL(page.url()).hash).toContain('span=1d');
    };
    await browser.look(`#/endpoints/${shop}`, looking);
    await browser.look('#/endpoints', async ({ page, settled }) => {
      const row = page.getByRole('row', { name: shop });
      expect(await row.innerText()).toMatch(/[1-9]\d*\s+[\d.]+ ms\s+team: garden/);
      await page.getByRole('searchbox', { name: 'Filter endpoints' }).fill('nothing like it');
      await page.getByText('No endpoint matches.').waitFor();
      await page.getByRole('searchbox', { name: 'Filter endpoints' }).fill('champion garden');
      await row.waitFor();
      await settled();
    });
  });

  test('put no barrier before anyone, in either theme, in a narrow window, and in their long form', async () => {
    const looking = async (view: View) => {
      const { page, barriersInBothThemes, visit } = view;
      const { button, inDialog, dialog } = parts(view);
      const found = await barriersInBothThemes();
      await button('Edit').first().click();
      for (const section of await dialog.locator('details > summary').all()) await section.click();
      found.push(...(await barriersInBothThemes()));
      await inDialog('Cancel').click();
      await page.setViewportSize({ width: 400, height: 900 });
      found.push(...(await barriersInBothThemes()));
      await visit('#/endpoints');
      found.push(...(await barriersInBothThemes()));
      await visit(`#/endpoints/${shop}?tab=snippets`);
      return [...found, ...(await barriersInBothThemes())];
    };
    expect(await browser.look(`#/endpoints/${shop}`, looking)).toEqual([]);
  });

  test('are deleted by whoever types their name', async () => {
    const doomed = 'doomed';
    await registrar.cairn('POST', 'endpoints', { name: doomed, model, alias: 'champion' });
    const looking = async (view: View) => {
      const { page } = view;
      const { dialog, inDialog, button } = parts(view);
      await button('More actions').click();
      await button('Delete the endpoint').click();
      await dialog.getByRole('textbox').fill('ship');
      await inDialog('Delete').click();
      await dialog.getByRole('alert').getByText(`Type ${doomed}`).waitFor();
      await dialog.getByRole('textbox').fill(doomed);
      await inDialog('Delete').click();
      await page.getByRole('row', { name: shop }).waitFor();
      expect(await page.getByRole('row', { name: doomed }).count()).toBe(0);
    };
    await browser.look(`#/endpoints/${doomed}`, looking);
    await expect(told(doomed)).rejects.toThrow('404');
  });
});
