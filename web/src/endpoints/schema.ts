/** A JSON Schema, as far as an endpoint's own OpenAPI document writes one for what it takes. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
};

/** What is sent for a text, as JSON that keeps every digit; or why it cannot be. */
export type Written = { readonly json: string } | { readonly fault: string };

const floatMax: Readonly<Record<string, number>> = { float: 3.402_823_466e38 };
/** Of integers that name no bounds of their own. */
const longBounds = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/** The JSON types that a value can be of. */
export function typesOf({ type, anyOf = [] }: Schema): ReadonlySet<string> {
  return new Set([...[type ?? []].flat(), ...anyOf.flatMap((each) => [...typesOf(each)])]);
}

export function isList(schema: Schema): boolean {
  return schema.items !== undefined;
}

/** What a text means where a value of this schema is wanted. */
export function jsonOf(schema: Schema, text: string): Written {
  return isList(schema) ? listJson(schema, text) : valueJson(schema, text);
}

/** What is typed, in words. */
export function kindOf(schema: Schema): string {
  const sizes: string[] = [];
  let leaf = schema;
  for (; leaf.items; leaf = leaf.items)
    sizes.push(
      leaf.minItems !== undefined && leaf.minItems === leaf.maxItems ? String(leaf.minItems) : 'any',
    );
  const words = leafWords(leaf);
  if (sizes.length > 0) return `lists of ${sizes.join(' × ')}: ${words}`;
  return typesOf(leaf).has('null') ? `${words}; empty where it is missing` : words;
}

function leafWords(schema: Schema): string {
  const said = (schema.anyOf ?? [schema])
    .map(({ description = '' }) => description)
    .filter((description) => description !== '' && !description.startsWith('MLflow type'))
    .map((description) => description.charAt(0).toLowerCase() + description.slice(1).replace(/\.$/, ''));
  if (said.length > 0) return said.join(', or ');
  const types = typesOf(schema);
  if (types.has('boolean')) return 'true or false';
  if (types.has('string')) return 'text';
  if (!types.has('integer')) return schema.format === 'float' ? 'number, of single precision' : 'number';
  const { minimum, maximum, format } = schema;
  if (minimum !== undefined && maximum !== undefined) return `whole number, ${minimum} to ${maximum}`;
  return format === undefined ? 'whole number' : `whole number, ${format}`;
}

function valueJson(schema: Schema, text: string): Written {
  const types = typesOf(schema);
  const trimmed = text.trim();
  const isWhole = /^[+-]?\d+$/.test(trimmed);
  if (types.has('integer') && isWhole) return integerJson(trimmed, boundsOf(schema));
  if (types.has('string')) return { json: JSON.stringify(text) };
  if (trimmed === '' && types.has('null')) return { json: 'null' };
  if (types.has('boolean'))
    return ['true', 'false'].includes(trimmed) ? { json: trimmed } : { fault: 'This must be true or false.' };
  if (types.has('integer')) return { fault: 'This must be a whole number.' };
  const value = Number(trimmed);
  if (trimmed === '' || Number.isNaN(value))
    return {
      fault: types.has('null')
        ? 'This must be a number; leave it empty where it is missing.'
        : 'This must be a number.',
    };
  const most = floatMax[schema.format ?? ''] ?? Number.MAX_VALUE;
  if (Math.abs(value) > most) return { fault: `This must be at most ${most.toPrecision(3)} in size.` };
  return { json: String(value) };
}

function boundsOf({ format, minimum, maximum }: Schema): readonly [bigint, bigint] {
  if (format === 'uint64') return [0n, 2n ** 64n - 1n];
  return minimum === undefined || maximum === undefined ? longBounds : [BigInt(minimum), BigInt(maximum)];
}

function integerJson(text: string, [low, high]: readonly [bigint, bigint]): Written {
  const value = BigInt(text.replace('+', ''));
  return value < low || value > high
    ? { fault: `This must be a whole number from ${low} to ${high}.` }
    : { json: String(value) };
}

/** The text stays as it was typed: JSON in the browser would round what is large. */
function listJson(schema: Schema, text: string): Written {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'This must be nested lists, as JSON writes them: [[1, 2], [3, 4]].' };
  }
  const fault = faultIn(schema, value);
  return fault === undefined ? { json: text.trim() } : { fault };
}

function faultIn(schema: Schema, value: unknown): string | undefined {
  const { items } = schema;
  if (!items) return leafFault(schema, value);
  const shown = shownOf(value);
  if (!Array.isArray(value)) return `${shown} must be a list: this takes ${kindOf(schema)}.`;
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length < minItems || value.length > maxItems)
    return `${shown} must be a list of ${minItems === maxItems ? minItems : `at most ${maxItems}`}; it has ${value.length}.`;
  const lengths = new Set(value.map((each) => (Array.isArray(each) ? each.length : undefined)));
  if (lengths.size > 1) return 'The lists beside each other must be equally long.';
  for (const each of value) {
    const fault = faultIn(items, each);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function leafFault(schema: Schema, value: unknown): string | undefined {
  const types = typesOf(schema);
  const isOf =
    types.size === 0 ||
    (value === null && types.has('null')) ||
    types.has(typeof value) ||
    (types.has('integer') && Number.isInteger(value));
  return isOf ? undefined : `${shownOf(value)} must be ${leafWords(schema)}.`;
}

function shownOf(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
