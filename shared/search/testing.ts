import { listed, nullable, numeric, type Table } from './table.ts';

/** A table with one of everything, for tests of the language alone. */
export const table: Table = {
  bare: 'attribute',
  entities: [
    {
      name: 'metric',
      aliases: ['metrics'],
      keys: 'any',
      column: (key) => ({ kind: 'number', path: ['m', key], nan: ['mn', key] }),
      operators: numeric,
    },
    {
      name: 'parameter',
      aliases: ['param', 'params'],
      keys: 'any',
      column: (key) => ({ kind: 'text', path: ['params', key] }),
      operators: nullable,
    },
    {
      name: 'tag',
      aliases: ['tags'],
      keys: 'any',
      column: (key) => ({ kind: 'text', path: ['tags', key] }),
      operators: nullable,
    },
    {
      name: 'attribute',
      aliases: ['attributes'],
      keys: {
        name: {
          column: { kind: 'text', path: ['name'], always: true },
          operators: listed,
          aliases: ['run name'],
        },
        start_time: { column: { kind: 'number', path: ['startTime'], always: true }, operators: numeric },
      },
    },
    {
      name: 'dataset',
      aliases: ['datasets'],
      ordered: false,
      keys: {
        digest: {
          column: { kind: 'text', path: ['digest'], within: { list: ['datasets'] } },
          operators: listed,
        },
      },
    },
  ],
};
