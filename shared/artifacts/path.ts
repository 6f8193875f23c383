import { CairnError } from '../http/index.ts';

const pathBytesMax = 900;

/**
 * An artifact path as the client sent it in a URL, decoded exactly once: a relative path that stays
 * inside its root, or an `invalid` error. `%25` in a name is a percent sign, and stays one.
 */
export function artifactPath(encoded: string): string {
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    throw invalid('it is not valid percent-encoding');
  }
  return checkedPath(path);
}

/** A path that needs no decoding, checked as {@link artifactPath} does. */
export function checkedPath(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (Buffer.byteLength(trimmed) > pathBytesMax) throw invalid(`it is over ${pathBytesMax} bytes`);
  if (trimmed.includes('\\') || hasControl(trimmed))
    throw invalid('backslashes and control characters are not allowed');
  if (!trimmed.isWellFormed()) throw invalid('it holds half of a surrogate pair');
  const parts = trimmed.split('/');
  // An encoded dot segment must not come to life in a second decoding downstream.
  if (trimmed !== '' && parts.some((part) => part === '' || /^(\.|%2e){1,2}$/i.test(part)))
    throw invalid("empty parts, '.' and '..' are not allowed");
  return trimmed;
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 127) return true;
  }
  return false;
}

function invalid(why: string): CairnError {
  return new CairnError('invalid', `Invalid path: ${why}.`, { field: 'path' });
}
