import { checkedPath, decodedPath, withoutEndSlashes } from '../http/index.ts';

/** The path of an artifact or a folder of them, as it came in a URL; throws `invalid` for one that leaves its root. */
export function artifactPath(encoded: string): string {
  return checkedArtifactPath(decodedPath(encoded));
}

/** A path that needs no decoding, checked as {@link artifactPath} does; empty is the root. */
export function checkedArtifactPath(path: string): string {
  const trimmed = withoutEndSlashes(path);
  return trimmed === '' ? '' : checkedPath(trimmed);
}
