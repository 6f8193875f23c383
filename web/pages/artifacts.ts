import type { Api, Artifact, Run } from '../api.ts';
import { type Child, h } from '../dom.ts';
import { byteSize } from '../format.ts';
import { hint, later } from '../parts.ts';

const scheme = 'mlflow-artifacts:/';

/** The files of a run as a tree; a folder is listed when it is opened first. */
export async function artifactTree(api: Api, run: Run): Promise<Node> {
  return (await level(api, run, '')) ?? hint('None were logged.');
}

async function level(api: Api, run: Run, path: string): Promise<Node | undefined> {
  const { files = [], root_uri: root } = await api.mlflow<{ files?: Artifact[]; root_uri: string }>(
    'artifacts/list',
    { run_id: run.info.run_id, ...(path === '' ? {} : { path }) },
  );
  if (files.length === 0) return undefined;
  const sorted = files.toSorted((a, b) => Number(b.is_dir) - Number(a.is_dir) || (a.path < b.path ? -1 : 1));
  return h(
    'ul',
    { class: 'tree' },
    sorted.map((entry) => h('li', {}, entry.is_dir ? folder(api, run, entry) : file(root, entry))),
  );
}

function folder(api: Api, run: Run, { path }: Artifact): Child {
  const details = h('details', {}, h('summary', {}, nameOf(path)));
  details.addEventListener(
    'toggle',
    () => details.append(later(level(api, run, path).then((tree) => tree ?? hint('Empty.')))),
    { once: true },
  );
  return details;
}

/** A link where this server keeps the file, else its name. */
function file(root: string, { path, file_size: bytes }: Artifact): Child {
  const size = bytes === undefined ? null : h('span', { class: 'size' }, byteSize(bytes));
  if (!root.startsWith(scheme)) return [nameOf(path), ' ', size];
  const full = `${root.slice(scheme.length).replace(/^\/+/, '')}/${path}`;
  const href = `/ajax-api/2.0/mlflow-artifacts/artifacts/${full.split('/').map(encodeURIComponent).join('/')}`;
  return [h('a', { href, download: nameOf(path) }, nameOf(path)), ' ', size];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
