import { isFloat, type Port } from '../../sessions/index.ts';
import { columnSchema, type ColumnSchema, paramsSchema } from './column-schema.ts';
import type { Described } from './described.ts';
import {
  anyOf,
  inputElement,
  nestedLists,
  nullable,
  objectOf,
  outputElement,
  type Schema,
} from './elements.ts';
import { classSchema } from './labels.ts';
import { layoutOf } from './layout.ts';
import { hadMaps } from '../invocation-response.ts';
import { authorsLabels, isTruth } from '../truths.ts';

/**
 * The JSON body of `POST /endpoints/{name}/invocations`: one of the forms of MLflow's scoring protocol, with the
 * columns or inputs of this model. A null is a missing number where the model takes floats.
 */
export function invocationRequestSchema(described: Described): Schema {
  const params = paramsSchema(described.signature);
  const forms = Object.entries(requestForms(described)).map(([form, schema]) => ({
    ...objectOf({ [form]: schema, params }, [form]),
    additionalProperties: false,
  }));
  return { oneOf: forms };
}

function requestForms(described: Described): Record<string, Schema> {
  const { model, signature } = described;
  const layout = layoutOf(model);
  const column = (name: string, type: Port['type']): Column => [
    name,
    columnSchema(type, signature.columns.get(name)),
  ];
  switch (layout.kind) {
    case 'columns': {
      const { dataframe_split, records, lists } = tableForms(
        described,
        layout.features.map((name) => column(name, layout.input.type)),
      );
      return { dataframe_split, dataframe_records: records, instances: records, inputs: lists };
    }
    case 'inputs': {
      const { dataframe_split, records, lists } = tableForms(
        described,
        model.inputs.map(({ name, type }) => column(name, type)),
      );
      return {
        dataframe_split,
        dataframe_records: records,
        instances: records,
        inputs: signature.columns.size > 0 ? lists : byName(described),
      };
    }
    case 'tensors': {
      const [input, ...others] = model.inputs;
      if (!input || others.length > 0) return { inputs: byName(described) };
      const lists = tensorLists(described, input);
      return { inputs: anyOf([lists, byName(described)]), instances: lists };
    }
  }
}

type Column = readonly [name: string, column: ColumnSchema];

/** A table by rows, by records, and by columns. Columns besides are ignored by the server; here they are not offered. */
function tableForms({ endpoint: { limits } }: Described, columns: readonly Column[]) {
  const needed = columns.filter(([, { isOptional }]) => !isOptional).map(([name]) => name);
  const width = { minItems: needed.length, maxItems: columns.length };
  const schemas = columns.map(([name, { schema }]) => [name, schema] as const);
  const rows = { maxItems: limits.rowsMax };
  return {
    dataframe_split: objectOf(
      {
        columns: {
          type: 'array',
          description: `In any order; those that must be there: ${needed.join(', ')}.`,
          items: { enum: columns.map(([name]) => name) },
          uniqueItems: true,
          ...width,
        },
        index: { type: 'array', description: 'One value a row; it is of no effect.' },
        data: {
          type: 'array',
          ...rows,
          items: { type: 'array', ...width, items: anyOf(schemas.map(([, schema]) => schema)) },
        },
      },
      ['columns', 'data'],
    ),
    records: { type: 'array', ...rows, items: objectOf(Object.fromEntries(schemas), needed) },
    lists: objectOf(
      Object.fromEntries(schemas.map(([name, items]) => [name, { type: 'array', ...rows, items }])),
      needed,
    ),
  };
}

function byName(described: Described): Schema {
  return objectOf(
    Object.fromEntries(described.model.inputs.map((input) => [input.name, tensorLists(described, input)])),
  );
}

function tensorLists({ endpoint }: Described, { type, shape }: Port): Schema {
  return nestedLists(isFloat(type) ? nullable(inputElement(type)) : inputElement(type), {
    shape,
    rowsMax: endpoint.limits.rowsMax,
  });
}

/** The body of an answer to it. `prediction_ids` is there where the call was logged. */
export function invocationResponseSchema(described: Described): Schema {
  const { model } = described;
  const tensors = tensorsSchema(described);
  const records = { type: 'array', items: recordSchema(described) };
  const layout = layoutOf(model).kind;
  const predictions =
    layout === 'tensors'
      ? tensors
      : isByRow(described) && layout === 'columns'
        ? records
        : anyOf([records, tensors]);
  return objectOf(
    {
      predictions,
      prediction_ids: {
        type: 'array',
        description: 'One a row, by which POST /api/v1/feedback tells what was true.',
        items: { type: 'string' },
      },
    },
    ['predictions'],
  );
}

/** Whether each output is known to have a row for each row of the input. */
function isByRow({ model: { inputs }, outputs }: Described): boolean {
  const size = inputs[0]?.shape[0];
  return outputs.every(
    ({ shape: [first] }) =>
      first !== undefined && (typeof first === 'string' ? typeof size === 'string' : first === size),
  );
}

function recordSchema(described: Described): Schema {
  return objectOf(
    Object.fromEntries(described.outputs.map((output) => [output.name, cellSchema(described, output)])),
  );
}

/** What an output holds for one row: a value, a value by label, or a list. */
function cellSchema(described: Described, output: Port): Schema {
  const { type, shape } = output;
  const element = valueSchema(described, output);
  const sizes = shape.slice(1);
  const width = sizes.reduce<number>(
    (product, size) => product * (typeof size === 'number' ? size : Number.NaN),
    1,
  );
  const labels = authorsLabels(described.model);
  const byLabel =
    labels && isFloat(type) && labels.length > 1 && (Number.isNaN(width) || width === labels.length)
      ? [objectOf(Object.fromEntries(labels.map((label) => [label, element])))]
      : [];
  if (width === 1) return element;
  const list = { type: 'array', items: element, ...(width > 0 ? { minItems: width, maxItems: width } : {}) };
  if (Number.isNaN(width)) return anyOf([element, ...byLabel, { type: 'array', items: element }]);
  return byLabel[0] ?? list;
}

function tensorsSchema(described: Described): Schema {
  return objectOf(
    Object.fromEntries(
      described.outputs.map((output) => [
        output.name,
        hadMaps(described.model.ready, output.name)
          ? { type: 'array', items: cellSchema(described, output) }
          : nestedLists(valueSchema(described, output), {
              shape: output.shape,
              rowsMax: Number.MAX_SAFE_INTEGER,
            }),
      ]),
    ),
  );
}

function valueSchema(described: Described, output: Port): Schema {
  const signed = described.signature.outputs.get(output.name);
  if (signed === 'binary' && output.type === 'string')
    return { type: 'string', description: 'Bytes in base64.' };
  if (signed === 'datetime' && output.type === 'int64')
    return { type: 'string', description: 'A date in ISO 8601.' };
  if (isTruth(described.model, output.name) && output.type !== 'string' && !isFloat(output.type))
    return { type: 'boolean' };
  return (
    classSchema(described.model, output) ?? outputElement(output.type, described.endpoint.nonFinite ?? 'null')
  );
}
