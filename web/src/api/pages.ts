import { cairn, type Query } from './client.ts';

const perPage = 200;
const pagesMax = 25;

/** Every page of a list of the API, one after the other; `name` is the field that the list is in. */
export async function everyPage<T>(
  path: string,
  name: string,
  query: Query,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const all: T[] = [];
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const answer = await cairn.get<Record<string, unknown>>(path, {
      query: { ...query, max_results: perPage, page_token: token },
      signal,
    });
    all.push(...((answer[name] ?? []) as T[]));
    token = answer['next_page_token'] as string | undefined;
    if (token === undefined) break;
  }
  return all;
}
