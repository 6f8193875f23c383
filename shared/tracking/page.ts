import { CairnError } from '../http/index.ts';

/** One page of a list, and the token that continues it when there is more. */
export type Page<T> = { readonly items: readonly T[]; readonly nextToken?: string };

/** Where a page ended in the order (time descending, id ascending): the next one starts behind it. */
export type Position = { readonly time: number; readonly id: string };

export function encodeToken(position: Position): string {
  return Buffer.from(JSON.stringify([position.time, position.id])).toString('base64url');
}

/** The position in a token, `undefined` for no token. Throws `invalid` for one that is not ours. */
export function decodeToken(token: string | undefined): Position | undefined {
  if (!token) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (
      Array.isArray(parsed) &&
      parsed.length === 2 &&
      typeof parsed[0] === 'number' &&
      typeof parsed[1] === 'string'
    )
      return { time: parsed[0], id: parsed[1] };
  } catch {
    // Not ours: reported below.
  }
  throw new CairnError(
    'invalid',
    `Invalid page token '${token.slice(0, 100)}'; pass the next_page_token of the answer before.`,
    {
      field: 'page_token',
    },
  );
}
