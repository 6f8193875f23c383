import { equalValues, isObject, type Json, type Value } from './values.ts';

/** A built-in function: how many arguments it takes and what it does. */
export type ScalarFunction = { min: number; max: number; apply: (args: Value[]) => Value };

/**
 * The scalar functions by upper-case name. A wrong type of argument gives undefined, never an error.
 * https://learn.microsoft.com/azure/cosmos-db/nosql/query/system-functions
 */
export const FUNCTIONS: ReadonlyMap<string, ScalarFunction> = new Map([
  ...typeChecks(),
  ...stringFunctions(),
  ...arrayFunctions(),
  ...mathFunctions(),
  ...conversions(),
  ...timeFunctions(),
]);

type Entry = [string, ScalarFunction];

function define(name: string, min: number, max: number, apply: (args: Value[]) => Value): Entry {
  return [name, { min, max, apply }];
}

function typeChecks(): Entry[] {
  const check = (name: string, test: (value: Value) => boolean): Entry =>
    define(name, 1, 1, ([value]) => test(value));
  return [
    check('IS_DEFINED', (value) => value !== undefined),
    check('IS_NULL', (value) => value === null),
    check('IS_BOOL', (value) => typeof value === 'boolean'),
    check('IS_NUMBER', (value) => typeof value === 'number'),
    check('IS_INTEGER', (value) => Number.isInteger(value)),
    check('IS_FINITE_NUMBER', (value) => typeof value === 'number' && Number.isFinite(value)),
    check('IS_STRING', (value) => typeof value === 'string'),
    check('IS_ARRAY', (value) => Array.isArray(value)),
    check('IS_OBJECT', (value) => isObject(value)),
    check('IS_PRIMITIVE', (value) => value === null || (value !== undefined && typeof value !== 'object')),
  ];
}

function stringFunctions(): Entry[] {
  /** Two strings and an optional flag "ignore case". */
  const compare = (name: string, test: (text: string, part: string) => Value): Entry =>
    define(name, 2, 3, ([text, part, ignoreCase = false]) => {
      if (typeof text !== 'string' || typeof part !== 'string' || typeof ignoreCase !== 'boolean')
        return undefined;
      return ignoreCase ? test(text.toLowerCase(), part.toLowerCase()) : test(text, part);
    });
  const map = (name: string, change: (text: string) => Value): Entry =>
    define(name, 1, 1, ([text]) => (typeof text === 'string' ? change(text) : undefined));
  return [
    compare('STARTSWITH', (text, part) => text.startsWith(part)),
    compare('ENDSWITH', (text, part) => text.endsWith(part)),
    compare('CONTAINS', (text, part) => text.includes(part)),
    compare('STRINGEQUALS', (text, part) => text === part),
    map('LENGTH', (text) => text.length),
    map('LOWER', (text) => text.toLowerCase()),
    map('UPPER', (text) => text.toUpperCase()),
    map('REVERSE', (text) => Array.from(text).toReversed().join('')),
    map('LTRIM', (text) => text.trimStart()),
    map('RTRIM', (text) => text.trimEnd()),
    map('TRIM', (text) => text.trim()),
    define('CONCAT', 2, Infinity, (args) => (allStrings(args) ? args.join('') : undefined)),
    define('SUBSTRING', 3, 3, ([text, start, length]) => {
      if (typeof text !== 'string' || !isInteger(start) || !isInteger(length)) return undefined;
      return length <= 0 || start < 0 ? '' : text.slice(start, start + length);
    }),
    define('LEFT', 2, 2, ([text, length]) =>
      typeof text === 'string' && isInteger(length) ? text.slice(0, Math.max(length, 0)) : undefined,
    ),
    define('RIGHT', 2, 2, ([text, length]) =>
      typeof text === 'string' && isInteger(length)
        ? text.slice(Math.max(text.length - Math.max(length, 0), 0))
        : undefined,
    ),
    define('INDEX_OF', 2, 3, ([text, part, start = 0]) =>
      typeof text === 'string' && typeof part === 'string' && isInteger(start)
        ? text.indexOf(part, start)
        : undefined,
    ),
    define('REPLACE', 3, 3, ([text, from, to]) =>
      typeof text === 'string' && typeof from === 'string' && typeof to === 'string'
        ? from === ''
          ? text
          : text.replaceAll(from, () => to)
        : undefined,
    ),
    define('REPLICATE', 2, 2, ([text, times]) =>
      typeof text === 'string' && isInteger(times) && times >= 0 && text.length * times <= 10_000
        ? text.repeat(times)
        : undefined,
    ),
    define('REGEXMATCH', 2, 3, ([text, pattern, flags = '']) => {
      if (typeof text !== 'string' || typeof pattern !== 'string' || typeof flags !== 'string')
        return undefined;
      return regex(pattern, flags)?.test(text);
    }),
    define('STRINGJOIN', 2, 2, ([list, separator]) =>
      Array.isArray(list) && allStrings(list) && typeof separator === 'string'
        ? list.join(separator)
        : undefined,
    ),
    define('STRINGSPLIT', 2, 2, ([text, separator]) =>
      typeof text === 'string' && typeof separator === 'string' && separator !== ''
        ? text.split(separator)
        : undefined,
    ),
  ];
}

