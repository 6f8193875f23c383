import type { Route } from '../../shared/http/index.ts';
import type { Input } from './routes.ts';

/** A call of a route with an input: what its path names in the path, the rest in the query or the body. */
export function requestOf(
  { method, path, readsBody }: Pick<Route, 'method' | 'path' | 'readsBody'>,
  input: Input,
) {
  const params: Record<string, string> = {};
  const filled = path.replaceAll(/\{(\w+)(\*?)\}/g, (_, name: string, rest: string) => {
    const text = String(input[name] ?? 'unheard-of');
    params[name] = text;
    return rest ? text : encodeURIComponent(text);
  });
  const url = new URL(filled, 'http://127.0.0.1');
  const others = Object.entries(input).filter(([name]) => !(name in params));
  const isQuery = method === 'GET' || readsBody === true;
  if (isQuery)
    for (const [name, value] of others)
      for (const each of [value].flat()) url.searchParams.append(name, String(each));
  const body = isQuery ? undefined : JSON.stringify(Object.fromEntries(others));
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body };
  const request = new Request(url, { method, ...sent });
  return { request, url, params };
}
