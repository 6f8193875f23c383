import { describe, expect, test } from 'vitest';
import { openApi } from './description.ts';
import { surfaces } from './surfaces.ts';

const routes = surfaces.flatMap((surface) =>
  surface.routes.map((route) => ({ surface: surface.name, ...route })),
);

/** A path with its parameters unnamed: two routes are the same when these are equal. */
const shape = (path: string) => path.replaceAll(/\{\w+(\*?)\}/g, '{$1}');

describe('the table of surfaces', () => {
  test('no two routes claim the same method and path', () => {
    const claimed = routes.map(({ method, path }) => `${method} ${shape(path)}`);
    expect(claimed.filter((claim, i) => claimed.indexOf(claim) !== i)).toEqual([]);
  });

  test('a parameter that takes the rest of a path is the last one, and nothing else lies below it', () => {
    const rest = routes.filter(({ path }) => path.includes('*}'));
    expect(rest.filter(({ path }) => !path.endsWith('*}'))).toEqual([]);
    for (const { path, method } of rest) {
      const prefix = shape(path).replace(/\{\*\}$/, '');
      const below = routes.filter(
        (r) => r.method === method && shape(r.path).startsWith(prefix) && r.path !== path,
      );
      expect(below).toEqual([]);
    }
  });

  test('what anyone may ask without signing in stands here, and is nothing else', () => {
    const open = routes
      .filter((route) => route.role === 'public' && route.surface !== 'web' && route.surface !== 'mlflow-ui')
      .map(({ path }) => path);
    expect([...new Set(open)].toSorted()).toEqual([
      '/ajax-api/3.0/mlflow/server-info',
      '/api/3.0/mlflow/server-info',
      '/api/v1/sign-in',
      '/health',
      '/openapi.json',
      '/v2/health/live',
      '/v2/health/ready',
      '/version',
    ]);
  });

  test('every route is described, each under its own operation', () => {
    const { paths } = openApi(surfaces) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = routes
      .filter(({ path }) => !path.startsWith('/ajax-api/'))
      .map(({ method, path }) => `${method} ${path.replace('*}', '}')}`);
    expect(described.toSorted()).toEqual(served.toSorted());
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });
});
