import { CairnError } from '../http/index.ts';
import { endpointName } from '../serving/index.ts';

/** An input by its place: `<endpoint>/<path>`, or `<endpoint>@<workspace>/<path>` outside workspace `default`. */
export type InputName = { readonly workspace: string; readonly endpoint: string; readonly path: string };

const defaultWorkspace = 'default';
const nameBytesMax = 900;

/** Container names of uploads begin with the endpoint, so that dropping a file is all it takes. */
export function folderOf(workspace: string, endpoint: string): string {
  return workspace === defaultWorkspace ? endpoint : `${endpoint}@${workspace}`;
}

/** The parts of a blob name in `batch-input` or `batch-output`; `undefined` for one that lies in no endpoint's folder. */
export function parseName(name: string): InputName | undefined {
  const [, endpoint, workspace = defaultWorkspace, path] = /^([^/@]+)(?:@([^/@]+))?\/(.+)$/s.exec(name) ?? [];
  if (endpoint === undefined || path === undefined || !endpointName.safeParse(endpoint).success)
    return undefined;
  return { workspace, endpoint, path };
}

/** A path as it came in a URL, decoded once and kept inside its folder. Throws `invalid` naming what is wrong. */
export function pathOf(encoded: string): string {
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    throw new CairnError('invalid', 'The path is not valid percent-encoding.', { field: 'path' });
  }
  return checkedPath(path);
}

export function checkedPath(path: string): string {
  const parts = path.split('/');
  if (Buffer.byteLength(path) > nameBytesMax) throw refusal(`it is over ${nameBytesMax} bytes`);
  if (/[\\\p{Cc}]/u.test(path)) throw refusal('backslashes and control characters are not allowed');
  if (parts.some((part) => part === '' || /^(\.|%2e){1,2}$/i.test(part)))
    throw refusal("empty parts, '.' and '..' are not allowed");
  return path;
}

function refusal(why: string): CairnError {
  return new CairnError('invalid', `Invalid path: ${why}.`, { field: 'path' });
}
