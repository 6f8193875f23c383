import {
  type Attribute,
  type Column,
  type Entity,
  listed,
  nullable,
  numeric,
  type Table,
  textual,
} from '../../search/index.ts';
import { shortened } from '../texts.ts';

/** What MLflow's filters and orders may name of a run: mlflow/utils/search_utils.py, `SearchUtils`. */
export const runFields: Table = {
  bare: 'attribute',
  entities: [
    {
      name: 'metric',
      aliases: ['metrics'],
      keys: 'any',
      column: (key) => ({ kind: 'number', path: ['m', key], nan: ['mn', key] }),
      operators: numeric,
    },
    texts('parameter', ['parameters', 'param', 'params'], 'params'),
    texts('tag', ['tags'], 'tags'),
    {
      name: 'attribute',
      aliases: ['attributes', 'attr', 'run'],
      keys: {
        run_id: text('runId', listed),
        // A run's name is mirrored in its tag `mlflow.runName`, which MLflow reads here.
        run_name: { ...text('name'), aliases: ['run name', 'Run name', 'Run Name'] },
        user_id: text('userId'),
        status: text('status'),
        artifact_uri: text('artifactUri'),
        start_time: { ...number('startTime', { always: true }), aliases: ['created', 'Created'] },
        end_time: number('endTime'),
      },
    },
    {
      name: 'dataset',
      aliases: ['datasets'],
      ordered: false,
      keys: { name: ofDataset('name'), digest: ofDataset('digest'), context: ofDataset('context') },
    },
  ],
};

/** The same of an experiment: `SearchExperimentsUtils`. */
export const experimentFields: Table = {
  bare: 'attribute',
  entities: [
    {
      name: 'attribute',
      aliases: ['attributes'],
      keys: {
        name: text('name'),
        experiment_id: text('experimentId', ['=', '!=', 'IN', 'NOT IN']),
        creation_time: number('createdAt', { always: true }),
        last_update_time: number('updatedAt', { always: true }),
      },
    },
    {
      name: 'tag',
      aliases: ['tags'],
      ordered: false,
      keys: 'any',
      column: (key) => ({ kind: 'text', path: ['tags', key] }),
      operators: nullable,
    },
  ],
};

function text(property: string, operators: Attribute['operators'] = textual): Attribute {
  return { column: { kind: 'text', path: [property], always: true }, operators };
}

function number(property: string, options: { readonly always?: true } = {}): Attribute {
  return { column: { kind: 'number', path: [property], ...options }, operators: numeric };
}

/** Texts under any key; of long ones a run's document has a prefix and the digest of the whole. */
function texts(name: string, aliases: readonly string[], map: 'params' | 'tags'): Entity {
  const column = (key: string): Column => ({
    kind: 'text',
    path: [map, key],
    digest: ['long', map, key],
    shortened,
  });
  return { name, aliases, keys: 'any', column, operators: nullable };
}

function ofDataset(property: string): Attribute {
  return { column: { kind: 'text', path: [property], within: { list: ['datasets'] } }, operators: listed };
}
