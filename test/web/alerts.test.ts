import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDue, putMonitor } from '../../shared/monitoring/index.ts';
import { keepIncident, keepResult } from '../alerts/support.ts';
import {
  ask,
  at,
  classifier,
  deploy,
  hour,
  label,
  lagging,
  rowsOf,
  uploadRows,
} from '../monitoring/support.ts';
import { items, type TestServer } from '../support/server.ts';
import { type Guarded, guarded } from './access.ts';

/** Of the story of `fraud`: in the last two its inputs have moved and its answers are wrong. */
const windows = 3;
const windowRows = 420;
const settled = 61_000;
const resolvedBefore = 55;

let stack: Guarded;
let server: TestServer;
let tokens: { readonly admin: string; readonly viewer: string; readonly outsider: string };
/** The last window of `fraud` ends then. */
let end: number;

const truth = (row: readonly number[]) => row[0] + row[1] > 0;

beforeAll(async () => {
  stack = await guarded({ CAIRN_EXECUTORS: JSON.stringify({ idle: { process: ['sleep', '600'] } }) });
  ({ server } = stack);
  tokens = {
    admin: stack.server.adminToken,
    viewer: await stack.token('vera', 'viewer'),
    outsider: await stack.token('otto'),
  };
  await fraud();
  for (const name of ['oak', 'quiet']) await deploy(server, server.ctx, name, classifier([1, 1, 1]));
  await server.drain();
  await oak();
}, 240_000);
afterAll(() => stack?.close());

/** An endpoint whose monitor has checked real calls, and opened an incident of them. */
async function fraud(): Promise<void> {
  const start = Math.floor(Date.now() / hour - windows) * hour;
  end = start + windows * hour;
  const ctx = at(server.ctx, start - hour);
  const tags = {
    'cairn.reference': await uploadRows(ctx, 'reference', rowsOf(1, 3000)),
    'cairn.evaluation': await uploadRows(ctx, 'evaluation', rowsOf(2, 1500), truth),
  };
  await deploy(server, ctx, 'fraud', classifier([1, 1, 0]), tags);
  await putMonitor(ctx, 'fraud', {
    signals: { traffic: { enabled: false }, latency: { enabled: false } },
  });
  for (let window = 0; window < windows; window++) {
    const during = at(server.ctx, start + window * hour + 60_000);
    const isWrong = window > 0;
    const rows = rowsOf(10 + window, windowRows, [isWrong ? 1.2 : 0, 0, 0]);
    const ids = await ask(during, 'fraud', rows);
    await label(during, 'fraud', ids, rows, isWrong ? (row) => truth(row) !== row[1] > 0.5 : truth);
    await checkDue(at(server.ctx, start + (window + 1) * hour + settled), { monitorId: 'fraud' });
    await server.drain();
  }
}

/** An endpoint with many incidents that are over, and one that is open for which a model is being trained. */
async function oak(): Promise<void> {
  const { admin } = stack.server;
  const { body } = await admin('POST', '/api/v1/retraining-jobs', {
    ...{ endpoint: 'oak', executor: 'idle', reason: 'It got worse.' },
  });
  const job = String(body['id']);
  const over = { state: 'resolved' } as const;
  for (let number = 1; number <= resolvedBefore; number++) {
    const openedAt = end - (200 - number) * hour;
    await keepIncident(server.ctx, 'oak', 'oak', {
      ...{ number, at: openedAt, alerts: [{ ...over, signal: 'latency', metric: 'p95-ms' }] },
      incident: { ...over, resolvedAt: openedAt + 3 * hour },
    });
  }
  const openedAt = end - 4 * hour;
  await keepResult(server.ctx, 'oak', openedAt, { traffic: 'breached' });
  await keepIncident(server.ctx, 'oak', 'oak', {
    ...{ number: resolvedBefore + 1, at: openedAt },
    alerts: [{ signal: 'traffic', metric: 'calls', value: 7, bounds: { lower: 40, upper: 160 } }],
    incident: {
      timeline: [
        { at: openedAt, kind: 'opened', text: 'traffic: calls 7 (at least 40 and at most 160), version 1' },
        { at: openedAt + 1, kind: 'retraining', text: "Retraining was asked of executor 'idle'.", ref: job },
        {
          at: openedAt + 2,
          kind: 'rollout',
          text: "Version 2 begins to take over at endpoint 'oak'.",
          ref: 'r1',
        },
      ],
    },
  });
}

