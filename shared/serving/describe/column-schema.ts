import { isFloat, type Port } from '../../sessions/index.ts';
import { type Column, mayLack, type Param, type Signature } from '../signature.ts';
import { anyOf, inputElement, nullable, objectOf, type Schema } from './elements.ts';

/** What a column takes, and whether it may be left out. */
export type ColumnSchema = { readonly schema: Schema; readonly isOptional: boolean };

/** The values of a column whose input is of `type`, as far as MLflow's signature narrows them. */
export function columnSchema(type: Port['type'], column: Column | undefined): ColumnSchema {
  const isMissable = isFloat(type) && mayLack(column);
  const schema = column ? signed(type, column.type) : inputElement(type);
  return {
    schema: isMissable ? nullable(schema) : schema,
    isOptional: isFloat(type) && column?.isRequired === false,
  };
}

function signed(type: Port['type'], column: string): Schema {
  switch (column) {
    case 'boolean':
      return type === 'bool' || isFloat(type)
        ? { type: 'boolean', description: 'MLflow type boolean' }
        : inputElement(type);
    case 'integer':
    case 'long':
      return isFloat(type) ? { type: 'integer', description: `MLflow type ${column}` } : inputElement(type);
    case 'datetime':
      return anyOf([
        { type: 'string', description: 'A date and time in ISO 8601, such as 2024-05-31T08:00:00.' },
        ...(type === 'string' ? [] : [{ type: 'integer', description: 'Nanoseconds since 1970.' }]),
      ]);
    case 'binary':
      return { type: 'string', description: 'Bytes in base64.' };
    default:
      return inputElement(type);
  }
}

/** `params` of a call: those that the signature declares are of its types, all others are ignored. */
export function paramsSchema({ params }: Signature): Schema {
  const declared = Object.fromEntries([...params].map(([name, param]) => [name, paramSchema(param)]));
  return { ...objectOf(declared, []), description: 'Checked, and of no effect: an ONNX model has none.' };
}

function paramSchema({ type, isList }: Param): Schema {
  const schema = paramTypes[type] ?? {};
  return isList ? { type: 'array', items: schema } : schema;
}

const paramTypes: Readonly<Record<string, Schema>> = {
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  long: { type: 'integer' },
  float: { type: 'number' },
  double: { type: 'number' },
  string: { type: 'string' },
  datetime: { type: 'string' },
  binary: { type: 'string' },
};
