import type { NonFinite } from '../../endpoints/index.ts';
import { integerBounds, isFloat, isWide, type Port } from '../../sessions/index.ts';

/** A JSON Schema of draft 2020-12, which is what OpenAPI 3.1 holds. */
export type Schema = Readonly<Record<string, unknown>>;

/** One element of an input. What is wider than a double is a whole number of its own `format`. */
export function inputElement(type: Port['type']): Schema {
  if (type === 'string') return { type: 'string', pattern: '^[^\\u0000]*$' };
  if (type === 'bool') return { type: 'boolean' };
  if (isFloat(type)) return { type: 'number', format: type === 'float32' ? 'float' : 'double' };
  if (isWide(type)) return { type: 'integer', format: type, ...(type === 'uint64' ? { minimum: 0 } : {}) };
  const [minimum, maximum] = integerBounds[type] ?? [];
  return { type: 'integer', minimum, maximum };
}

/** The same where a null stands for what is missing. */
export function nullable(element: Schema): Schema {
  return typeof element['type'] === 'string' ? { ...element, type: [element['type'], 'null'] } : element;
}

/** One element of an output, of which a float may be NaN or infinite. */
export function outputElement(type: Port['type'], nonFinite: NonFinite): Schema {
  const element = inputElement(type);
  if (!isFloat(type)) return type === 'string' ? { type: 'string' } : element;
  switch (nonFinite) {
    case 'refuse':
      return element;
    case 'null':
      return nullable(element);
    case 'text':
      return { anyOf: [element, { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }] };
  }
}

/** Sizes as the protocols write them, -1 for a free one, of which the first is `rowsMax` at most. */
export type Sizes = { readonly shape: readonly (number | string)[]; readonly rowsMax: number };

/** Nested lists of these sizes; a tensor without sizes is its element. */
export function nestedLists(element: Schema, { shape, rowsMax }: Sizes): Schema {
  return shape.reduceRight<Schema>(
    (items, size, level) => ({ type: 'array', ...bounds(size, level, rowsMax), items }),
    element,
  );
}

function bounds(size: number | string, level: number, rowsMax: number): Schema {
  if (typeof size === 'number') return { minItems: size, maxItems: size };
  return level === 0 ? { maxItems: rowsMax } : {};
}

/** The list of the sizes themselves. */
export function shapeList({ shape, rowsMax }: Sizes): Schema {
  return {
    type: 'array',
    description: `[${shape.map((size) => (typeof size === 'number' ? size : -1)).join(', ')}], where -1 is any size`,
    minItems: shape.length,
    maxItems: shape.length,
    ...(shape.length === 0
      ? {}
      : { prefixItems: shape.map((size, level) => sizeSchema(size, level, rowsMax)) }),
  };
}

function sizeSchema(size: number | string, level: number, rowsMax: number): Schema {
  if (typeof size === 'number') return { const: size };
  return { type: 'integer', minimum: 0, ...(level === 0 ? { maximum: rowsMax } : {}) };
}

/** An object with these members, all of them required unless said otherwise. */
export function objectOf(properties: Schema, required: readonly string[] = Object.keys(properties)): Schema {
  return { type: 'object', properties, required };
}

/** One of several schemas, each of which is named once. */
export function anyOf(schemas: readonly Schema[]): Schema {
  const distinct = new Map(schemas.map((schema) => [JSON.stringify(schema), schema]));
  const [only, ...others] = distinct.values();
  return only && others.length === 0 ? only : { anyOf: [...distinct.values()] };
}
