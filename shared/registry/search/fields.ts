import {
  type Attribute,
  type Entity,
  listed,
  nullable,
  numeric,
  type Table,
  textual,
} from '../../search/index.ts';

const tags: Entity = {
  name: 'tag',
  aliases: ['tags'],
  ordered: false,
  keys: 'any',
  column: (key) => ({ kind: 'text', path: ['tags', key] }),
  operators: nullable,
};

/** What MLflow's filters and orders may name of a registered model (`SearchModelUtils`). */
export const modelFields: Table = {
  bare: 'attribute',
  entities: [
    {
      name: 'attribute',
      aliases: ['attributes'],
      keys: {
        name: text('name'),
        creation_timestamp: { ...number('createdAt'), aliases: ['timestamp'] },
        last_updated_timestamp: number('updatedAt'),
      },
    },
    tags,
  ],
};

/** The same of a model version (`SearchModelVersionUtils`). */
export const versionFields: Table = {
  bare: 'attribute',
  entities: [
    {
      name: 'attribute',
      aliases: ['attributes'],
      keys: {
        name: text('name', listed),
        version_number: {
          column: { kind: 'number', path: ['version'], always: true, quotable: true },
          operators: numeric,
          aliases: ['version'],
        },
        run_id: { column: { kind: 'text', path: ['runId'] }, operators: listed },
        source_path: { ...text('source'), aliases: ['source'] },
        creation_timestamp: number('createdAt'),
        last_updated_timestamp: number('updatedAt'),
      },
    },
    tags,
  ],
};

function text(name: string, operators: Attribute['operators'] = textual): Attribute {
  return { column: { kind: 'text', path: [name], always: true }, operators };
}

function number(name: string): Attribute {
  return { column: { kind: 'number', path: [name], always: true }, operators: numeric };
}
