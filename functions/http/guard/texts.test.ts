import { expect, test } from 'vitest';
import { textsAt } from './texts.ts';

test('a field names what stands in it, and a list all that stands in that', () => {
  expect(textsAt({ run_id: 'a' }, 'run_id')).toEqual(['a']);
  expect(textsAt({ run_ids: ['a', 'b', 'a'] }, 'run_ids')).toEqual(['a', 'b']);
  expect(textsAt({ version: 3 }, 'version')).toEqual(['3']);
});

test('a field of fields is looked for in every element of a list', () => {
  const input = { models: [{ model_id: 'a' }, { step: 1 }, { model_id: 'b' }] };
  expect(textsAt(input, 'models.model_id')).toEqual(['a', 'b']);
});

test('what is left out, null or empty names nothing, and nothing is inherited', () => {
  for (const input of [{}, { run_id: undefined }, { run_id: null }, { run_id: '' }, { run_id: [] }])
    expect(textsAt(input, 'run_id')).toEqual([]);
  expect(textsAt(Object.create({ run_id: 'a' }), 'run_id')).toEqual([]);
  expect(textsAt({}, 'constructor.name')).toEqual([]);
});

test('what could name anything is an error, and never passes for naming nothing', () => {
  for (const run_id of [{ id: 'a' }, true, [['a'], [{}]]])
    expect(() => textsAt({ run_id }, 'run_id')).toThrow('run_id is to name something');
});
