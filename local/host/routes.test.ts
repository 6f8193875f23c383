import { describe, expect, test } from 'vitest';
import { matchRoute, parseRoute, routesOverlap } from './routes.ts';

const route = (template: string, prefix = '') => parseRoute('f', prefix, template);

describe('a route', () => {
  test.each([
    ['', '/', {}],
    ['', '/a', null],
    ['Items', '/items', {}],
    ['items', '/items/', {}],
    ['items/{id}', '/items/7', { id: '7' }],
    ['items/{id}', '/items', null],
    ['items/{id}', '/items//', null],
    ['items/{id?}', '/items', {}],
    ['items/{id=9}', '/items', { id: '9' }],
    ['items/{id}', '/items/a%20b', { id: 'a b' }],
    ['items/{id}', '/items/a%2Fb', { id: 'a%2Fb' }],
    ['items/{id}', '/items/a%252Fb', { id: 'a%2Fb' }],
    ['items/{id}', '/items/%zz', { id: '%zz' }],
    ['items/{id}', '/items/%ff', { id: '%ff' }],
    ['items/{id}', '/items/+', { id: '+' }],
    ['items/{id:int}', '/items/x', null],
    ['items/{id:int}', '/items/-12', { id: '-12' }],
    [
      'items/{id:guid}',
      '/items/0f8fad5b-d9cb-469f-a165-70867728950e',
      { id: '0f8fad5b-d9cb-469f-a165-70867728950e' },
    ],
    ['items/{id:alpha:maxlength(3)}', '/items/abc', { id: 'abc' }],
    ['items/{id:alpha:maxlength(3)}', '/items/abcd', null],
    ['items/{id:range(1,5)}', '/items/5', { id: '5' }],
    ['items/{id:range(1,5)}', '/items/6', null],
    ['items/{id:regex(^a{{2}}$)}', '/items/aa', { id: 'aa' }],
    ['items/{id:bool?}', '/items', {}],
    ['{*rest}', '/', {}],
    ['{*rest}', '/a/b//c/', { rest: 'a/b//c/' }],
    ['files/{**path}', '/files/a/b%2Fc', { path: 'a/b%2Fc' }],
    ['files/{name}.{ext}', '/files/a.tar.gz', { name: 'a', ext: 'tar.gz' }],
    ['files/v{version:int}', '/files/v12', { version: '12' }],
    ['files/v{version:int}', '/files/vx', null],
  ])('"%s" and %s', (template, path, expected) => {
    expect(matchRoute(route(template), path)).toEqual(expected);
  });

  test('begins with the prefix of host.json', () => {
    expect(matchRoute(route('items', 'api'), '/api/items')).toEqual({});
    expect(matchRoute(route('items', 'api'), '/items')).toBeNull();
  });

  test.each([
    ['admin/x', 'may not start with "admin"'],
    ['administrators', 'may not start with "admin"'],
    ['Runtime', 'may not start with "Runtime"'],
    ['{*rest}/more', 'has something after its catch-all parameter'],
    ['{a}/{A}', 'names a parameter twice'],
    ['{a:strange}', 'uses the unknown constraint "strange"'],
    ['{a', 'unbalanced braces'],
  ])('"%s" is refused', (template, message) => {
    expect(() => route(template)).toThrow(message);
  });

  test.each([
    ['a/{x}', 'a/{y}', true],
    ['a/{x}', 'a/b', true],
    ['a/{x:int}', 'a/b', false],
    ['a/{x:int}', 'a/{y:alpha}', false],
    ['a/{x:int}', 'a/{y:int}', true],
    ['a/b', 'a/B', true],
    ['a', 'a/{x?}', true],
    ['a', 'a/{x}', false],
    ['a/{*rest}', 'a/b/c', true],
    ['{*rest}', 'anything', true],
    ['b/{*rest}', 'a/{*rest}', false],
  ])('"%s" and "%s" meet: %s', (a, b, meet) => {
    expect(routesOverlap(route(a), route(b))).toBe(meet);
    expect(routesOverlap(route(b), route(a))).toBe(meet);
  });
});