function arrayFunctions(): Entry[] {
  const has = (list: Json[], value: Value): boolean =>
    value !== undefined && list.some((element) => equalValues(element, value));
  return [
    define('ARRAY_LENGTH', 1, 1, ([list]) => (Array.isArray(list) ? list.length : undefined)),
    define('ARRAY_CONCAT', 2, Infinity, (args) =>
      args.every((list) => Array.isArray(list)) ? args.flat(1) : undefined,
    ),
    define('ARRAY_SLICE', 2, 3, ([list, start, length]) => {
      if (!Array.isArray(list) || !isInteger(start)) return undefined;
      const first = start < 0 ? Math.max(list.length + start, 0) : start;
      if (length === undefined) return list.slice(first);
      return isInteger(length) ? list.slice(first, first + Math.max(length, 0)) : undefined;
    }),
    define('ARRAY_CONTAINS', 2, 3, ([list, value, partial = false]) => {
      if (!Array.isArray(list) || value === undefined || typeof partial !== 'boolean') return undefined;
      return partial && isObject(value)
        ? list.some((element) => matchesPartly(element, value))
        : has(list, value);
    }),
    define('ARRAY_CONTAINS_ANY', 2, Infinity, ([list, ...rest]) => {
      if (!Array.isArray(list)) return undefined;
      return rest.some((value) => has(list, value));
    }),
    define('ARRAY_CONTAINS_ALL', 2, Infinity, ([list, ...rest]) => {
      if (!Array.isArray(list)) return undefined;
      return rest.every((value) => has(list, value));
    }),
    define('SETINTERSECT', 2, 2, ([left, right]) =>
      Array.isArray(left) && Array.isArray(right)
        ? distinct(left).filter((value) => has(right, value))
        : undefined,
    ),
    define('SETUNION', 2, 2, ([left, right]) =>
      Array.isArray(left) && Array.isArray(right) ? distinct([...left, ...right]) : undefined,
    ),
  ];
}

