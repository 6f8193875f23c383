import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startedStack } from '../support/stack.ts';
import { openBrowser, type View, type WebBrowser } from './browser.ts';
import { type Registrar, registrarFor } from './registering.ts';

const name = 'churn';
const longName = 'a-model-that-someone-named-after-everything-it-does-'.repeat(6);
const page1 = `#/models/${name}`;

let stack: RunningStack;
let browser: WebBrowser;
let api: Registrar;
beforeAll(async () => {
  stack = await startedStack();
  browser = await openBrowser(stack.url);
  api = registrarFor(stack.url);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

/** The model that the list is first given. */
const chosen = 'chosen';

describe('the list of models', () => {
  test('says how to begin', async () => {
    expect(await browser.look('#/models', ({ page }) => page.locator('main').innerText())).toContain(
      'No models yet',
    );
  });

  test('makes a model', async () => {
    await browser.look('#/models', async ({ page }) => {
      await page.getByRole('button', { name: 'New model' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill(chosen);
      await page.getByRole('textbox', { name: 'Description' }).fill('Who **leaves**?');
      await page.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('heading', { level: 1, name: chosen }).waitFor();
      expect(await page.locator('main strong').innerText()).toBe('leaves');
      await page.getByText('No versions yet').waitFor();
    });
  });

  test('says why a name is refused, and keeps what was written', async () => {
    await browser.look(
      '#/models',
      async ({ page }) => {
        await page.getByRole('button', { name: 'New model' }).click();
        await page.getByRole('textbox', { name: 'Name' }).fill(chosen);
        await page.getByRole('button', { name: 'Create' }).click();
        expect(await page.getByRole('alert').innerText()).toContain('already exists');
        expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe(chosen);
      },
      { refused: /registered-models\/create/ },
    );
  });

  test('finds by name and by filter, says what was newest, and keeps prompts apart', async () => {
    const pricing = 'pricing';
    const team = 'risk';
    const greeting = 'greeting';
    await api.model(pricing);
    await api.call('registered-models/set-tag', { name: pricing, key: 'team', value: team });
    const servable = await api.version(pricing, { name: 'trained' });
    expect(await api.read(pricing, servable)).toBe('ready');
    const pickled = await api.version(pricing, { name: 'autologged', kind: 'sklearn' });
    expect(await api.read(pricing, pickled)).toBe('refused');
    await api.alias(pricing, 'champion', servable);
    await api.call('registered-models/create', {
      name: greeting,
      tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }],
    });
    await browser.look('#/models', async ({ page, settled }) => {
      const links = () => page.locator('main tbody th a').allInnerTexts();
      const row = page.getByRole('row', { name: pricing });
      await row.getByText('not servable').waitFor();
      expect(await row.getByRole('link', { name: 'champion → v1' }).count()).toBe(1);
      expect(await links()).toEqual(expect.arrayContaining([chosen, pricing]));
      expect(await links()).not.toContain(greeting);
      const search = page.getByRole('searchbox', { name: 'Search models' });
      for (const [text, found] of [
        [pricing.toUpperCase(), [pricing]],
        [`tags.team = '${team}'`, [pricing]],
        [`name LIKE '${chosen}%'`, [chosen]],
      ] as const) {
        await search.fill(text);
        await page.waitForURL(({ hash }) => new URLSearchParams(hash.split('?')[1]).get('q') === text);
        await settled();
        expect(await links()).toEqual(found);
      }
      await search.fill('nothing of this name');
      await page.getByText('No model matches').waitFor();
      await search.fill('');
      await page.getByRole('button', { name: 'Prompts' }).click();
      await page.getByRole('link', { name: greeting }).waitFor();
      expect(await links()).toContain(greeting);
      expect(page.url()).toContain('view=prompts');
    });
  });

  test('says where a filter is wrong', async () => {
    await browser.look(
      `#/models?q=${encodeURIComponent("tags.team <> 'x'")}`,
      async ({ page }) => {
        expect(await page.getByRole('alert').innerText()).toMatch(/filter|operator|comparator/i);
      },
      { refused: /registered-models\/search/ },
    );
  });

  test('comes in pages, in the order that was asked for, as the address says', async () => {
    for (let at = 0; at < 60; at++) await api.model(`many-${String(at).padStart(2, '0')}`);
    await browser.look('#/models?q=many-&order=name+DESC', async ({ page, settled }) => {
      expect(await page.locator('main tbody th').first().innerText()).toBe('many-59');
      expect(await page.locator('main tbody tr').count()).toBe(50);
      await page.getByRole('button', { name: 'Load more' }).click();
      await settled();
      expect(await page.locator('main tbody tr').count()).toBe(60);
      await page.getByRole('button', { name: 'Name' }).click();
      await settled();
      expect(await page.locator('main tbody th').first().innerText()).toBe('many-00');
    });
  });
});

describe('a model', () => {
  beforeAll(async () => {
    await api.model(name);
    for (const at of [0, 1, 2]) await api.version(name, { name: `run ${at}`, shift: at / 10 });
    for (const version of [1, 2, 3]) await api.read(name, version);
  });

  test('is described, tagged and renamed where it is read', async () => {
    const before = 'leavers';
    const after = 'renamed';
    await api.model(before);
    const renaming = async ({ page, settled }: View) => {
      await page.getByRole('button', { name: 'Add a description' }).click();
      await page
        .getByRole('textbox', { name: 'Description' })
        .fill('# Use\n\n<img src=x onerror=alert(1)> [no](javascript:alert(1))');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { name: 'Use' }).waitFor();
      expect(await page.locator('.markdown').innerText()).toContain('<img src=x onerror=alert(1)>');
      expect(await page.locator('.markdown img, .markdown a').count()).toBe(0);

      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('team');
      await page.getByRole('textbox', { name: 'Value' }).fill('growth');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Delete tag team' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('growth').waitFor({ state: 'detached' });

      await page.getByRole('button', { name: 'Rename' }).first().click();
      await page.getByRole('textbox', { name: 'Name' }).fill(after);
      await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
      await page.getByRole('heading', { level: 1, name: after }).waitFor();
      await settled();
      expect(page.url()).toContain(`#/models/${after}`);
    };
    // What was still being asked for by the old name finds nothing.
    await browser.look(`#/models/${before}`, renaming, { refused: /models\/leavers/ });
  });

  test('lists its versions newest first, in pages, and compares those that are chosen', async () => {
    await browser.look(page1, async ({ page }) => {
      expect(await page.locator('.versions tbody th').allInnerTexts()).toEqual(['v3', 'v2', 'v1']);
      await page.getByLabel('Choose version 3').check();
      await page.getByText('Choose another to compare').waitFor();
      await page.getByLabel('Choose version 1').check();
      await page.getByRole('link', { name: 'Compare' }).click();
      await page.getByRole('heading', { level: 1, name: 'Compare 2 versions' }).waitFor();
      expect(page.url()).toContain('versions=1,3');
    });
  });

  test('that is not there is said to be not there', async () => {
    await browser.look(
      '#/models/none',
      async ({ page }) => expect(await page.getByRole('alert').first().innerText()).toContain('Not found'),
      { refused: /models\/none/ },
    );
  });

  test('is deleted after a question', async () => {
    const doomed = 'doomed';
    await api.model(doomed);
    await browser.look(`#/models/${doomed}`, async ({ page }) => {
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    });
    await expect(api.cairn('GET', `models/${doomed}`)).rejects.toThrow('404');
  });

  describe('its aliases', () => {
    const aliases = `${page1}?tab=aliases`;

    test('that there are none of are told to be none', async () => {
      expect(await browser.look(aliases, ({ page }) => page.locator('main').innerText())).toContain(
        'No aliases',
      );
    });

    test('are set, moved, rolled back with a reason, and removed; each move is in the history', async () => {
      const champion = 'champion';
      await browser.look(
        aliases,
        async ({ page, settled }) => {
          const dialog = page.getByRole('dialog');
          await page.getByRole('button', { name: 'Set an alias' }).click();
          await dialog.getByRole('textbox', { name: 'Alias' }).fill(champion);
          await dialog.getByLabel('Version').fill('1');
          await dialog.getByRole('button', { name: 'Set' }).click();
          const row = page.getByRole('row', { name: champion });
          await row.getByRole('link', { name: 'v1' }).waitFor();
          expect(await row.innerText()).toContain('ana');

          await row.getByRole('button', { name: 'Move', exact: true }).click();
          await dialog.getByLabel('Version').fill('2');
          await dialog.getByRole('button', { name: 'Move' }).click();
          await row.getByRole('link', { name: 'v2' }).waitFor();

          await row.getByRole('button', { name: 'Roll back' }).click();
          await dialog.getByText('version 1').waitFor();
          await dialog.getByRole('textbox', { name: 'Reason' }).fill('worse on Mondays');
          await dialog.getByRole('button', { name: 'Roll back' }).click();
          await row.getByRole('link', { name: 'v1' }).waitFor();

          const moves = page.getByRole('region', { name: `Moves of ${champion}, newest first` });
          await moves.getByText('worse on Mondays').waitFor();
          await settled();
          const told = await moves.locator('tbody tr').allInnerTexts();
          expect(told.map((line) => line.replaceAll(/\s+/g, ' '))).toEqual([
            expect.stringMatching(/v2 → v1 rollback ana worse on Mondays$/),
            expect.stringMatching(/v1 → v2 set ana —$/),
            expect.stringMatching(/no version → v1 set ana —$/),
          ]);

          await row.getByRole('button', { name: 'Remove' }).click();
          await dialog.getByRole('button', { name: 'Remove' }).click();
          await row.waitFor({ state: 'detached' });
        },
        { as: 'ana' },
      );
    });

    test('two people move one at once: one wins, the other is told who holds it', async () => {
      await api.alias(name, 'raced', 1);
      await browser.look(
        aliases,
        async ({ page }) => {
          const row = page.getByRole('row', { name: /^raced/ });
          await row.getByRole('button', { name: 'Move', exact: true }).click();
          await page.getByRole('dialog').getByLabel('Version').fill('2');
          await api.alias(name, 'raced', 3);
          await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
          expect(await page.getByRole('alert').innerText()).toContain('held by version 3');
          await page.getByRole('button', { name: 'Cancel' }).click();
          await row.getByRole('link', { name: 'v3' }).waitFor();
        },
        { refused: /registered-models\/alias/ },
      );
    });
  });

  describe('its policy', () => {
    const policy = `${page1}?tab=policy`;

    test('is made in a form, said in plain words, and changed as JSON', async () => {
      // What an earlier attempt made.
      await api.cairn('DELETE', `models/${name}/policy`).catch(() => undefined);
      await browser.look(
        policy,
        async ({ page }) => {
          const gate = (title: string) => page.getByRole('group', { name: title, exact: true });
          const add = async (title: string) => {
            await page.getByRole('button', { name: 'Add a gate' }).click();
            await page.getByRole('button', { name: title, exact: true }).click();
          };
          await page.getByText('No policy', { exact: true }).waitFor();
          await page.getByRole('button', { name: 'Make a policy' }).click();
          await page.getByLabel('Production').check();
          await add('Required tags');
          await gate('Required tags').getByRole('textbox', { name: 'Tags' }).fill('owner, reviewed');
          await add('Metric threshold');
          await gate('Metric threshold').getByRole('textbox', { name: 'Metric' }).fill('accuracy');
          await add('Freeze windows');
          await page.getByLabel('Time zone of window 1').fill('Nowhere/Land');
          await page.getByLabel('Reason of window 1').fill('nobody is there');

          // The server says what is wrong, and the page where.
          await page.getByRole('button', { name: 'Save' }).click();
          await gate('Metric threshold').getByRole('alert').getByText('at_least').waitFor();
          await gate('Metric threshold').getByLabel('At least').fill('0.9');
          await page.getByRole('button', { name: 'Save' }).click();
          await gate('Freeze windows').getByRole('alert').getByText('time zone').waitFor();
          await page.getByLabel('Time zone of window 1').fill('Europe/Berlin');
          await page.getByRole('button', { name: 'Save' }).click();

          await page.getByText('The version has the tags owner and reviewed.').waitFor();
          await page.getByText('The metric accuracy of the source run is at least 0.9.').waitFor();
          await page
            .getByText('Not on Friday from 18:00 to 08:00 in Europe/Berlin (nobody is there).')
            .waitFor();

          await page.getByRole('button', { name: 'Edit' }).click();
          await page.getByRole('button', { name: 'JSON' }).click();
          const text = page.getByRole('textbox', { name: 'Policy' });
          const said = JSON.parse(await text.inputValue()) as { gates: unknown[]; aliases: string[] };
          expect(said).toMatchObject({ aliases: ['champion'], stages: ['Production'] });
          await text.fill('{');
          await page.getByRole('button', { name: 'Save' }).click();
          expect(await page.getByRole('alert').innerText()).toContain('no JSON');
          await text.fill(JSON.stringify({ ...said, gates: [{ gate: 'approvals', count: 2 }] }));
          await page.getByRole('button', { name: 'Save' }).click();
          await page.getByText(/^2 people other than the author/).waitFor();
          const history = page.getByRole('region', { name: 'Versions of the policy, newest first' });
          await history.getByRole('button', { name: '1', exact: true }).click();
          await page.getByText('The version has the tags owner and reviewed.').waitFor();
        },
        { refused: /policy/ },
      );
    });

    test('is not written over what another wrote since', async () => {
      await api.cairn('PUT', `models/${name}/policy`, { aliases: ['champion'], gates: [] });
      await browser.look(
        `${policy}&edit=policy`,
        async ({ page }) => {
          await page.getByLabel('Archived').check();
          await api.cairn('PUT', `models/${name}/policy`, {
            aliases: ['champion'],
            gates: [{ gate: 'schema' }],
          });
          await page.getByRole('button', { name: 'Save' }).click();
          await page.getByRole('alert').waitFor();
          expect(await page.getByLabel('Archived').isChecked()).toBe(true);
          expect(await api.cairn('GET', `models/${name}/policy`)).toMatchObject({ stages: [] });
          await page.getByRole('button', { name: 'Begin again from it' }).click();
          expect(await page.getByLabel('Archived').isChecked()).toBe(false);
          await page.getByRole('group', { name: 'Compatible schema' }).waitFor();
          await page.getByRole('button', { name: 'Save' }).click();
          await page.getByText(/^What is sent to the champion now/).waitFor();
        },
        { refused: /policy/ },
      );
    });

    test('guards an alias, and ends after a question', async () => {
      await api.cairn('PUT', `models/${name}/policy`, { aliases: ['raced'], gates: [] });
      await browser.look(
        `${page1}?tab=aliases`,
        async ({ page }) => {
          const row = page.getByRole('row', { name: /^raced/ });
          await row.getByText('guarded').waitFor();
          expect(await row.getByRole('button', { name: 'Move', exact: true }).count()).toBe(0);
          await page.getByRole('link', { name: 'Policy', exact: true }).click();
          await page.getByRole('button', { name: 'End it' }).click();
          await page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
          await page.getByText('No policy', { exact: true }).waitFor();
        },
        { refused: /policy/ },
      );
    });
  });

  describe('no barrier stands in the way in either theme', () => {
    const places = [
      '#/models',
      page1,
      `${page1}?tab=aliases`,
      `${page1}?tab=policy`,
      `${page1}?tab=policy&edit=policy`,
      `${page1}?tab=promotions`,
      `${page1}/compare?versions=1,2,3`,
    ];
    test.each(places)('of %s', async (place) => {
      expect(await browser.look(place, (view) => view.barriersInBothThemes(), { refused: /policy/ })).toEqual(
        [],
      );
    });
  });
});

describe('long names and many rows', () => {
  beforeAll(async () => {
    await api.model(longName, 'word '.repeat(500));
    for (let at = 0; at < 30; at++)
      await api.version(longName, {
        name: `run ${'x'.repeat(200)}`,
        description: 'y'.repeat(300),
        versionTags: { ['k'.repeat(200)]: 'v'.repeat(500) },
      });
    for (let at = 0; at < 8; at++) await api.alias(longName, `${'alias'.repeat(20)}-${at}`, at + 1);
  });

  test('stay within the page, and versions come in pages', async () => {
    const at = `#/models/${encodeURIComponent(longName)}`;
    for (const place of [at, `${at}?tab=aliases`, `${at}/versions/2`, `${at}/compare?versions=1,2,3`])
      for (const width of [1440, 700])
        await browser.look(
          place,
          async ({ page }) => {
            expect(
              await page.evaluate(() => {
                const main = document.querySelector('main');
                return main !== null && main.scrollWidth <= main.clientWidth;
              }),
            ).toBe(true);
          },
          { width },
        );
    await browser.look(at, async ({ page, settled }) => {
      expect(await page.locator('.versions tbody tr').count()).toBe(25);
      await page.getByRole('button', { name: 'Load more' }).click();
      await settled();
      expect(await page.locator('.versions tbody tr').count()).toBe(30);
    });
  });
});
