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
  if (endpoint === undefined || path === undefined || whyNoPath(path) !== undefined) return undefined;
  if (!endpointName.safeParse(endpoint).success) return undefined;
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

/** A path that needs no decoding, checked as {@link pathOf} does. */
export function checkedPath(path: string): string {
  const wrong = whyNoPath(path);
  if (wrong === undefined) return path;
  throw new CairnError('invalid', `Invalid path: ${wrong}.`, { field: 'path' });
}

function whyNoPath(path: string): string | undefined {
  if (Buffer.byteLength(path) > nameBytesMax) return `it is over ${nameBytesMax} bytes`;
  if (/[\\\p{Cc}]/u.test(path)) return 'backslashes and control characters are not allowed';
  // An encoded dot segment must not come to life in a second decoding downstream.
  if (path.split('/').some((part) => part === '' || /^(\.|%2e){1,2}$/i.test(part)))
    return "empty parts, '.' and '..' are not allowed";
  return undefined;
}
