import { whyNoPath } from '../http/index.ts';
import { endpointName } from '../endpoints/index.ts';

/** An input by its place: `<endpoint>/<path>`, or `<endpoint>@<workspace>/<path>` outside workspace `default`. */
export type InputName = { readonly workspace: string; readonly endpoint: string; readonly path: string };

const defaultWorkspace = 'default';

/** Container names of uploads begin with the endpoint, so that dropping a file is all it takes. */
export function folderOf(workspace: string, endpoint: string): string {
  return workspace === defaultWorkspace ? endpoint : `${endpoint}@${workspace}`;
}

/** The parts of a blob name in `batch-input` or `batch-output`; `undefined` for one that lies in no endpoint's folder. */
export function parseName(name: string): InputName | undefined {
  const [, endpoint, workspace = defaultWorkspace, path] = /^([^/@]+)(?:@([^/@]+))?\/(.+)$/s.exec(name) ?? [];
  if (endpoint === undefined || path === undefined || whyNoPath(path) !== undefined) return undefined;
  if (!endpointName.safeParse(endpoint).success) return undefined;
  return { workspace, endpoint, path };
}
