import { datatypeOf, type Port } from '../../sessions/index.ts';
import type { Described } from './described.ts';
import {
  anyOf,
  inputElement,
  nestedLists,
  objectOf,
  outputElement,
  type Schema,
  shapeList,
} from './elements.ts';
import { classSchema } from './labels.ts';

const parameters: Schema = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
};

/** The JSON body of `POST /v2/models/{name}/infer`, with the tensors of this model. */
export function inferRequestSchema({ endpoint, model: { inputs }, outputs }: Described): Schema {
  const { rowsMax } = endpoint.limits;
  const tensors = inputs.map((input) =>
    tensorSchema(input, { element: inputElement(input.type), rowsMax, isNested: true }),
  );
  return objectOf(
    {
      id: { type: 'string', description: 'Comes back with the answer.' },
      parameters,
      inputs: listOf(tensors, tensors.length),
      outputs: {
        type: 'array',
        description: 'The outputs to return, in this order; all where none are named.',
        items: objectOf({ name: { enum: outputs.map(({ name }) => name) }, parameters }, ['name']),
      },
    },
    ['inputs'],
  );
}

/** The body of an answer to it. */
export function inferResponseSchema({ endpoint, model, outputs }: Described): Schema {
  const nonFinite = endpoint.nonFinite ?? 'refuse';
  const tensors = outputs.map((output) =>
    tensorSchema(output, {
      element: classSchema(model, output) ?? outputElement(output.type, nonFinite),
      rowsMax: Number.MAX_SAFE_INTEGER,
      isNested: false,
    }),
  );
  return objectOf(
    {
      model_name: { const: endpoint.name },
      model_version: { type: 'string' },
      id: { type: 'string' },
      parameters,
      outputs: listOf(tensors),
    },
    ['model_name', 'outputs'],
  );
}

function tensorSchema(
  { name, type, shape }: Port,
  { element, rowsMax, isNested }: { element: Schema; rowsMax: number; isNested: boolean },
): Schema {
  const flat: Schema = { type: 'array', items: element };
  const isList = shape.length > 1 && isNested;
  return objectOf(
    {
      name: { const: name },
      datatype: { const: datatypeOf(type) },
      shape: shapeList({ shape, rowsMax }),
      parameters,
      data: isList ? anyOf([flat, nestedLists(element, { shape, rowsMax })]) : flat,
    },
    ['name', 'shape', 'datatype', 'data'],
  );
}

/** A list in which each tensor may stand; `size` of them where all must. */
function listOf(tensors: readonly Schema[], size?: number): Schema {
  return {
    type: 'array',
    ...(size === undefined ? { maxItems: tensors.length } : { minItems: size, maxItems: size }),
    ...(tensors.length === 0 ? {} : { items: anyOf(tensors) }),
  };
}
