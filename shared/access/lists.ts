import { type Page, pageOf, positionIn } from '../http/index.ts';

/** Which part of a list is asked for. */
export type Asked = { readonly limit: number; readonly pageToken?: string | undefined };

/** A page of what is held in memory, in the order of a text that each has for itself. */
export function pageBy<T>(
  items: Iterable<T>,
  textOf: (item: T) => string,
  { limit, pageToken }: Asked,
): Page<T> {
  const after = positionIn(pageToken, { after: '' });
  const rest = [...items].filter((item) => after === undefined || textOf(item) > after.after);
  const sorted = rest.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  return pageOf(sorted.slice(0, limit + 1), limit, (item) => ({ after: textOf(item) }));
}
