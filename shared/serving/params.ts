import { CairnError } from '../http/index.ts';
import { pythonList } from './scoring-payload.ts';
import type { Param } from './signature.ts';

/**
 * Checks the parameters of a call against those that the model declares: unknown ones are ignored, as all are for a
 * model that declares none. An ONNX model computes without them. Throws `invalid` for a value of another type.
 */
export function checkParams(
  given: Readonly<Record<string, unknown>>,
  declared: ReadonlyMap<string, Param>,
): void {
  const wrong = [...declared].flatMap(([name, param]) =>
    !Object.hasOwn(given, name) || isOf(param, given[name])
      ? []
      : [`${name} must be ${param.isList ? 'a list of ' : ''}${param.type}`],
  );
  if (wrong.length > 0)
    throw new CairnError('invalid', `Invalid parameters found: ${pythonList(wrong)}.`, { field: 'params' });
}

function isOf({ type, isList }: Param, value: unknown): boolean {
  if (isList) return Array.isArray(value) && value.every((each) => isOf({ type, isList: false }, each));
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
    case 'long':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'float':
    case 'double':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'string':
    case 'datetime':
    case 'binary':
      return typeof value === 'string';
    default:
      return true;
  }
}
