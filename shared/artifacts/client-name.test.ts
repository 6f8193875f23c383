import { expect, test } from 'vitest';
import { clientName } from './client-name.ts';

// What Python's client makes of them, as seen with MLflow 2.22.
test.each([
  ['plain.txt', 'plain.txt'],
  ['100%.txt', '100%.txt'],
  ['a b%20c', 'a b c'],
  ['%25%32%35', '%'],
  ['%2541', 'A'],
  ['x%17y', 'x%17y'],
  ['x%0ay', 'xy'],
  ['%e6%97%a5', '日'],
  ['日%e6%97', '日\ufffd'],
  ['%ef%bb%bfx', '\ufeffx'],
])('%s becomes %s', (name, made) => expect(clientName(name)).toBe(made));
