import { CairnError } from './errors.ts';

/** One page of a list, and the token that continues it when there is more. */
export type Page<T> = { readonly items: readonly T[]; readonly nextToken?: string };

/** What a list is ordered by, as an item has it: the next page begins behind the position of the last item. */
export type Position = Readonly<Record<string, string | number>>;

/** A page out of the rows of a query, which asked for one more than `limit` to see whether there is more. */
export function pageOf<T>(rows: readonly T[], limit: number, positionOf: (item: T) => Position): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, nextToken: Buffer.from(JSON.stringify(positionOf(last))).toString('base64url') };
}

/**
 * The position in a token, `undefined` for no token. `like` is some position of the list: a token without
 * the same fields is not of that list, and `invalid`.
 */
export function positionIn<P extends Position>(token: string | undefined, like: P): P | undefined {
  if (!token) return undefined;
  const found = parsed(token) as Position | null | undefined;
  // These fields and no others: what else a caller puts into a token must not reach a query.
  const position = Object.fromEntries(Object.keys(like).map((name) => [name, found?.[name]]));
  if (Object.entries(like).every(([name, part]) => typeof position[name] === typeof part))
    return position as P;
  throw new CairnError(
    'invalid',
    `Invalid page token '${token.slice(0, 100)}'; pass the next_page_token of the answer before.`,
    { field: 'page_token' },
  );
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
}
