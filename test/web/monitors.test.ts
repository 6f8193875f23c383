import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { checkDue, putMonitor } from '../../shared/monitoring/index.ts';
import { moveAlias } from '../../shared/registry/index.ts';
import {
  ask,
  at,
  classifier,
  deploy,
  hour,
  label,
  lagging,
  registerVersion,
  rowsOf,
  uploadRows,
} from '../monitoring/support.ts';
import type { TestServer } from '../support/server.ts';
import { type Guarded, guarded } from './access.ts';
import type { View } from './browser.ts';

/** Windows of the story: the fourth has too few rows, from the sixth on another version answers feature `a` moves. */
const windows = 8;
const windowRows = 420;
const [shortWindow, changedWindow] = [3, 5];
const settled = 61_000;
const watched = 'fraud';

let stack: Guarded;
let server: TestServer;
/** Of the first window, in milliseconds since 1970. */
let start: number;
const tokens = { admin: '', viewer: '' };

const truth = (row: readonly number[]) => row[0] + row[1] > 0;
/** The last feature says which segment a row is in. */
const split = (rows: readonly number[][]) => rows.map(([a = 0, b = 0], row) => [a, b, 1 + (row % 2)]);

beforeAll(async () => {
  stack = await guarded({ CAIRN_EXECUTORS: JSON.stringify({ idle: ['sleep', '600'] }) });
  ({ server } = stack);
  tokens.admin = stack.server.adminToken;
  tokens.viewer = await stack.token('vera', 'viewer');
  start = Math.floor(Date.now() / hour - windows) * hour;
  const ctx = at(server.ctx, start - hour);
  const tags = {
    'cairn.reference': await uploadRows(ctx, 'reference', split(rowsOf(1, 3000))),
    'cairn.evaluation': await uploadRows(ctx, 'evaluation', split(rowsOf(2, 1500)), truth),
  };
  await deploy(server, ctx, watched, classifier([1, 1, 0]), tags);
  await putMonitor(ctx, watched, {
    segments: { column: 'c', values: ['1', '2'] },
    signals: { traffic: { enabled: false }, latency: { enabled: false } },
  });
  for (let window = 0; window < windows; window++) {
    const during = at(server.ctx, start + window * hour + 60_000);
    if (window === changedWindow) await replaceVersion(during, tags);
    const isChanged = window >= changedWindow;
    const rows = split(
      rowsOf(10 + window, window === shortWindow ? 40 : windowRows, [isChanged ? 1.2 : 0, 0, 0]),
    );
    const ids = await ask(during, watched, rows);
    if (window < windows - 1)
      await label(during, watched, ids, rows, isChanged ? (row) => truth(row) !== row[1] > 0.5 : truth);
    await checkDue(at(server.ctx, endOf(window) + settled), { monitorId: watched });
  }
  for (const name of ['quiet', 'doomed']) await deploy(server, ctx, name, classifier([1, 1, 1]));
  await server.drain();
}, 240_000);
afterAll(() => stack?.close());

async function replaceVersion(ctx: Context, tags: Readonly<Record<string, string>>): Promise<void> {
  const version = await registerVersion(server, ctx, watched, classifier([1.1, 1, 0]), tags);
  await moveAlias(ctx, { name: watched, alias: 'champion', version });
  await server.drain();
}

/** When a window ends. */
function endOf(window: number): number {
  return start + (window + 1) * hour;
}

type Looking = (view: View) => Promise<void>;
type Options = { readonly refused?: RegExp; readonly width?: number; readonly as?: keyof typeof tokens };

/** A visit of a page by somebody, the admin unless told. */
function look(hash: string, looking: Looking, { as = 'admin', ...options }: Options = {}): Promise<void> {
  return stack.browser.look(hash, looking, { token: tokens[as], ...options });
}

const page = `#/monitors/${watched}`;
const region = (on: Page, name: string | RegExp) => on.getByRole('region', { name });
const rowOf = (on: Page, name: string | RegExp) =>
  on.getByRole('row').filter({ has: on.getByRole('rowheader', { name, exact: typeof name === 'string' }) });
const heatOf = (on: Page) => on.getByRole('group', { name: /^Drift of 3 features/ });
const tipOf = (on: Page) => on.locator('.chart-tip');

/** An answer of the API to one kind of call. */
const answered = (on: Page, method: string, path: RegExp) =>
  on.waitForResponse((response) => response.request().method() === method && path.test(response.url()));