function mathFunctions(): Entry[] {
  const map = (name: string, change: (x: number) => number): Entry =>
    define(name, 1, 1, ([x]) => (typeof x === 'number' ? finite(change(x)) : undefined));
  return [
    map('ABS', Math.abs),
    map('FLOOR', Math.floor),
    map('CEILING', Math.ceil),
    map('SQRT', Math.sqrt),
    map('SQUARE', (x) => x * x),
    map('EXP', Math.exp),
    map('LOG10', Math.log10),
    map('SIGN', Math.sign),
    map('TRUNC', Math.trunc),
    map('SIN', Math.sin),
    map('COS', Math.cos),
    map('TAN', Math.tan),
    define('LOG', 1, 2, ([x, base]) => {
      if (typeof x !== 'number') return undefined;
      if (base === undefined) return finite(Math.log(x));
      return typeof base === 'number' ? finite(Math.log(x) / Math.log(base)) : undefined;
    }),
    define('POWER', 2, 2, ([x, y]) =>
      typeof x === 'number' && typeof y === 'number' ? finite(x ** y) : undefined,
    ),
    define('ROUND', 1, 2, ([x, digits = 0]) => {
      if (typeof x !== 'number' || !isInteger(digits)) return undefined;
      const scale = 10 ** digits;
      return finite((Math.sign(x) * Math.round(Math.abs(x) * scale)) / scale);
    }),
    define('PI', 0, 0, () => Math.PI),
  ];
}

function conversions(): Entry[] {
  const parse = (name: string, accept: (value: Json) => boolean): Entry =>
    define(name, 1, 1, ([text]) => {
      if (typeof text !== 'string') return undefined;
      const value = parseJson(text);
      return value !== undefined && accept(value) ? value : undefined;
    });
  return [
    define('TOSTRING', 1, 1, ([value]) => {
      if (value === undefined) return undefined;
      return typeof value === 'string' ? value : JSON.stringify(value);
    }),
    parse('STRINGTONUMBER', (value) => typeof value === 'number'),
    parse('STRINGTOBOOLEAN', (value) => typeof value === 'boolean'),
    parse('STRINGTONULL', (value) => value === null),
    parse('STRINGTOARRAY', (value) => Array.isArray(value)),
    parse('STRINGTOOBJECT', (value) => isObject(value)),
    define('OBJECTTOARRAY', 1, 1, ([value]) =>
      isObject(value) ? Object.entries(value).map(([k, v]) => ({ k, v })) : undefined,
    ),
    define('CHOOSE', 2, Infinity, ([index, ...rest]) => (isInteger(index) ? rest[index - 1] : undefined)),
    define('IIF', 3, 3, ([condition, whenTrue, otherwise]) => (condition === true ? whenTrue : otherwise)),
  ];
}

function timeFunctions(): Entry[] {
  return [
    define('GETCURRENTTIMESTAMP', 0, 0, () => Date.now()),
    define('GETCURRENTDATETIME', 0, 0, () => toDateTime(Date.now())),
    define('GETCURRENTTICKS', 0, 0, () => Date.now() * 10_000 + 621_355_968_000_000_000),
    define('DATETIMETOTIMESTAMP', 1, 1, ([text]) => {
      const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
      return finite(time);
    }),
    define('TIMESTAMPTODATETIME', 1, 1, ([ms]) => (typeof ms === 'number' ? toDateTime(ms) : undefined)),
  ];
}

/** Seven fractional digits, as the service writes a date and time. */
function toDateTime(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('Z', '0000Z');
}

/** True where every member that `part` has is in `element` with an equal value. */
function matchesPartly(element: Json, part: Json): boolean {
  if (!isObject(part)) return equalValues(element, part);
  return (
    isObject(element) &&
    Object.entries(part).every(
      ([key, value]) => Object.hasOwn(element, key) && matchesPartly(element[key], value),
    )
  );
}

function distinct(list: Json[]): Json[] {
  return list.filter((value, i) => list.findIndex((other) => equalValues(other, value)) === i);
}

function regex(pattern: string, flags: string): RegExp | undefined {
  if (!/^[imsx]*$/.test(flags)) return undefined;
  try {
    return new RegExp(flags.includes('x') ? pattern.replaceAll(/\s+/g, '') : pattern, flags.replace('x', ''));
  } catch {
    return undefined;
  }
}

function parseJson(text: string): Value {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function finite(x: number): number | undefined {
  return Number.isFinite(x) ? x : undefined;
}

function isInteger(value: Value): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

function allStrings(values: Value[]): values is string[] {
  return values.every((value) => typeof value === 'string');
}
