import { CairnError, withoutEndSlashes } from '../http/index.ts';
import { checkedArtifactPath } from './path.ts';

/** `mlflow-artifacts:/<path>`, also with a host, and the same as the URL under which clients reach it. */
const ours =
  /^(?:mlflow-artifacts:(?:\/\/[^/]*)?(?=\/(?!\/)|$)|https?:\/\/[^?#]*?\/api\/2\.0\/mlflow-artifacts\/artifacts(?=\/|$))(.*)$/s;

/**
 * The path among the artifacts of the workspace that a URI names, not checked; `undefined` where it names
 * another place. Clients put a location into the URLs they call as it is: what is an escape in it is decoded
 * on the way, and so it is here.
 */
export function artifactPathIn(uri: string): string | undefined {
  const path = ours.exec(uri)?.[1];
  return path === undefined ? undefined : decodedOrSame(withoutEndSlashes(path.replace(/^\/+/, '')));
}

/**
 * The path of `below` (empty: of all) among what is kept at `uri`, which is where `owner` has its artifacts.
 * Throws `invalid` where that is no place of this server's.
 */
export function artifactPathAt(uri: string, below: string, owner: string): string {
  const root = artifactPathIn(uri);
  if (root === undefined)
    throw new CairnError(
      'invalid',
      `The artifacts of ${owner} are at '${uri}', which this server does not keep. Read and write them there.`,
      { field: 'artifact_uri' },
    );
  return checkedArtifactPath([root, checkedArtifactPath(below)].filter((part) => part !== '').join('/'));
}

/** A path without its escapes, or as it is where they are none. */
export function decodedOrSame(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