type Looking = Parameters<Guarded['browser']['look']>[1];
type Options = NonNullable<Parameters<Guarded['browser']['look']>[2]>;
const look = (hash: string, looking: Looking, options: Options = {}) =>
  stack.browser.look(hash, looking, { token: tokens.admin, ...options });

const incident = '#/incidents/fraud-1';
const rowOf = (page: Page, text: string | RegExp) => page.getByRole('row').filter({ hasText: text });
const list = (page: Page, name: string) => page.getByRole('region', { name });
const answered = (page: Page, method: string, path: string | RegExp) =>
  page.waitForResponse(
    (response) =>
      response.request().method() === method && new RegExp(path).test(new URL(response.url()).pathname),
  );

describe('the page of alerts', () => {
  test('shows what fires, incidents that are open before those that are over, and more of them when asked', async () => {
    await look('#/alerts', async ({ page }) => {
      const firing = list(page, 'Alerts that fire');
      await firing.getByRole('link', { name: 'Feature drift' }).waitFor();
      expect(await rowOf(page, 'Performance').first().innerText()).toMatch(/critical.*at least/s);
      const severities = await firing.locator('tbody td:nth-child(2)').allInnerTexts();
      expect(severities).toEqual(severities.toSorted());
      expect(new Set(severities)).toEqual(new Set(['critical', 'warning']));
      const open = list(page, 'Open incidents');
      expect(await open.getByRole('row').count()).toBe(3);
      const over = list(page, 'Resolved incidents');
      expect(await over.getByRole('row').count()).toBe(51);
      expect(await over.getByRole('row').nth(1).innerText()).toContain(`oak-${resolvedBefore}`);
      await page.getByRole('button', { name: 'Load more' }).click();
      await expect.poll(() => over.getByRole('row').count(), lagging).toBe(resolvedBefore + 1);
      expect(await page.getByRole('link', { name: 'Alerts 2 open incidents' }).count()).toBe(1);
      await open.getByRole('link', { name: /^fraud: / }).click();
      await page.getByRole('heading', { level: 1, name: /^fraud: / }).waitFor();
    });
  });

  test('is narrowed by what its address keeps', async () => {
    await look('#/alerts', async ({ page, settled: quiet, barriersInBothThemes }) => {
      await page.getByRole('combobox', { name: 'Endpoint' }).selectOption('oak');
      await page.getByRole('combobox', { name: 'Severity' }).selectOption('warning');
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      expect(new URL(page.url()).hash).toBe('#/alerts?endpoint=oak&severity=warning&state=open');
      await page.reload();
      await quiet();
      const open = list(page, 'Open incidents');
      await open.getByRole('link', { name: 'oak: traffic' }).waitFor();
      expect(await open.getByRole('row').count()).toBe(2);
      expect(await list(page, 'Resolved incidents').count()).toBe(0);
      expect(await barriersInBothThemes()).toEqual([]);
      await page.getByRole('combobox', { name: 'Severity' }).selectOption('critical');
      await page.getByText('None matches.').waitFor();
      expect(await page.getByText('Nothing of this fires.').count()).toBe(1);
    });
  });

  test('counts open incidents only while somebody looks', async () => {
    const view = await stack.browser.view({ token: tokens.admin });
    await view.page.addInitScript(() =>
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }),
    );
    const asked: string[] = [];
    view.page.on('request', (request) => asked.push(request.url()));
    await view.visit('#/models');
    expect(asked.filter((url) => url.includes('/incidents'))).toEqual([]);
    const counted = answered(view.page, 'GET', '/incidents$');
    await view.page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    });
    expect((await counted).status()).toBe(200);
    await view.page.getByRole('link', { name: 'Alerts 2 open incidents' }).waitFor();
    // The next who takes up this window looks.
    await view.page.close();
    await view.close();
  });

  test('says what would be there where nothing is, and costs nothing for who sees no endpoint', async () => {
    await look(
      '#/alerts?endpoint=quiet',
      async ({ page }) => {
        await page.getByText('Nothing of this fires.').waitFor();
      },
      { token: tokens.viewer },
    );
    const view = await stack.browser.view({ token: tokens.outsider });
    const asked: string[] = [];
    view.page.on('request', (request) => asked.push(request.url()));
    await view.page.goto(`${stack.url}/#/alerts`);
    await view.page.getByRole('link', { name: 'Alerts', exact: true }).waitFor();
    await view.settled();
    await view.close();
    expect(asked.filter((url) => url.includes('/incidents'))).toEqual([]);
  });
});

