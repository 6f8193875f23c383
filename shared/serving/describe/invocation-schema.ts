import { isFloat, type Port } from '../../sessions/index.ts';
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

/**
 * The JSON body of `POST /endpoints/{name}/invocations`: one of the forms of MLflow's scoring protocol, with the
 * columns or inputs of this model. A null is a missing number where the model takes floats.
 */
export function invocationRequest(described: Described): Schema {
  const params: Schema = { type: 'object', description: 'Taken, and of no effect.' };
  const forms = Object.entries(requestForms(described)).map(([form, schema]) => ({
    ...objectOf({ [form]: schema, params }, [form]),
    additionalProperties: false,
  }));
  return { oneOf: forms };
}

function requestForms(described: Described): Record<string, Schema> {
  const { model, columns } = described;
  const layout = layoutOf(model);
  switch (layout.kind) {
    case 'columns': {
      const element = inputElement(layout.input.type);
      const schemas = layout.features.map((name): [string, Schema] => [
        name,
        isFloat(layout.input.type) ? floatColumn(element, columns.get(name)) : element,
      ]);
      const { dataframe_split, records, lists } = tableForms(described, Object.fromEntries(schemas));
      return { dataframe_split, dataframe_records: records, instances: records, inputs: lists };
    }
    case 'inputs': {
      const schemas = model.inputs.map(({ name, type }): [string, Schema] => [name, missable(type)]);
      const { dataframe_split, records } = tableForms(described, Object.fromEntries(schemas));
      return { dataframe_split, dataframe_records: records, instances: records, inputs: byName(described) };
    }
    case 'tensors': {
      const [input, ...others] = model.inputs;
      if (!input || others.length > 0) return { inputs: byName(described) };
      const lists = tensorLists(described, input);
      return { inputs: anyOf([lists, byName(described)]), instances: lists };
    }
  }
}

/** A table by rows, by records, and by columns. Columns besides are ignored by the server; here they are not offered. */
function tableForms({ endpoint: { limits } }: Described, columns: Record<string, Schema>) {
  const names = Object.keys(columns);
  const width = { minItems: names.length, maxItems: names.length };
  const rows = { maxItems: limits.rowsMax };
  return {
    dataframe_split: objectOf(
      {
        columns: {
          type: 'array',
          description: 'All columns of the model, in any order.',
          items: { enum: names },
          uniqueItems: true,
          ...width,
        },
        index: { type: 'array', description: 'Taken, and of no effect.' },
        data: {
          type: 'array',
          ...rows,
          items: { type: 'array', ...width, items: anyOf(Object.values(columns)) },
        },
      },
      ['columns', 'data'],
    ),
    records: { type: 'array', ...rows, items: objectOf(columns) },
    lists: objectOf(
      Object.fromEntries(
        Object.entries(columns).map(([name, items]) => [name, { type: 'array', ...rows, items }]),
      ),
    ),
  };
}

/** A column of a table of floats, as its author's signature has it. */
function floatColumn(element: Schema, type: string | undefined): Schema {
  switch (type) {
    case 'long':
    case 'integer':
      return { type: ['integer', 'null'], description: `MLflow type ${type}` };
    case 'boolean':
      return { type: ['boolean', 'number', 'null'], description: 'MLflow type boolean' };
    default:
      return nullable(element);
  }
}

function missable(type: Port['type']): Schema {
  return isFloat(type) ? nullable(inputElement(type)) : inputElement(type);
}

function byName(described: Described): Schema {
  return objectOf(
    Object.fromEntries(described.model.inputs.map((input) => [input.name, tensorLists(described, input)])),
  );
}

function tensorLists({ endpoint }: Described, { type, shape }: Port): Schema {
  return nestedLists(missable(type), { shape, rowsMax: endpoint.limits.rowsMax });
}

/** The body of an answer to it. `prediction_ids` is there where the call was logged. */
export function invocationResponse(described: Described): Schema {
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
  const { ready } = described.model;
  const { type, shape } = output;
  const element = valueSchema(described, output);
  const sizes = shape.slice(1);
  const width = sizes.reduce<number>(
    (product, size) => product * (typeof size === 'number' ? size : Number.NaN),
    1,
  );
  const { labels } = ready;
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
        nestedLists(valueSchema(described, output), {
          shape: output.shape,
          rowsMax: Number.MAX_SAFE_INTEGER,
        }),
      ]),
    ),
  );
}

function valueSchema(described: Described, output: Port): Schema {
  return (
    classSchema(described.model, output) ?? outputElement(output.type, described.endpoint.nonFinite ?? 'null')
  );
}
