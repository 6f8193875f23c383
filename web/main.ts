import { openApi } from './api.ts';
import { type Child, h } from './dom.ts';
import { endpointPage } from './pages/endpoint.ts';
import { experimentPage } from './pages/experiment.ts';
import { modelPage } from './pages/model.ts';
import { monitorPage } from './pages/monitor.ts';
import { overviewPage } from './pages/overview.ts';
import { runPage } from './pages/run.ts';
import type { Page } from './pages/page.ts';
import { crumbs, failure, head, hint, loading } from './parts.ts';

/** Every page by its hash; `:name` is handed to the page, decoded. Links that MLflow's client prints are among them. */
const routes: Readonly<Record<string, Page>> = {
  '': overviewPage,
  'experiments/:id': experimentPage,
  'experiments/:id/runs/:run': (visit, _id, run) => runPage(visit, run),
  'runs/:run': runPage,
  'models/:name': modelPage,
  'models/:name/versions/:version': modelPage,
  'endpoints/:name': endpointPage,
  'monitors/:name': monitorPage,
  'monitors/:name/:window': monitorPage,
};

const main = byId('main');
let visit = new AbortController();

byId('server').textContent = location.host;
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', () => void show(true));
void show(false);

/** Shows the page the hash names. `arrived` by a link: then the reader's place is its beginning. */
async function show(arrived: boolean): Promise<void> {
  visit.abort();
  visit = new AbortController();
  const { signal } = visit;
  main.replaceChildren(loading());
  main.setAttribute('aria-busy', 'true');
  const content = h('div', { class: 'page' }, await render(signal));
  if (signal.aborted) return;
  main.replaceChildren(content);
  main.removeAttribute('aria-busy');
  const title = main.querySelector('h1')?.textContent;
  document.title = title && title !== 'Overview' ? `${title} · Cairn` : 'Cairn';
  if (!arrived) return;
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

async function render(signal: AbortSignal): Promise<Child> {
  const found = pageOf(location.hash);
  if (!found)
    return [head({ title: 'No such page' }), hint('Nothing of Cairn has this address: ', location.hash)];
  const again = () => void show(false);
  try {
    return await found.page({ api: openApi(signal), signal, again }, ...found.parameters);
  } catch (error) {
    return [crumbs(), failure(error, again)];
  }
}

function pageOf(hash: string): { page: Page; parameters: string[] } | undefined {
  const path = hash.replace(/^#?\/?/, '').replace(/[/?]*(\?.*)?$/, '');
  const given = path.split('/');
  for (const [pattern, page] of Object.entries(routes)) {
    const parts = pattern.split('/');
    if (parts.length !== given.length) continue;
    if (!parts.every((part, at) => part.startsWith(':') || part === given[at])) continue;
    return { page, parameters: given.filter((_, at) => parts[at]?.startsWith(':')).map(decoded) };
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return element;
}
