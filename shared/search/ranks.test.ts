import { expect, test } from 'vitest';
import { parseOrder } from './order.ts';
import { parseFilter } from './parser.ts';
import { phasesOf } from './ranks.ts';
import type { Table } from './table.ts';
import { table } from './testing.ts';

function phases(order: string, filter: string, fields: Table = table) {
  return parseOrder([order], fields).map((key) => phasesOf(key, parseFilter(filter, fields)))[0];
}

test('an order has the parts that its key can have', () => {
  expect(phases('metrics.a', '')).toEqual(['value', 'nan', 'missing']);
  expect(phases('tags.a', '')).toEqual(['value', 'missing']);
  expect(phases('start_time', '')).toEqual(['value']);
});

test('a part that the filter leaves empty is not looked into', () => {
  expect(phases('metrics.a', 'metrics.a > 1')).toEqual(['value']);
  expect(phases('metrics.a', 'metrics.a != 1')).toEqual(['value', 'nan']);
  expect(phases('metrics.a', 'metrics.b > 1')).toEqual(['value', 'nan', 'missing']);
  expect(phases('tags.a', "tags.a LIKE 'x%'")).toEqual(['value']);
  expect(phases('tags.a', 'tags.a IS NOT NULL')).toEqual(['value']);
  expect(phases('tags.a', 'tags.a IS NULL')).toEqual(['missing']);
});

test('a filter on some element of a list leaves no part of an order empty', () => {
  const [metric] = table.entities;
  const ofElements: Table = {
    ...table,
    entities: table.entities.map((entity) =>
      entity === metric && entity.keys === 'any'
        ? { ...entity, column: () => ({ kind: 'number', path: ['value'], within: { list: ['all'] } }) }
        : entity,
    ),
  };
  const order = parseOrder(['metrics.a'], table)[0];
  const filter = parseFilter('metrics.a > 1', ofElements);
  expect(order && phasesOf(order, filter)).toEqual(['value', 'nan', 'missing']);
});
