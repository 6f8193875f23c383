import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { CosmosError } from './errors.ts';
import type { WireRequest } from './wire.ts';

/** The key that the vendor's own emulator is known by everywhere. It opens local data only and is no secret. */
export const EMULATOR_KEY =
  'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==';

const SKEW_MS_MAX = 15 * 60 * 1000;

export type AuthOptions = {
  key: KeyObject;
  /** Accept any Entra ID token, unread. */
  entra: boolean;
};

/** The account's key, from its base64 text. */
export function accountKey(base64: string): KeyObject {
  return createSecretKey(Buffer.from(base64, 'base64'));
}

/**
 * Checks the `authorization` header: an HMAC of method, resource and date under the account's key.
 * https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources
 *
 * @throws CosmosError 401 where it is missing or wrong, 403 where the date is over 15 minutes off
 */
export function authorize(
  request: WireRequest,
  segments: readonly string[],
  options: AuthOptions,
  nowMs: number,
): void {
  const header = request.headers['authorization'];
  if (header === undefined) throw new CosmosError(401, 'The authorization header is missing.');
  const token = new URLSearchParams(decode(header).replaceAll('+', '%2B'));
  if (token.get('type') === 'aad') {
    if (options.entra && token.get('sig')) return;
    throw new CosmosError(401, 'This emulator does not accept Entra ID tokens; start it with that option.');
  }
  const date = request.headers['x-ms-date'];
  if (token.get('type') !== 'master' || date === undefined) {
    throw new CosmosError(401, 'The authorization header must be a master key signature, with x-ms-date.');
  }
  if (!(Math.abs(nowMs - Date.parse(date)) <= SKEW_MS_MAX)) {
    throw new CosmosError(403, `The request's date ${date} is more than 15 minutes away from the server's.`);
  }
  const given = Buffer.from(token.get('sig') ?? '', 'base64');
  const isSigned = resources(segments).some(({ type, link }) => {
    const text = `${request.method.toLowerCase()}\n${type.toLowerCase()}\n${link}\n${date.toLowerCase()}\n\n`;
    const expected = createHmac('sha256', options.key).update(text).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!isSigned) {
    throw new CosmosError(
      401,
      'The signature is not valid: the client uses another key, or signs another resource.',
    );
  }
}

/** The type and link that a client may have signed for a path: those of the resource, or of the feed's owner. */
function resources(segments: readonly string[]): { type: string; link: string }[] {
  if (segments.length === 0) return [{ type: '', link: '' }];
  if (segments[4] === 'operations') {
    const link = segments.slice(0, 4).join('/');
    return [
      { type: 'colls', link },
      { type: 'partitionKey', link },
    ];
  }
  if (segments.length % 2 === 1)
    return [{ type: segments.at(-1) as string, link: segments.slice(0, -1).join('/') }];
  const type = segments.at(-2) as string;
  const link = segments.join('/');
  if (type !== 'offers') return [{ type, link }];
  // An offer is signed by its id alone, in lower case.
  return [
    { type, link: (segments.at(-1) as string).toLowerCase() },
    { type, link: link.toLowerCase() },
  ];
}

function decode(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}
