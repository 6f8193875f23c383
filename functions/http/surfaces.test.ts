import { describe, expect, test } from 'vitest';
import * as z from 'zod';
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
      // By GitHub's token of the very run that was started.
      '/api/v1/retraining-jobs/{id}/token',
      '/api/v1/sign-in',
      '/health',
      '/health/live',
      '/health/ready',
      '/openapi.json',
      '/v2/health/live',
      '/v2/health/ready',
      '/version',
    ]);
  });

  test('what lists access, alerts, the audit log, usage and data requests takes no parameter that it does not know', () => {
    const own =
      /^\/api\/v1\/(access|alerts|audit|erasure|hash-keys|holds|incidents|session|sign-in|silences|tokens|usage|workspaces)\b/;
    const read = routes.filter(({ method, path }) => method === 'GET' && own.test(path));
    expect(read.length).toBeGreaterThan(20);
    for (const { path, input = z.unknown() } of read) {
      const { additionalProperties, properties = {} } = z.toJSONSchema(input, {
        io: 'input',
        unrepresentable: 'any',
      });
      const inPath = [...path.matchAll(/\{(\w+)\*?\}/g)].map((match) => match[1] ?? '');
      expect([path, additionalProperties]).toEqual([path, false]);
      expect(Object.keys(properties)).toEqual(expect.arrayContaining(inPath));
    }
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

describe('the description of the table', () => {
  const described = openApi(surfaces) as {
    paths: Record<string, Record<string, Described>>;
    components: { securitySchemes: object; schemas: object };
  };
  type Described = {
    security: readonly object[];
    responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
    'x-cairn-role': string;
    'x-cairn-scope'?: object;
  };
  const operationOf = ({ path, method }: { path: string; method: string }) =>
    described.paths[path.replace('*}', '}')]?.[method.toLowerCase()];
  const served = routes.filter(({ path }) => !path.startsWith('/ajax-api/'));

  test('asks for one of the ways to sign in wherever the route does, and for none at a public one', () => {
    const schemes = Object.keys(described.components.securitySchemes).map((name) => ({ [name]: [] }));
    expect(schemes).toHaveLength(3);
    for (const route of served)
      expect([route.path, operationOf(route)?.security]).toEqual([
        route.path,
        route.role === 'public' ? [] : schemes,
      ]);
  });

  test('says of every route which role is needed where, and names refusals that it describes', () => {
    for (const route of served) {
      const operation = operationOf(route);
      expect([route.path, operation?.['x-cairn-role']]).toEqual([route.path, route.role]);
      const needsRole = route.role !== 'public' && route.role !== 'signed-in';
      expect([route.path, operation?.['x-cairn-scope'] !== undefined]).toEqual([route.path, needsRole]);
      const told = Object.keys(operation?.responses ?? {});
      expect([route.path, told.includes('403'), told.includes('401')]).toEqual([
        route.path,
        needsRole,
        route.role !== 'public',
      ]);
    }
    const refs = [...JSON.stringify(described.paths).matchAll(/#\/components\/schemas\/(\w+)/g)];
    const named = refs.map((ref) => ref[1] ?? '');
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(described.components.schemas).toSorted());
  });
});