/** A change by somebody else. */
async function changeElsewhere(body: unknown, name = watched): Promise<void> {
  const { status } = await stack.server.admin('PUT', `/api/v1/monitors/${name}`, body);
  expect(status).toBe(200);
}

describe('the list of monitors', () => {
  test('says of each how it is, by signal, and when it was and will be looked at', async () => {
    await look('#/monitors', async ({ page: on, barriersInBothThemes }) => {
      const row = rowOf(on, watched);
      await row.getByText('breached', { exact: true }).waitFor();
      expect(await row.innerText()).toMatch(/feature drift[^]*in \d+ minutes?|in 1 hour|in a moment/);
      const dots = row.getByRole('listitem');
      expect(
        await dots.filter({ hasText: 'Feature drift' }).getByRole('img').getAttribute('aria-label'),
      ).toBe('breached');
      expect(
        await dots.filter({ hasText: 'Performance' }).first().getByRole('img').getAttribute('aria-label'),
      ).toBe('insufficient-data');
      await rowOf(on, 'quiet').getByText('never checked').waitFor();
      expect(await barriersInBothThemes()).toEqual([]);
    });
  });

  test('leads to the endpoint, whose page says the same, and back', async () => {
    await look('#/monitors', async ({ page: on }) => {
      await rowOf(on, watched).getByRole('cell').getByRole('link', { name: watched }).click();
      await on.getByRole('heading', { level: 2, name: `Monitor ${watched}` }).waitFor();
      const signals = region(on, 'Signals');
      expect(await signals.innerText()).toContain('Feature drift where c=1');
      await on.goBack();
      await rowOf(on, watched).getByText('breached', { exact: true }).waitFor();
    });
  });

  test('says that there are none, and how one comes about', async () => {
    await stack.server.admin('POST', '/api/v1/workspaces', { name: 'empty' });
    await look('?workspace=empty#/monitors', async ({ page: on }) => {
      await on.getByText('No monitors yet').waitFor();
      expect(await on.locator('main').innerText()).toContain('Every endpoint gets one of its own');
    });
  });
});

