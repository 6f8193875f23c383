import { expect, test } from 'vitest';
import { contentTypeOf } from './content-type.ts';

test.each([
  ['a/plot.PNG', undefined, 'image/png'],
  ['a/plot.png', 'application/octet-stream', 'image/png'],
  ['a/table.csv', 'application/x-www-form-urlencoded; charset=utf-8', 'text/csv'],
  ['a/table.csv', 'text/plain', 'text/plain'],
  ['a.json/MLmodel', undefined, 'text/plain'],
  ['a.json/weights', undefined, 'application/octet-stream'],
  ['a/constructor', undefined, 'application/octet-stream'],
  ['a/.', '', 'application/octet-stream'],
])('%s, sent as %s, is %s', (path, declared, type) => expect(contentTypeOf(path, declared)).toBe(type));
