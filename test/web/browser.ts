import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
  type Request,
  type Response,
} from 'playwright-core';

/** Where a Chromium is, unless the environment says. */
const usualPath = '/usr/bin/chromium';
const otherPaths = ['/usr/bin/google-chrome'];
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type Theme = 'light' | 'dark';
type ViewOptions = {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** Who looks, on a stack that asks nobody to sign in. */
  readonly as?: string;
  /** The token that they have signed in by. */
  readonly token?: string;
};

/** A window of a browser that has the web UI of one server in it. */
export type View = {
  readonly page: Page;
  /** Goes to a hash of the web UI, and waits until nothing is loading. */
  readonly visit: (hash: string) => Promise<void>;
  /** Waits until no request is under way and no part of the page says that it is loading. */
  readonly settled: () => Promise<void>;
  /** What a reader who cannot see or point would stumble over: serious and critical findings of axe. */
  readonly barriers: () => Promise<string[]>;
  /** The same of what stands there now, in the light theme and in the dark one. */
  readonly barriersInBothThemes: () => Promise<string[]>;
  /** Elements that reach beyond the window's right side, unless a part of the page scrolls to them. */
  readonly cut: () => Promise<string[]>;
  /** Console errors, uncaught errors and breaches of the content policy since the view was opened. */
  readonly troubles: () => readonly string[];
  close(): Promise<void>;
};

export type WebBrowser = {
  view(options?: ViewOptions): Promise<View>;
  /**
   * A visit of one page: fails where it left troubles behind. A browser reports each refused request as an
   * error; `refused` says which addresses are meant to be.
   */
  look<T>(
    hash: string,
    looking: (view: View) => Promise<T>,
    options?: ViewOptions & { readonly refused?: RegExp },
  ): Promise<T>;
  close(): Promise<void>;
};

/** A browser for the web UI at `url`. Throws, with the way to get one, where there is none. */
export async function openBrowser(url: string): Promise<WebBrowser> {
  const browser = await launched();
  // A window of a context that has loaded the pages' code before opens in less than half the time, and one that is
  // taken up again in less than two thirds of that.
  const kept = new Map<string, { readonly context: Promise<BrowserContext>; readonly idle: Page[] }>();
  const opened = async (options: ViewOptions = {}) => {
    const key = JSON.stringify(options);
    const { context, idle } = kept.get(key) ?? { context: contextOf(browser, options), idle: [] };
    kept.set(key, { context, idle });
    const page = idle.pop() ?? (await (await context).newPage());
    return viewOf(page, url, async () => {
      if (await isCleared(page, options)) idle.push(page);
      else await page.close();
      await (await context).clearCookies();
    });
  };
  return {
    view: opened,
    async look(hash, looking, { refused, ...options } = {}) {
      const view = await opened(options);
      try {
        await view.visit(hash);
        const result = await looking(view);
        const meant = (trouble: string) =>
          trouble.includes('Failed to load resource') && refused?.test(trouble);
        const troubles = view.troubles().filter((trouble) => !meant(trouble));
        if (troubles.length > 0) throw new Error(`The page ${hash} left troubles:\n${troubles.join('\n')}`);
        return result;
      } finally {
        await view.close();
      }
    },
    close: () => browser.close(),
  };
}

/** Bytes of an answer's body, uncompressed; 0 where the page stopped waiting for it, and there is none. */
export async function bodyBytes(response: Response): Promise<number> {
  return response.body().then(
    ({ length }) => length,
    () => 0,
  );
}

async function launched(): Promise<Browser> {
  const executablePath =
    process.env['CHROMIUM'] || [usualPath, ...otherPaths].find((path) => existsSync(path)) || usualPath;
  try {
    // A container's root may not use Chromium's own sandbox; what is opened here is our own page.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    return await chromium.launch({ executablePath, args });
  } catch (cause) {
    throw new Error(
      `There is no usable browser at ${executablePath}: install it (on Debian: apt-get install chromium), or name another Chromium in CHROMIUM.`,
      { cause },
    );
  }
}

async function contextOf(
  browser: Browser,
  { theme = 'light', width = 1440, height = 900, as, token }: ViewOptions,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height },
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...(as === undefined ? {} : { extraHTTPHeaders: { authorization: `Basic ${btoa(`${as}:`)}` } }),
  });
  if (token !== undefined)
    await context.addInitScript((text) => {
      // Where a tab already has one, as after a reload, it stays.
      if (location.protocol.startsWith('http') && !sessionStorage.getItem('cairn.credential'))
        sessionStorage.setItem('cairn.credential', JSON.stringify({ by: 'token', token: text }));
    }, token);
  return context;
}

const listened = [
  'console',
  'pageerror',
  'request',
  'requestfinished',
  'requestfailed',
  'response',
  'dialog',
] as const;

/** Whether the next one who takes up a window finds it as in a fresh browser. */
async function isCleared(
  page: Page,
  { theme = 'light', width = 1440, height = 900 }: ViewOptions,
): Promise<boolean> {
  try {
    for (const event of listened) page.removeAllListeners(event);
    await page.unrouteAll();
    // Where the page is none of ours, it left nothing.
    await page
      .evaluate(() => {
        localStorage.clear();
        sessionStorage.clear();
      })
      .catch(() => undefined);
    await page.goto('about:blank');
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height });
    return true;
  } catch {
    return false;
  }
}

function viewOf(page: Page, url: string, close: () => Promise<void>): View {
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => troubles.push(`uncaught: ${error.message}`));
  const underway = new Set<Request>();
  page.on('request', (request) => underway.add(request));
  page.on('requestfinished', (request) => underway.delete(request));
  page.on('requestfailed', (request) => underway.delete(request));
  const isQuiet = async () =>
    underway.size === 0 &&
    (await page.evaluate(() => document.querySelector('.skeleton, [aria-busy="true"]') === null));
  const settled = async () => {
    // What answered a moment ago may be drawn, and ask for more, only in a moment.
    for (let quiet = 0; quiet < 3; quiet = (await isQuiet()) ? quiet + 1 : 0) await page.waitForTimeout(40);
  };
  const barriers = async () => {
    await page.evaluate(axeSource);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: {
          run(): Promise<{
            violations: {
              id: string;
              impact: string;
              help: string;
              nodes: { target: string[]; failureSummary: string }[];
            }[];
          }>;
        };
      };
      const { violations } = await axe.run();
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) =>
          nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
        );
    });
  };
  const barriersIn = async (theme: Theme) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.locator(`html[data-theme="${theme}"]`).waitFor();
    // What is drawn in the other colours is so a frame later.
    await settled();
    return (await barriers()).map((barrier) => `${theme}: ${barrier}`);
  };
  return {
    page,
    settled,
    barriers,
    barriersInBothThemes: async () => [...(await barriersIn('light')), ...(await barriersIn('dark'))],
    async visit(hash) {
      await page.goto(`${url}/${hash}`);
      await page.waitForSelector('main h1');
      await settled();
    },
    cut: () => page.evaluate(cutElements),
    troubles: () => troubles,
    close,
  };
}

/** Runs in the page. */
function cutElements(): string[] {
  const isScrolled = (element: Element | null): boolean =>
    element !== null &&
    element.localName !== 'main' &&
    (['auto', 'scroll'].includes(getComputedStyle(element).overflowX) || isScrolled(element.parentElement));
  return [...document.querySelectorAll('body *')]
    .filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      return width > 1 && right > innerWidth + 1 && !isScrolled(element.parentElement);
    })
    .map(
      (element) => `<${element.localName} class="${element.className}"> ${element.textContent.slice(0, 40)}`,
    );
}
