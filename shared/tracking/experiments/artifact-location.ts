import { CairnError, whyNoPath, withoutEndSlashes } from '../../http/index.ts';
import { cut } from '../limits.ts';

const locationCharsMax = 2048;
/** Of a location among our own artifacts: leaves room for the run and the file below it in the name of a blob. */
const ownLocationBytesMax = 500;

/** Schemes in which `;` begins parameters of a path, as Python's `urllib.parse` has them; '' is a path. */
const schemesWithParams = /^(|ftp|hdfs|https?|sftp)$/;

/**
 * Where an experiment keeps its artifacts, as a client may choose it: anywhere its own storage clients
 * reach, or a folder of ours (`mlflow-artifacts:/<folder>`). Throws `invalid` for what MLflow refuses, and
 * for a folder that no artifact could be stored in.
 */
export function checkLocation(location: string): void {
  const { scheme, path, query } = partsOf(location);
  if (location.includes('#') || (schemesWithParams.test(scheme) && path.includes(';')))
    throw invalid("'artifact_location' URL can't include fragments or params.");
  if (scheme === 'runs')
    throw invalid(`Artifact location cannot be a runs:/ URI. Given: '${cut(location, 100)}'`);
  if (cut(location, locationCharsMax) !== location)
    throw invalid(
      `Invalid artifact path length. The length of the artifact path cannot be greater than ${locationCharsMax} characters.`,
    );
  if (/\p{Cc}/u.test(location)) throw refused('control characters are not allowed');
  if (climbs(path)) throw refused("'..' is not allowed");
  if (climbs(query)) throw invalid('Invalid query string');
  if (scheme === 'mlflow-artifacts') checkOwn(location, path, query);
}

/** A location some folders further down; a query stays behind the path. */
export function belowLocation(location: string, ...folders: readonly string[]): string {
  const at = location.indexOf('?');
  const [path, query] = at < 0 ? [location, ''] : [location.slice(0, at), location.slice(at)];
  return [withoutEndSlashes(path), ...folders].join('/') + query;
}

function checkOwn(location: string, path: string, query: string): void {
  if (query !== '') throw refused('a folder of this server takes no query');
  if (Buffer.byteLength(location) > ownLocationBytesMax)
    throw refused(`a folder of this server may have at most ${ownLocationBytesMax} bytes`);
  const folder = path.replace(/^\/\/[^/]*/, '').replace(/^\/|\/$/g, '');
  const why = folder === '' ? undefined : whyNoPath(folder);
  if (why !== undefined) throw refused(why);
}

function partsOf(location: string): { scheme: string; path: string; query: string } {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?([^?]*)\??([^]*)$/.exec(location);
  return { scheme: match?.[1]?.toLowerCase() ?? '', path: match?.[2] ?? '', query: match?.[3] ?? '' };
}

/** Whether a text has a parent folder in it, encoded however often. */
function climbs(text: string): boolean {
  const plain = text.replace(/%(25)*2e/gi, '.').replace(/%(25)*(2f|5c)/gi, '/');
  return plain.split(/[/\\&=]/).includes('..');
}

function refused(why: string): CairnError {
  return invalid(`Invalid value for parameter 'artifact_location' supplied: ${why}.`);
}

function invalid(message: string): CairnError {
  return new CairnError('invalid', message, { field: 'artifact_location' });
}
