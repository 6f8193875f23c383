import { ApiError } from './api.ts';
import { button, type Child, h, link } from './dom.ts';

type Tone = 'good' | 'bad' | 'busy' | 'quiet';

const tones: Readonly<Record<string, Tone>> = {
  FINISHED: 'good',
  FAILED: 'bad',
  KILLED: 'bad',
  RUNNING: 'busy',
  ready: 'good',
  waiting: 'busy',
  stable: 'good',
  ok: 'good',
  drifted: 'bad',
  degraded: 'bad',
  'not servable': 'bad',
  succeeded: 'good',
  promoted: 'good',
  failed: 'bad',
  running: 'busy',
  committing: 'busy',
  planned: 'busy',
  requested: 'busy',
  training: 'busy',
  gating: 'busy',
  promoting: 'busy',
};

/** A state in a word; its colour follows from the word. */
export function chip(state: string, tone: Tone = tones[state] ?? 'quiet'): HTMLElement {
  return h('span', { class: `chip ${tone}` }, state.toLowerCase().replaceAll('-', ' '));
}

export function tag(text: string): HTMLElement {
  return h('span', { class: 'tag' }, text);
}

/** The way here from the overview. */
export function crumbs(...way: readonly Child[]): HTMLElement {
  const items = [link('Overview'), ...way].map((item) => h('li', {}, item));
  return h('nav', { 'aria-label': 'Breadcrumb' }, h('ol', {}, items));
}

/** The head of a page: where it is, its name, and its state. */
export function head(options: { crumbs?: readonly Child[]; title: string; state?: Child }): HTMLElement {
  const { title, state } = options;
  return h(
    'div',
    {},
    crumbs(...(options.crumbs ?? [])),
    h('div', { class: 'title' }, h('h1', {}, title), state),
  );
}

export function section(title: string, ...content: Child[]): HTMLElement {
  return h('section', { 'aria-label': title }, h('h2', {}, title), content);
}

/** Names and their values; those without a value are left out. */
export function facts(...pairs: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return h(
    'dl',
    { class: 'facts' },
    known.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

export type Column = { readonly title: Child; readonly numeric?: boolean; readonly group?: string };

/** A table that scrolls by itself where it is wider than the page; its first column names the row. */
export function table(
  label: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
): HTMLElement {
  const cell = (kind: 'td' | 'th', at: number, scope: string | undefined, content: Child) =>
    h(kind, { scope, class: columns[at]?.numeric ? 'number' : undefined }, content);
  const titles = columns.map((column, at) =>
    cell('th', at, 'col', [column.group ? h('small', {}, column.group) : null, column.title]),
  );
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, titles)),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((content, at) => cell(at === 0 ? 'th' : 'td', at, at === 0 ? 'row' : undefined, content)),
          ),
        ),
      ),
    ),
  );
}

export function pairsTable(label: string, pairs: readonly { key: string; value: string }[]): HTMLElement {
  return table(
    label,
    [{ title: 'Name' }, { title: 'Value' }],
    pairs.map(({ key, value }) => [key, value]),
  );
}

export function hint(...content: Child[]): HTMLElement {
  return h('p', { class: 'hint' }, content);
}

/** Code to copy, with a button where the browser lets a page do so. */
export function code(text: string): HTMLElement {
  const onCopy = async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = 'Copied';
  };
  const copy = button('Copy', () => void onCopy());
  return h(
    'div',
    { class: 'code' },
    h('pre', { tabindex: 0 }, h('code', {}, text)),
    'clipboard' in navigator ? copy : null,
  );
}

/** A part of a page that arrives by itself: it neither holds up the rest nor takes it down. */
export function later(work: Promise<Node>): HTMLElement {
  const place = h('div', { 'aria-busy': 'true' }, loading());
  const settle = async () => {
    place.replaceChildren(await work.catch((error: unknown) => failure(error)));
    place.removeAttribute('aria-busy');
  };
  void settle();
  return place;
}

export function loading(): HTMLElement {
  return h('p', { class: 'loading', role: 'status' }, 'Loading …');
}

/** What went wrong, in words, with what can be done about it. */
export function failure(error: unknown, retry?: () => void): HTMLElement {
  const status = error instanceof ApiError ? error.status : undefined;
  const title =
    status === 404 ? 'Not found' : status === 401 || status === 403 ? 'Not allowed' : 'This did not work';
  return h(
    'div',
    { class: 'notice', role: 'alert' },
    h('strong', {}, title),
    h('p', {}, error instanceof Error ? error.message : String(error)),
    retry && status !== 404 ? button('Try again', retry) : null,
  );
}

/**
 * Appends pages of a list below what is there, one a press. `more` renders the next page and answers
 * whether another one follows.
 */
export function loadMore(more: () => Promise<boolean>): HTMLElement {
  const place = h('div', { class: 'more' });
  const onPress = async () => {
    press.disabled = true;
    press.textContent = 'Loading …';
    place.querySelector('.notice')?.remove();
    try {
      if (!(await more())) press.remove();
    } catch (error) {
      place.append(failure(error));
    }
    press.disabled = false;
    press.textContent = 'Load more';
  };
  const press = button('Load more', () => void onPress());
  place.append(press);
  return place;
}