describe('another monitor of an endpoint', () => {
  test('is made by its form, which says of each field what is wrong with it', async () => {
    const looking: Looking = async ({ page: on, barriersInBothThemes }) => {
      await on.getByRole('button', { name: 'New monitor' }).click();
      const dialog = on.getByRole('dialog');
      const create = dialog.getByRole('button', { name: 'Create' });
      const said = (field: string) => dialog.locator('.setting').filter({ hasText: new RegExp(`^${field}`) });
      await dialog.getByLabel('Name').fill(watched);
      await dialog.getByLabel('Endpoint').selectOption('doomed');
      await dialog.getByLabel('Length of a window, in minutes').fill('120');
      await dialog.getByLabel('Reference').selectOption('fixed');
      await dialog.getByLabel('From', { exact: true }).fill(inputTime(start));
      await dialog.getByLabel('To', { exact: true }).fill(inputTime(Date.now() + 48 * hour));
      expect(await barriersInBothThemes()).toEqual([]);
      await create.click();
      await said('Name').getByText("There is a monitor named 'fraud' already").waitFor();
      expect(await dialog.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
      await dialog.getByLabel('Name').fill('doomed-daily');
      await create.click();
      await said('To').getByText('The reference must have ended').waitFor();
      await dialog.getByLabel('Reference').selectOption('rolling');
      await dialog.getByLabel('Length, in hours').fill('168');
      const answer = answered(on, 'PUT', /monitors\/doomed-daily$/);
      await create.click();
      expect((await answer).request().postDataJSON()).toEqual({
        ...{ endpoint: 'doomed', window_seconds: 7200, every_seconds: null },
        reference: { kind: 'rolling', length_seconds: 604_800, offset_seconds: 0 },
      });
      await on.getByRole('heading', { level: 1, name: 'doomed-daily' }).waitFor();
      await on.getByText('2 h, every 1 h').waitFor();
    };
    await look('#/monitors', looking, { refused: /monitors/ });
    const { body } = await stack.server.admin('GET', `/api/v1/monitors/${watched}`);
    expect(body).toMatchObject({ endpoint: watched, window_seconds: 3600, reference: { kind: 'version' } });
  });

  test('is offered to those only who may make it', async () => {
    const looking: Looking = async ({ page: on }) => {
      await rowOf(on, watched).waitFor();
      expect(await on.getByRole('button', { name: 'New monitor' }).count()).toBe(0);
    };
    await look('#/monitors', looking, { as: 'viewer' });
  });
});

describe('the map of drift', () => {
  test('tells by keyboard what a window says of a feature, and goes there', async () => {
    await look(page, async ({ page: on, settled: isSettled }) => {
      await heatOf(on).focus();
      await on.keyboard.press('ArrowRight');
      await tipOf(on).getByText('drifted').waitFor();
      expect(await tipOf(on).innerText()).toMatch(/^Window until .*\s+a\s+drifted\s+psi \d.*, at most 0.2$/s);
      await on.keyboard.press('ArrowLeft');
      await on.keyboard.press('Home');
      await expect.poll(() => tipOf(on).innerText(), lagging).not.toContain('drifted');
      await on.keyboard.press('ArrowDown');
      await on.keyboard.press('Enter');
      await on.waitForURL((url) => url.hash.startsWith(`#/monitors/${watched}/${endOf(0)}?feature=`));
      await isSettled();
      expect(await on.getByRole('combobox', { name: 'What is distributed' }).inputValue()).toMatch(
        /^feature-drift [bc]$/,
      );
    });
  });

  test('is chosen in by a click, and says of a window with too few rows that nothing was compared', async () => {
    await look(page, async ({ page: on }) => {
      // Names of one letter take less than 40 pixels; rows are 24 pixels high, below a margin of 18.
      const second = { x: 40, y: 18 + 36 };
      await heatOf(on).hover({ position: second });
      await tipOf(on).getByText('Window until').waitFor();
      await heatOf(on).click({ position: second });
      await on.waitForURL((url) => url.hash.startsWith(`#/monitors/${watched}/${endOf(0)}?feature=`));
      await on.getByRole('link', { name: 'Windows' }).click();
      await on.locator(`a[href$="/${endOf(shortWindow)}"]`).click();
      await region(on, 'Signals')
        .getByText(/The window has 40 rows; at least 200 are needed/)
        .first()
        .waitFor();
      expect(await tipOf(on).count()).toBe(0);
      expect(on.url()).toContain(String(endOf(shortWindow)));
    });
  });

  test('lays reference and window over each other, with both figures and what decided', async () => {
    await look(`${page}?feature=a`, async ({ page: on }) => {
      const figures = region(on, 'Figures of a');
      await figures.waitFor();
      const counts = await rowOf(on, /^Counts of all rows/).innerText();
      expect(counts).toMatch(/\(decides\)\s+psi\s+\d.*at most 0.2\s+KS\s+0\.\d+\s+< 0.0001/s);
      await rowOf(on, 'Values of a sample').waitFor();
      const legend = on.getByRole('list', { name: 'Legend' });
      expect(await legend.innerText()).toMatch(/Reference, 3,000 values\s+Window, 420 values/);
      await on.getByRole('group', { name: 'Distribution of a' }).focus();
      await on.keyboard.press('End');
      expect(await tipOf(on).innerText()).toMatch(/and above\s+Reference\s+\S+ %\s+Window\s+\S+ %/);
    });
  });

  test('shows answers by their classes', async () => {
    await look(page, async ({ page: on }) => {
      await on.getByRole('combobox', { name: 'What is distributed' }).selectOption('prediction-drift class');
      const classes = on.getByRole('list', { name: 'Distribution of class' });
      await expect.poll(() => classes.getByRole('listitem').count(), lagging).toBe(2);
      expect(await classes.innerText()).toMatch(/(yes|no)\s+reference\s+\S+ %/);
      expect(on.url()).toContain('of=prediction-drift');
    });
  });

  test('goes by segment: what is said of these rows only', async () => {
    await look(page, async ({ page: on, settled: isSettled }) => {
      await on.getByRole('combobox', { name: 'Rows' }).selectOption('c=1');
      await on.waitForURL(/segment=c%3D1/);
      await isSettled();
      expect(await region(on, 'Signals').innerText()).not.toContain('Performance');
      const legend = on.getByRole('list', { name: 'Legend' });
      expect(await legend.innerText()).toContain('Window, 210 values');
    });
  });
});

describe('the history', () => {
  test('draws what was realised and what was estimated, with gaps, bounds, bands and versions', async () => {
    await look(`${page}?tab=history`, async ({ page: on, barriersInBothThemes }) => {
      const chart = on.getByRole('group', { name: 'Chart of accuracy over time' });
      const says = (await chart.getAttribute('aria-label')) ?? '';
      expect(says).toMatch(/Realised: 8 windows, .* %, last .* %, 2 breached/);
      expect(says).toMatch(/Estimated: 8 windows/);
      expect(await chart.locator('.timeline-band').count()).toBeGreaterThan(1);
      const breaches = [...says.matchAll(/(\d+) breached/g)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      );
      expect(await chart.locator('.timeline-breach').count()).toBe(breaches);
      expect(await chart.locator('.timeline-gap').count()).toBe(1);
      expect(await chart.locator('.timeline-mark').allTextContents()).toEqual(['v1', 'v2']);
      await chart.focus();
      await on.keyboard.press('Home');
      await tipOf(on).getByText('bound: at least').first().waitFor();
      expect(await tipOf(on).innerText()).toMatch(/, v1\s+Realised\s+\S+ %\s+between/);
      for (let moves = 0; moves < shortWindow; moves++) await on.keyboard.press('ArrowRight');
      expect(await tipOf(on).innerText()).toMatch(
        /Realised\s+no verdict\s+\d+ of \d+ rows have a prediction and a label/,
      );
      expect(await barriersInBothThemes()).toEqual([]);
      await chart.focus();
      await on.keyboard.press('End');
      await on.keyboard.press('Enter');
      await on.waitForURL((url) => url.hash === `#/monitors/${watched}/${endOf(windows - 1)}`);
    });
  });

  test('shows another figure of performance where one is chosen', async () => {
    await look(`${page}?tab=history`, async ({ page: on }) => {
      await on.getByRole('combobox', { name: 'Figure of performance' }).selectOption('auc');
      const chart = on.getByRole('group', { name: 'Chart of auc over time' });
      await chart.waitFor();
      expect(await chart.locator('.timeline-band').count()).toBeGreaterThan(1);
      await chart.focus();
      await on.keyboard.press('Home');
      for (let moves = 0; moves < shortWindow; moves++) await on.keyboard.press('ArrowRight');
      expect(await tipOf(on).innerText()).toMatch(/Realised\s+no verdict\s+\d+ of \d+ rows have/);
      expect(on.url()).toContain('metric=auc');
    });
  });
});

describe('what can be done', () => {
  test('a check is run, and what it found is told and shown', async () => {
    await look('#/monitors/quiet', async ({ page: on }) => {
      await on.getByText('No window has been checked yet').waitFor();
      const answer = answered(on, 'POST', /quiet\/check$/);
      await on.getByRole('button', { name: 'Run a check' }).click();
      expect((await answer).status()).toBe(200);
      const found = region(on, 'What the check found');
      await found.getByText('insufficient data').waitFor();
      expect(await found.innerText()).toContain('The window has no predictions.');
      await region(on, 'Signals').waitFor();
    });
  });

  test('a check that cannot be says why', async () => {
    const looking: Looking = async ({ page: on }) => {
      await on.getByText('No window has been checked yet').waitFor();
      await stack.server.admin('DELETE', '/api/v1/endpoints/doomed');
      const answer = answered(on, 'POST', /doomed\/check$/);
      await on.getByRole('button', { name: 'Run a check' }).click();
      expect((await answer).status()).toBe(404);
      await on.getByRole('alert').getByText('doomed').first().waitFor();
    };
    await look('#/monitors/doomed', looking, { refused: /doomed/ });
  });

  test('windows are looked at again, as far as told, and it is seen how far that is', async () => {
    await look(page, async ({ page: on }) => {
      await on.getByRole('button', { name: 'Backfill' }).click();
      const dialog = on.getByRole('dialog');
      await dialog.getByLabel('From').fill(inputTime(start));
      await dialog.getByLabel('To').fill(inputTime(endOf(1)));
      await dialog.getByText('2 windows.').waitFor();
      const answer = answered(on, 'POST', /backfill$/);
      await dialog.getByRole('button', { name: 'Backfill' }).click();
      expect((await answer).status()).toBe(202);
      const progress = region(on, 'Backfill');
      await progress.getByText('0 of 2 windows. Windows are being looked at.').waitFor();
      await server.drain();
      await progress.getByText('2 of 2 windows. All windows have been looked at.').waitFor();
      await progress.getByRole('button').click();
      await expect.poll(() => progress.count(), lagging).toBe(0);
    });
  });

  test('a time that is none is refused at its field', async () => {
    const looking: Looking = async ({ page: on }) => {
      await on.getByRole('button', { name: 'Backfill' }).click();
      const dialog = on.getByRole('dialog');
      await dialog.getByLabel('From').fill(inputTime(endOf(1)));
      await dialog.getByLabel('To').fill(inputTime(start));
      await dialog.getByRole('button', { name: 'Backfill' }).click();
      await dialog.getByText("'from' must lie before 'to'.").first().waitFor();
      expect(await dialog.getByLabel('From').getAttribute('aria-invalid')).toBe('true');
    };
    await look(page, looking, { refused: /backfill/ });
  });

  test('who may not change anything is offered nothing', async () => {
    const looking: Looking = async ({ page: on }) => {
      await region(on, 'Signals').waitFor();
      for (const name of ['Run a check', 'Backfill', 'Edit'])
        expect(await on.getByRole('button', { name }).count()).toBe(0);
    };
    await look(page, looking, { as: 'viewer' });
  });
});

/** A time as an input takes it. The browser has the clock of this machine. */
function inputTime(time: number): string {
  const date = new Date(time);
  const local = new Date(time - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** Opens the form of a monitor, and a part of it. */
async function opened(on: Page, ...parts: readonly string[]) {
  await on.getByRole('button', { name: 'Edit' }).click();
  const dialog = on.getByRole('dialog');
  for (const part of parts) await dialog.locator('summary').filter({ hasText: part }).first().click();
  return dialog;
}

const edited = 'quiet';
const settings = `#/monitors/${edited}?tab=settings`;

describe('the settings', () => {
  test('are changed where they were changed in the form, and shown with what holds by default', async () => {
    await look(settings, async ({ page: on }) => {
      const dialog = await opened(on, 'Comparison', 'Feature drift', 'Latency');
      await dialog.getByLabel('Rows needed').fill('50');
      await dialog.getByRole('button', { name: 'Add a feature' }).click();
      await dialog.getByLabel('Feature', { exact: true }).fill('a');
      await dialog.getByLabel('Weight of a').fill('2');
      await dialog.getByLabel('Bounds of psi of feature drift').selectOption('given');
      await dialog.getByLabel('psi: at most').fill('0.3');
      await dialog.getByLabel('Bounds of p95 ms of latency').selectOption('learnt');
      await dialog.getByLabel('p95 ms: of windows, at least').fill('30');
      await dialog.getByLabel('Severity of latency').selectOption('info');
      const answer = answered(on, 'PUT', /monitors\/quiet$/);
      await dialog.getByRole('button', { name: 'Save' }).click();
      const request = (await answer).request();
      expect(request.postDataJSON()).toEqual({
        min_rows: 50,
        feature_weights: { a: 2 },
        signals: {
          'feature-drift': { thresholds: { psi: { upper: 0.3 } } },
          latency: { severity: 'info', thresholds: { 'p95-ms': { learnt: { windows: 30 } } } },
        },
      });
      expect(request.headers()['if-match']).toBeTruthy();
      await expect.poll(() => dialog.count(), lagging).toBe(0);
      const table = region(on, 'Signals and bounds');
      await table.getByText('± 3 deviations of 30 windows or more').waitFor();
      expect(await table.getByRole('row').filter({ hasText: 'at most 0.3' }).first().innerText()).toMatch(
        /here$/,
      );
      expect(await on.locator('main').innerText()).toMatch(/a 2, others 1/);
    });
  });

  test('go back to their defaults where they are left empty', async () => {
    await changeElsewhere(
      { min_labelled: 70, signals: { traffic: { thresholds: { calls: { lower: 5 } } } } },
      edited,
    );
    await look(settings, async ({ page: on }) => {
      const dialog = await opened(on, 'Comparison', 'Traffic');
      expect(await dialog.getByLabel('Labels needed').inputValue()).toBe('70');
      await dialog.getByLabel('Labels needed').fill('');
      await dialog.getByLabel('Bounds of calls of traffic').selectOption('usual');
      const answer = answered(on, 'PUT', /monitors\/quiet$/);
      await dialog.getByRole('button', { name: 'Save' }).click();
      expect((await answer).request().postDataJSON()).toEqual({
        min_labelled: null,
        signals: { traffic: { thresholds: { calls: null } } },
      });
      await expect.poll(() => dialog.count(), lagging).toBe(0);
      await on.getByText('Labels needed').waitFor();
      expect(await on.locator('.facts').innerText()).toMatch(/Labels needed\s+100/);
    });
  });

  test.each([
    ['Alerts', 'Fires at so many breaches', '4', '4 breaches cannot be among 3 windows'],
    ['Retraining', 'Executor', 'nobody', "No executor is named 'nobody'"],
  ])('are refused at the field: %s', async (part, field, value, message) => {
    const looking: Looking = async ({ page: on }) => {
      const dialog = await opened(on, part);
      const checkbox = dialog.getByLabel('Alerts train a new version');
      if (await checkbox.isVisible()) await checkbox.check();
      const input = dialog.getByLabel(field);
      await input.fill(value);
      await dialog.getByRole('button', { name: 'Save' }).click();
      const setting = dialog.locator('.setting').filter({ has: on.getByLabel(field) });
      await setting.getByText(message).waitFor();
      expect(await input.getAttribute('aria-invalid')).toBe('true');
    };
    await look(settings, looking, { refused: /monitors/ });
  });

  test('that another changed meanwhile are left alone, until it is said which shall stay', async () => {
    const looking: Looking = async ({ page: on }) => {
      const dialog = await opened(on, 'Comparison');
      await changeElsewhere({ min_rows: 300 }, edited);
      await dialog.getByLabel('Labels needed').fill('60');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText(/Another has changed the settings of quiet/).waitFor();
      await dialog.getByRole('button', { name: 'Begin again from theirs' }).click();
      expect(await dialog.getByLabel('Rows needed').inputValue()).toBe('300');
      await dialog.getByLabel('Labels needed').fill('60');
      const answer = answered(on, 'PUT', /monitors\/quiet$/);
      await dialog.getByRole('button', { name: 'Save' }).click();
      expect((await answer).request().postDataJSON()).toEqual({ min_labelled: 60 });
      await expect.poll(() => dialog.count(), lagging).toBe(0);
    };
    await look(settings, looking, { refused: /monitors/ });
  });

  test('are saved though a check came in between, which changes nothing of them', async () => {
    const looking: Looking = async ({ page: on }) => {
      const dialog = await opened(on, 'Windows');
      const checked = await stack.server.admin('POST', `/api/v1/monitors/${edited}/check`, {
        from: start,
        to: start + 60_000,
      });
      expect(checked.status).toBe(200);
      await dialog.getByLabel('Looked at later by, in minutes').fill('5');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await expect.poll(() => dialog.count(), lagging).toBe(0);
      await on.getByText(/every 1 h, 5 min/).waitFor();
    };
    await look(settings, looking, { refused: /monitors/ });
  });

  test('offer what is declared to train', async () => {
    await look(settings, async ({ page: on }) => {
      const dialog = await opened(on, 'Retraining');
      await dialog.getByLabel('Alerts train a new version').check();
      await dialog.getByText('CAIRN_EXECUTORS: idle, a command on this machine.').waitFor();
      const known = dialog.locator('datalist option');
      expect(await known.evaluateAll((all) => all.map((each) => each.getAttribute('value')))).toEqual([
        'idle',
      ]);
    });
  });

  test('can be filled in by anyone', async () => {
    await look(settings, async ({ page: on, barriersInBothThemes }) => {
      await opened(on, 'Windows', 'Comparison', 'Feature drift', 'Alerts', 'Retraining');
      expect(await barriersInBothThemes()).toEqual([]);
    });
  });
});

describe('every part of the pages', () => {
  test('stands in no reader’s way', async () => {
    for (const tab of ['', '?tab=windows', '?tab=settings'])
      await look(page + tab, async ({ barriersInBothThemes }) => {
        expect(await barriersInBothThemes()).toEqual([]);
      });
  });

  test.each(['#/monitors', page, `${page}?tab=history`, `${page}?tab=windows`, `${page}?tab=settings`])(
    'fits into a narrow window: %s',
    async (hash) => {
      await look(
        hash,
        async ({ cut }) => {
          expect(await cut()).toEqual([]);
        },
        { width: 375 },
      );
    },
  );

  test('has one fact below the other in a narrow window, also where one is an address', async () => {
    await look(
      page,
      async ({ page: on }) => {
        const facts = on.locator('dl.facts:has(dd > code)').first();
        await facts.waitFor();
        const columns = await facts.evaluate((each) => getComputedStyle(each).gridTemplateColumns);
        expect(columns.split(' ')).toHaveLength(1);
      },
      { width: 375 },
    );
  });

  test('says what is not known', async () => {
    const looking: Looking = async ({ page: on }) => {
      const alert = on.getByRole('alert').filter({ hasText: 'no result for a window' });
      await alert.waitFor();
      expect(await alert.innerText()).toContain('Not found');
    };
    await look(`${page}/1000`, looking, { refused: /results/ });
  });
});
