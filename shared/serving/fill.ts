import { CairnError } from '../http/index.ts';
import type { ServedModel } from './models.ts';
import { standardJson } from './python-json.ts';
import {
  allocate,
  describe,
  dimensionMax,
  elementOf,
  elementsOf,
  isFloat,
  isWide,
  type Port,
  type Tensor,
} from '../sessions/index.ts';
import { excerpt } from '../redaction/index.ts';

/** What is known of a body before it is known which of the models that may answer will. */
export type Reading = {
  /** Whether an input of theirs outgrows what JSON.parse keeps exact. */
  readonly isWide: boolean;
  readonly quote: Quote;
  /** A table of more is not looked at. */
  readonly rowsMax: number;
};

/** How a body is read that any of these models may get. */
export function readingOf(
  models: readonly Pick<ServedModel, 'inputs' | 'rules'>[],
  rowsMax = Number.POSITIVE_INFINITY,
): Reading {
  return {
    rowsMax,
    isWide: models.some(({ inputs }) => inputs.some(({ type }) => isWide(type))),
    quote: models.every((model) => quoteOf(model) === shown) ? shown : hidden,
  };
}

/** A body as JSON. */
export type Body = {
  readonly value: unknown;
  /** Whether it says NaN, as Python does, which is null in the value. */
  readonly hasNaN: boolean;
};

/**
 * JSON of a request body: integers that a double cannot hold come out as bigint where an input may need them.
 * Throws a plain error for malformed text and for nesting beyond the stack.
 */
export function parseBody(text: string, reading: Pick<Reading, 'isWide'>): Body {
  try {
    return { value: parseJson(text, reading), hasNaN: false };
  } catch (error) {
    const standard = standardJson(text);
    if (standard.text === text) throw error;
    try {
      return { value: parseJson(standard.text, reading), hasNaN: standard.hasNaN };
    } catch {
      throw error;
    }
  }
}

function parseJson(text: string, { isWide: mayBeWide }: Pick<Reading, 'isWide'>): unknown {
  // A reviver takes many times as long, and no number of fewer digits needs it.
  const isExact = mayBeWide && /\d{16}/.test(text);
  return (isExact ? JSON.parse(text, keepWide) : JSON.parse(text)) as unknown;
}

function keepWide(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

/** Whether `dims` are sizes of a tensor that the port takes. */
export function fitsPort({ shape }: Port, dims: readonly number[]): boolean {
  return (
    dims.length === shape.length &&
    dims.every((size, i) => {
      const wanted = shape[i];
      return (
        Number.isInteger(size) &&
        size >= 0 &&
        size <= dimensionMax &&
        (typeof wanted !== 'number' || wanted === size)
      );
    })
  );
}

/** The port's shape as protocols write it: -1 for a free size. */
export function shapeOf({ shape }: Port): number[] {
  return shape.map((size) => (typeof size === 'number' ? size : -1));
}

/**
 * Checks that free sizes of the same name agree over all inputs. Throws `invalid`.
 */
export function checkSharedSizes(inputs: readonly Port[], feeds: Readonly<Record<string, Tensor>>): void {
  const sizes = new Map<string, { size: number; input: string }>();
  for (const { name, shape } of inputs)
    shape.forEach((wanted, i) => {
      const size = feeds[name]?.dims[i];
      if (typeof wanted !== 'string' || wanted === '' || size === undefined) return;
      const known = sizes.get(wanted);
      if (known && known.size !== size)
        throw new CairnError(
          'invalid',
          `Inputs '${known.input}' and '${name}' differ in size '${wanted}': ${known.size} and ${size}.`,
          { field: name },
        );
      sizes.set(wanted, { size, input: name });
    });
}

/** What becomes of a null, and how errors show values. */
export type Filling = { readonly missing?: 'refused' | 'nan'; readonly quote?: Quote };

/**
 * The tensor that flat or nested JSON `data` makes in sizes that {@link fitsPort} accepted. Nothing is
 * allocated before the elements have been counted. With `missing: 'nan'` a null in a float tensor is NaN.
 * Throws `invalid` naming the input and the element.
 */
export function tensorOf(
  { name, type }: Port,
  dims: readonly number[],
  data: readonly unknown[],
  { missing = 'refused', quote = shown }: Filling = {},
): Tensor {
  const values = dims.length > 1 && Array.isArray(data[0]) ? flatten(name, dims, data, quote) : data;
  const elements = elementsOf(dims);
  if (values.length !== elements)
    throw new CairnError(
      'invalid',
      `Input '${name}' has ${values.length} elements, but its shape [${dims.join(', ')}] needs ${elements}.`,
      { field: name },
    );
  const tensor = allocate(type, elements);
  const nullValue = missing === 'nan' && isFloat(type) ? Number.NaN : undefined;
  for (let i = 0; i < elements; i++) {
    const value = values[i];
    const element = value === null ? nullValue : elementOf(type, value);
    if (element === undefined)
      throw new CairnError(
        'invalid',
        `Element ${i} of input '${name}' is ${quote(value)}, but must be ${describe(type)}.`,
        { field: name },
      );
    tensor[i] = element as never;
  }
  return { type, dims, data: tensor };
}

/** How an error shows a value that it is about. */
export type Quote = (value: unknown) => string;

/** How errors of a model show values: as they are, but where some of its columns are personal data. */
export function quoteOf({ rules }: Pick<ServedModel, 'rules'>): Quote {
  return rules && rules.columns.size > 0 ? hidden : shown;
}

function hidden(): string {
  return 'a value that is not shown here';
}

/** A value as an error shows it. */
export function shown(value: unknown): string {
  // JSON has no word for the infinities.
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return excerpt(text, 60);
}

function flatten(name: string, dims: readonly number[], data: readonly unknown[], quote: Quote): unknown[] {
  const values: unknown[] = [];
  const descend = (list: unknown, level: number): void => {
    const size = dims[level];
    if (!Array.isArray(list) || list.length !== size)
      throw new CairnError(
        'invalid',
        `The nested lists of input '${name}' do not have its shape [${dims.join(', ')}]: found ${
          Array.isArray(list) ? `a list of ${list.length}` : quote(list)
        } where a list of ${String(size)} belongs.`,
        { field: name },
      );
    for (const item of list as unknown[])
      if (level === dims.length - 1) values.push(item);
      else descend(item, level + 1);
  };
  descend(data, 0);
  return values;
}
