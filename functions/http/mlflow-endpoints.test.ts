import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { surfaces } from './surfaces.ts';

/** A path with its parameters unnamed: two endpoints are the same when these are equal. */
const shape = (path: string) => path.replaceAll(/\{\w+(\*?)\}/g, '{}');

/** Rows of the page's tables: `| method | path | state | … |`. */
const rows = [
  ...readFileSync(new URL('../../docs/mlflow.md', import.meta.url), 'utf8').matchAll(
    /^\| (GET|POST|PUT|PATCH|DELETE) \| `([^`]+)` \| (\w+)/gm,
  ),
].map(([, method = '', path = '', state = '']) => ({ endpoint: `${method} ${shape(path)}`, state }));

const served = new Map<string, string>(
  surfaces.flatMap((surface) =>
    surface.routes.map(({ method, path }) => [`${method} ${shape(path)}`, surface.name] as const),
  ),
);

describe('the list of MLflow endpoints in docs/mlflow.md', () => {
  test('says "served" of what has a route, "empty" of what is always empty, "absent" of what has none', () => {
    const states = rows.map(({ endpoint }) => {
      const surface = served.get(endpoint);
      return `${endpoint} ${surface === undefined ? 'absent' : surface === 'mlflow-empty' ? 'empty' : 'served'}`;
    });
    expect(rows.map(({ endpoint, state }) => `${endpoint} ${state}`)).toEqual(states);
    expect(rows.length).toBeGreaterThan(190);
  });

  test('names every route that speaks for MLflow', () => {
    const listed = new Set(rows.map(({ endpoint }) => endpoint));
    const missing = [...served].filter(
      ([endpoint, surface]) =>
        surface !== 'description' &&
        / \/(api\/[23]\.0\/|graphql|get-artifact)/.test(endpoint) &&
        !listed.has(endpoint),
    );
    expect(missing).toEqual([]);
  });
});
