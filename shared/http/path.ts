import { CairnError } from './errors.ts';

const pathBytesMax = 900;
/** Storage takes 254 parts in a name, of which a few are ours. */
const partsMax = 250;

/** A path as the client sent it in a URL, decoded exactly once: `%25` in a name is a percent sign, and stays one. */
export function decodedPath(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw invalid('it is not valid percent-encoding');
  }
}

/** The relative path of a file that stays inside its root. Throws `invalid` with the reason for any other text. */
export function checkedPath(path: string): string {
  const why = whyNoPath(path);
  if (why === undefined) return path;
  throw invalid(why);
}

/** Why a text is no path that {@link checkedPath} takes; `undefined` for one that is. */
export function whyNoPath(path: string): string | undefined {
  if (Buffer.byteLength(path) > pathBytesMax) return `it is over ${pathBytesMax} bytes`;
  if (/[\\\p{Cc}]/u.test(path)) return 'backslashes and control characters are not allowed';
  if (!path.isWellFormed()) return 'it holds half of a surrogate pair';
  // Storage lists names as XML, which has no such characters.
  if (/[\ufffe\uffff]/.test(path)) return 'U+FFFE and U+FFFF are no characters';
  const parts = path.split('/');
  if (parts.length > partsMax) return `it has over ${partsMax} parts`;
  // An encoded dot segment must not come to life in a second decoding downstream.
  if (parts.some((part) => part === '' || /^(\.|%2e){1,2}$/i.test(part)))
    return "empty parts, '.' and '..' are not allowed";
  return undefined;
}

/** A path without the slashes at its end. A pattern would look at each of many slashes once for every one before it. */
export function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

function invalid(why: string): CairnError {
  return new CairnError('invalid', `Invalid path: ${why}.`, { field: 'path' });
}