describe('the page of an incident', () => {
  test('shows its alerts with figures, what stands out in them, and leads to their window', async () => {
    await look(incident, async ({ page, barriersInBothThemes }) => {
      const alerts = page.getByRole('list', { name: 'Alerts' }).getByRole('listitem');
      const drift = alerts.filter({ hasText: 'Feature drift' });
      await drift.getByText(/^a: /).waitFor();
      expect(await drift.innerText()).toMatch(/firing.*warning.*Drifted share .* at most/s);
      expect(await page.getByRole('list', { name: /newest last/ }).innerText()).toMatch(/^Opened/);
      expect(await barriersInBothThemes()).toEqual([]);
      await drift.getByRole('link', { name: /window until/ }).click();
      await page.getByRole('heading', { level: 1, name: 'fraud' }).waitFor();
      expect(new URL(page.url()).hash).toBe(`#/monitors/fraud/${end}`);
      await page
        .getByRole('list', { name: 'Open incidents' })
        .getByRole('link', { name: /^fraud: / })
        .waitFor();
    });
  });

  test('is acknowledged, has notes and says who wrote them', async () => {
    await look(incident, async ({ page }) => {
      await page.getByRole('button', { name: 'Acknowledge' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox', { name: 'Comment' }).fill('mine');
      const taken = answered(page, 'POST', 'acknowledge$');
      await dialog.getByRole('button', { name: 'Acknowledge' }).click();
      expect((await taken).status()).toBe(200);
      await page.getByText(/admin looks after it, just now: mine/).waitFor();
      expect(await page.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);

      const noted = answered(page, 'POST', 'notes$');
      await page.getByRole('textbox', { name: 'Note' }).fill('the feed is *late*');
      await page.getByRole('button', { name: 'Add note' }).click();
      expect((await noted).status()).toBe(201);
      const last = page
        .getByRole('list', { name: /newest last/ })
        .getByRole('listitem')
        .last();
      await last.getByText('the feed is *late*').waitFor();
      expect(await last.innerText()).toMatch(/Note\s+by admin/);
      expect(await page.getByRole('textbox', { name: 'Note' }).inputValue()).toBe('');
    });
  });

  test('shows by itself what others write', async () => {
    await look(incident, async ({ page }) => {
      await page.getByRole('list', { name: /newest last/ }).waitFor();
      await stack.server.admin('POST', '/api/v1/incidents/fraud-1/notes', { text: 'from elsewhere' });
      const last = page
        .getByRole('list', { name: /newest last/ })
        .getByRole('listitem')
        .last();
      await last.getByText('from elsewhere').waitFor();
      expect(await last.innerText()).toMatch(/Note\s+by admin/);
    });
  });

  test('shows what was trained because of it, and leads there', async () => {
    await look(`#/incidents/oak-${resolvedBefore + 1}`, async ({ page }) => {
      const trained = page.getByRole('list', { name: 'Retraining' });
      await trained.getByText('requested').waitFor();
      const timeline = page.getByRole('list', { name: /newest last/ });
      expect(await timeline.getByRole('link', { name: 'Rollouts of oak' }).getAttribute('href')).toBe(
        '#/endpoints/oak',
      );
      await timeline.getByRole('link', { name: 'The retraining' }).click();
      await page.getByRole('heading', { level: 1, name: 'Retraining of oak' }).waitFor();
    });
  });

  test('offers nothing to those who only see, and is not found where there is none', async () => {
    await look(
      incident,
      async ({ page }) => {
        await page.getByRole('list', { name: 'Alerts' }).waitFor();
        expect(await page.getByRole('button', { name: /Silence|Acknowledge|note/ }).count()).toBe(0);
        expect(await page.getByRole('textbox', { name: 'Note' }).count()).toBe(0);
      },
      { token: tokens.viewer },
    );
    await look(
      '#/incidents/fraud-99',
      async ({ page }) => expect(await page.getByRole('alert').innerText()).toMatch(/^Not found/),
      { refused: /incidents\/fraud-99/ },
    );
  });

  test('is found from the page of its endpoint', async () => {
    await look('#/endpoints/fraud', async ({ page }) => {
      await page
        .getByRole('list', { name: 'Open incidents' })
        .getByRole('link', { name: /^fraud: / })
        .click();
      await page.getByRole('heading', { level: 1, name: /^fraud: / }).waitFor();
    });
    await look('#/endpoints/quiet', async ({ page }) =>
      expect(await page.getByRole('list', { name: 'Open incidents' }).count()).toBe(0),
    );
  });
});

describe('a silence', () => {
  const silences = async () => items((await stack.server.admin('GET', '/api/v1/silences')).body['silences']);

  test('is made from an incident, says what it holds back, and is ended', async () => {
    await look(`#/incidents/oak-${resolvedBefore + 1}`, async ({ page }) => {
      await page.getByRole('button', { name: 'Silence' }).click();
      const dialog = page.getByRole('dialog');
      expect(await dialog.getByRole('combobox', { name: 'Monitor' }).inputValue()).toBe('oak');
      expect(await dialog.getByRole('combobox', { name: 'Signal' }).inputValue()).toBe('traffic');
      await dialog.getByText('Right now it would hold back 1 alert: Traffic of oak.').waitFor();
      await dialog.getByRole('combobox', { name: 'Severity' }).selectOption('critical');
      await dialog.getByText('Nothing that fires right now matches.').waitFor();
      await dialog.getByRole('combobox', { name: 'Severity' }).selectOption('any');
      await dialog.getByRole('combobox', { name: 'For' }).selectOption('8 hours');
      await dialog.getByRole('textbox', { name: 'Comment' }).fill('moving house');
      const made = answered(page, 'POST', 'silences$');
      await dialog.getByRole('button', { name: 'Silence' }).click();
      const silence = (await (await made).json()) as { from: number; until: number };
      expect(Math.round((silence.until - silence.from) / hour)).toBe(8);
      await page.getByText(/keeps it from being told until/).waitFor();
      await page.getByRole('link', { name: 'silence', exact: true }).click();

      const row = rowOf(page, 'moving house');
      await row.getByText('1 alert').waitFor();
      expect(await row.innerText()).toMatch(/Traffic of oak.*active.*by admin/s);
      await row.getByRole('button', { name: /^End/ }).click();
      const ended = answered(page, 'DELETE', 'silences/');
      await page.getByRole('button', { name: 'End it now' }).click();
      expect((await ended).status()).toBe(200);
      await row.getByText('expired').waitFor();
      expect(await row.getByRole('button').count()).toBe(0);
    });
  });

  test('of any monitor begins and ends when it is told, and needs a comment', async () => {
    await look('#/silences?state=pending', async ({ page, barriersInBothThemes, cut }) => {
      await page.getByText('None is pending.').waitFor();
      await page.getByRole('button', { name: 'New silence' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('combobox', { name: 'For' }).selectOption('until a time');
      await dialog.getByRole('textbox', { name: 'From' }).fill('2100-01-01T08:00');
      await dialog.getByRole('textbox', { name: 'Until' }).fill('2099-01-01T08:00');
      await dialog.getByRole('button', { name: 'Silence' }).click();
      expect((await silences()).map(({ comment }) => String(comment))).not.toContain('the fair');
      await dialog.getByRole('textbox', { name: 'Comment' }).fill('the fair');
      await dialog.getByRole('button', { name: 'Silence' }).click();
      await dialog.getByText('It must end after it begins, and after now.').waitFor();
      expect(await barriersInBothThemes()).toEqual([]);
      await dialog.getByRole('textbox', { name: 'Until' }).fill('2100-01-02T08:00');
      const made = answered(page, 'POST', 'silences$');
      await dialog.getByRole('button', { name: 'Silence' }).click();
      expect((await made).status()).toBe(201);
      await rowOf(page, 'Every signal of any monitor').getByText('pending').waitFor();
      expect(await cut()).toEqual([]);
    });
  });

  test('is nothing that a viewer makes or ends', async () => {
    const until = Date.now() + hour;
    await stack.server.admin('POST', '/api/v1/silences', { monitor: 'oak', until, comment: 'seen by all' });
    await look(
      '#/silences',
      async ({ page }) => {
        await rowOf(page, 'seen by all').waitFor();
        expect(await page.getByRole('button', { name: /New|End/ }).count()).toBe(0);
      },
      { token: tokens.viewer },
    );
  });
});

test.each(['#/alerts', incident, '#/silences'])('%s fits a narrow window', async (hash) => {
  await look(
    hash,
    async ({ cut, barriers }) => {
      expect(await cut()).toEqual([]);
      expect(await barriers()).toEqual([]);
    },
    { width: 375, height: 800 },
  );
});

describe('an incident of an Alertmanager', () => {
  test('shows what that says, and is closed by hand', async () => {
    const { body } = await stack.server.admin('POST', '/api/v1/alertmanager', {
      ...{ version: '4', groupKey: 'down' },
      alerts: [
        {
          ...{ status: 'firing', labels: { alertname: 'HostDown', endpoint: 'quiet' } },
          annotations: { summary: 'The host does not answer.' },
          startsAt: '2026-01-01T00:00:00Z',
        },
      ],
    });
    await look('#/alerts?endpoint=quiet', async ({ page }) => {
      const row = rowOf(page, 'HostDown').filter({ hasText: 'The host does not answer.' });
      await expect
        .poll(async () => {
          const count = await row.count();
          if (count === 0) await page.reload();
          return count;
        }, lagging)
        .toBe(1);
    });
    await look(`#/incidents/${String(body['incident'])}`, async ({ page, barriersInBothThemes }) => {
      const alerts = page.getByRole('list', { name: 'Alerts' });
      await alerts.getByText('The host does not answer.', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox', { name: 'Comment' }).fill('it was taken away');
      expect(await barriersInBothThemes()).toEqual([]);
      await dialog.getByRole('button', { name: 'Close incident' }).click();
      const last = page
        .getByRole('list', { name: /newest last/ })
        .getByRole('listitem')
        .last();
      await last.getByText('Closed by hand: it was taken away').waitFor();
      expect(await last.innerText()).toMatch(/Resolved\s+by admin/);
      expect(await page.getByRole('button', { name: 'Close', exact: true }).count()).toBe(0);
    });
    await look(incident, async ({ page }) => {
      await page.getByRole('button', { name: 'Silence' }).waitFor();
      expect(await page.getByRole('button', { name: 'Close', exact: true }).count()).toBe(0);
    });
  });
});
