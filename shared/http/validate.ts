import * as z from 'zod';
import { CairnError } from './errors.ts';
import { excerpt } from '../redaction/index.ts';

const shownLevels = 4;
const shownItems = 50;
const pathCharsMax = 200;

/**
 * Parses `value` by `schema`. The first problem becomes an `invalid` error in the words MLflow's
 * clients know: which parameter, what was wrong, and the value that was given.
 */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value, { error: what });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new CairnError('invalid', 'The input is not valid.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = pathText([...issue.path, issue.keys[0] ?? '']);
    throw new CairnError('invalid', `Unknown field '${unknown}'.`, { field: unknown });
  }
  const field = pathText(issue.path);
  const given = at(value, issue.path);
  const isMissing = given === undefined || given === null;
  if (isMissing && issue.code === 'custom')
    throw new CairnError('invalid', `Missing value for required parameter '${field}': ${issue.message}`, {
      field,
    });
  if (isMissing || (given === '' && issue.code === 'too_small'))
    throw new CairnError(
      'invalid',
      `Missing value for required parameter '${field}'. See the API docs for more information about request parameters.`,
      { field },
    );
  throw new CairnError(
    'invalid',
    `Invalid value ${shown(given)} for parameter '${field}' supplied: ${issue.message}`,
    { field },
  );
}

const int64 = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^-?\d+$/, 'must be a whole number')
        .transform(Number),
    ],
    { error: 'must be a whole number' },
  )
  .refine((n) => Number.isSafeInteger(n), 'must be a whole number of at most 2^53 - 1');

/** Fields that several protocols share. */
export const fields = {
  /** An int64 as JSON number or as text (query strings); exact only to 2^53 − 1, and refused beyond. */
  int64,
  /** How many items of a list to give at most: 1 to `max`. */
  limit: (max: number, otherwise: number) =>
    int64.refine((n) => n >= 1 && n <= max, `must be between 1 and ${max}`).default(otherwise),
  text: z.string({ error: 'must be text' }),
  requiredText: z.string({ error: 'must be text' }).min(1, 'must not be empty'),
};

/** What a value must be, where its schema does not say it in words of its own. */
function what(issue: Parameters<z.core.$ZodErrorMap>[0]): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${types[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return 'is of no type that this field takes';
    default:
      return undefined;
  }
}

const types: Partial<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'text',
};

function pathText(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (before, part) =>
      typeof part === 'number' ? `${before}[${part}]` : before ? `${before}.${String(part)}` : String(part),
    '',
  );
  // Names of members are the caller's as much as values are.
  return excerpt(text, pathCharsMax);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (v, part) => (typeof v === 'object' && v !== null ? Reflect.get(v, part) : undefined),
    value,
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(outline(value, shownLevels)) ?? String(value);
  return excerpt(text, 100);
}

/** As much of a value as an error shows: some levels of it, since it may nest deeper than the stack. */
function outline(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return '…';
  if (Array.isArray(value)) return value.slice(0, shownItems).map((item) => outline(item, levels - 1));
  const members = Object.entries(value).slice(0, shownItems);
  return Object.fromEntries(members.map(([name, item]) => [name, outline(item, levels - 1)]));
}
