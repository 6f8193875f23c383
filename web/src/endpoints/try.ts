/** A call that works, as `GET /api/v1/endpoints/{name}/example` gives it. */
export type Example = {
  readonly deployment: string;
  readonly version: number;
  /** Whether its values are of the input example that the model was logged with, or made by type. */
  readonly source: 'logged' | 'made';
  readonly invocations:
    | {
        readonly dataframe_split: {
          readonly columns: readonly string[];
          readonly data: readonly (readonly unknown[])[];
        };
      }
    | { readonly inputs: Readonly<Record<string, unknown>> };
  readonly infer: { readonly inputs: readonly ExampleTensor[] };
};

type ExampleTensor = {
  readonly name: string;
  /** As the Open Inference Protocol spells it. */
  readonly datatype: string;
  readonly shape: readonly number[];
};

/** One input of the form: a column of a row, or a tensor as nested lists. */
export type TryField = {
  readonly name: string;
  readonly datatype: string;
  readonly isTensor: boolean;
  /** What it begins with. */
  readonly text: string;
};

/** What is sent for a text, as JSON that keeps every digit; or why it cannot be. */
type Written = { readonly json: string } | { readonly fault: string };

/** The inputs of a call: a field for each column, or for each tensor where rows are no columns. */
export function fieldsOf({ invocations, infer }: Example): TryField[] {
  const { inputs } = infer;
  if ('inputs' in invocations)
    return inputs.map(({ name, datatype }) => ({
      name,
      datatype,
      isTensor: true,
      text: JSON.stringify(invocations.inputs[name] ?? []),
    }));
  const { columns, data } = invocations.dataframe_split;
  return columns.map((name, at) => ({
    name,
    // The columns of one matrix are of its type; else each column is an input of its own.
    datatype: (inputs.length === 1 ? inputs[0] : inputs.find((each) => each.name === name))?.datatype ?? '',
    isTensor: false,
    text: textOf(data[0]?.[at]),
  }));
}

/** The body of a call with what was typed, or what is wrong with it by field. */
export function callOf(
  fields: readonly TryField[],
  texts: Readonly<Record<string, string>>,
): { readonly body: string } | { readonly faults: Readonly<Record<string, string>> } {
  const written = fields.map((field) => ({ field, ...jsonOf(field, texts[field.name] ?? '') }));
  const faults = written.flatMap((each) => ('fault' in each ? [[each.field.name, each.fault]] : []));
  if (faults.length > 0) return { faults: Object.fromEntries(faults) as Record<string, string> };
  const json = written.map((each) => ('json' in each ? each.json : 'null'));
  if (fields.some(({ isTensor }) => isTensor)) {
    const inputs = fields.map(({ name }, at) => `${JSON.stringify(name)}: ${json[at]}`);
    return { body: `{"inputs": {${inputs.join(', ')}}}` };
  }
  const columns = JSON.stringify(fields.map(({ name }) => name));
  return { body: `{"dataframe_split": {"columns": ${columns}, "data": [[${json.join(', ')}]]}}` };
}

/** What a text means for a field of its type. */
export function jsonOf(
  { datatype, isTensor }: Pick<TryField, 'datatype' | 'isTensor'>,
  text: string,
): Written {
  return isTensor ? tensorJson(datatype, text) : valueJson(datatype, text);
}

/** What is typed into a field, in words. */
export function kindOf({ datatype, isTensor }: Pick<TryField, 'datatype' | 'isTensor'>): string {
  const kind =
    datatype === 'BOOL'
      ? 'true or false'
      : datatype === 'BYTES'
        ? 'text'
        : integerBits(datatype)
          ? 'whole number'
          : 'number';
  return isTensor ? `nested lists of ${datatype}` : `${kind}, ${datatype}`;
}

/** The field that a message of the server is about: one that it names. */
export function fieldIn(message: string, fields: readonly TryField[]): string | undefined {
  const named = fields.filter(
    ({ name }) => message.includes(`'${name}'`) || message.includes(`column ${name} `),
  );
  return named.length === 1 ? named[0]?.name : undefined;
}

function valueJson(datatype: string, text: string): Written {
  const trimmed = text.trim();
  if (datatype === 'BYTES') return { json: JSON.stringify(text) };
  if (datatype === 'BOOL')
    return trimmed === 'true' || trimmed === 'false'
      ? { json: trimmed }
      : { fault: 'This must be true or false.' };
  const bits = integerBits(datatype);
  if (bits) return integerJson(trimmed, bits);
  if (trimmed === '') return { json: 'null' };
  const value = Number(trimmed);
  if (Number.isNaN(value)) return { fault: 'This must be a number; leave it empty where it is missing.' };
  const most = floatMax[datatype] ?? Number.MAX_VALUE;
  if (Math.abs(value) > most) return { fault: `This must be at most ${most.toPrecision(3)} in size.` };
  return { json: String(value) };
}

type Bits = { readonly signed: boolean; readonly bits: number };

function integerJson(text: string, { signed, bits }: Bits): Written {
  if (!/^[+-]?\d+$/.test(text)) return { fault: 'This must be a whole number.' };
  const value = BigInt(text.replace('+', ''));
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const high = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  return value < low || value > high
    ? { fault: `This must be a whole number from ${low} to ${high}.` }
    : { json: String(value) };
}

/** The text stays as it was typed: JSON in the browser would round what is large. */
function tensorJson(datatype: string, text: string): Written {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'This must be nested lists, as JSON writes them: [[1, 2], [3, 4]].' };
  }
  if (!Array.isArray(value)) return { fault: 'This must be a list, also for a single value.' };
  const fault = elementFault(datatype, value);
  return fault === undefined ? { json: text.trim() } : { fault };
}

function elementFault(datatype: string, list: readonly unknown[]): string | undefined {
  const lengths = new Set(list.map((each) => (Array.isArray(each) ? each.length : undefined)));
  if (lengths.size > 1) return 'The lists beside each other must be equally long.';
  for (const each of list) {
    const fault = Array.isArray(each) ? elementFault(datatype, each) : leafFault(datatype, each);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function leafFault(datatype: string, value: unknown): string | undefined {
  const shown = JSON.stringify(value)?.slice(0, 40);
  if (datatype === 'BOOL') return typeof value === 'boolean' ? undefined : `${shown} is not true or false.`;
  if (datatype === 'BYTES') return typeof value === 'string' ? undefined : `${shown} is not text.`;
  if (typeof value !== 'number')
    return value === null && !integerBits(datatype) ? undefined : `${shown} is not a number.`;
  return integerBits(datatype) && !Number.isInteger(value) ? `${shown} is not a whole number.` : undefined;
}

const floatMax: Readonly<Record<string, number>> = { FP16: 65_504, FP32: 3.402_823_466e38 };

function integerBits(datatype: string): Bits | undefined {
  const [, unsigned, bits] = /^(U?)INT(8|16|32|64)$/.exec(datatype) ?? [];
  return bits === undefined ? undefined : { signed: unsigned === '', bits: Number(bits) };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
