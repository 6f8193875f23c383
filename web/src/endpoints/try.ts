import { jsonOf, kindOf, type Schema } from './schema.ts';

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
};

/** One thing to fill in: a column of a row, an input, or a parameter of the call. */
export type TryField = {
  /** Tells a parameter from a column of the same name. */
  readonly id: string;
  readonly name: string;
  readonly part: 'column' | 'input' | 'param';
  readonly schema: Schema;
  /** Left out where nothing is typed. */
  readonly isOptional: boolean;
  /** What it begins with. */
  readonly text: string;
};

/** The fields of a call: a column or an input each, by the schema of what the endpoint takes, and the parameters. */
export function fieldsOf({ invocations }: Example, request: Schema): TryField[] {
  const forms = request.oneOf ?? [request];
  const params = Object.entries(forms[0]?.properties?.['params']?.properties ?? {});
  return [
    ...('inputs' in invocations
      ? inputsOf(invocations.inputs, forms)
      : columnsOf(invocations.dataframe_split, forms)),
    ...params.map(([name, schema]) => field('param', name, schema, true, '')),
  ];
}

function inputsOf(inputs: Readonly<Record<string, unknown>>, forms: readonly Schema[]): TryField[] {
  const named = formOf(forms, 'inputs');
  const schemas = (named?.anyOf ?? [named]).find((each) => each?.properties)?.properties ?? {};
  return Object.entries(inputs).map(([name, value]) =>
    field('input', name, schemas[name] ?? {}, false, textOf(value)),
  );
}

type Frame = { readonly columns: readonly string[]; readonly data: readonly (readonly unknown[])[] };

function columnsOf({ columns, data }: Frame, forms: readonly Schema[]): TryField[] {
  const row = formOf(forms, 'dataframe_records')?.items ?? {};
  return columns.map((name, at) =>
    field(
      'column',
      name,
      row.properties?.[name] ?? {},
      row.required?.includes(name) === false,
      textOf(data[0]?.[at]),
    ),
  );
}

function formOf(forms: readonly Schema[], name: string): Schema | undefined {
  return forms.find(({ properties }) => properties?.[name])?.properties?.[name];
}

function field(
  part: TryField['part'],
  name: string,
  schema: Schema,
  isOptional: boolean,
  text: string,
): TryField {
  return { id: `${part} ${name}`, part, name, schema, isOptional, text };
}

/** The body of a call with what was typed, by id; or what is wrong with it by id. */
export function callOf(
  fields: readonly TryField[],
  texts: Readonly<Record<string, string>>,
): { readonly body: string } | { readonly faults: Readonly<Record<string, string>> } {
  const written = fields
    .map((each) => ({ ...each, typed: texts[each.id] ?? '' }))
    .filter(({ isOptional, typed }) => !isOptional || typed.trim() !== '')
    .map(({ id, part, name, schema, typed }) => ({ id, part, name, ...jsonOf(schema, typed) }));
  const faults = written.flatMap((each) => ('fault' in each ? [[each.id, each.fault]] : []));
  if (faults.length > 0) return { faults: Object.fromEntries(faults) as Record<string, string> };
  const of = (wanted: TryField['part']) =>
    written.flatMap((each) =>
      each.part === wanted && 'json' in each ? [{ name: JSON.stringify(each.name), json: each.json }] : [],
    );
  const object = (members: ReturnType<typeof of>) =>
    `{${members.map(({ name, json }) => `${name}: ${json}`).join(', ')}}`;
  const columns = of('column');
  const asked = fields.some(({ part }) => part === 'input')
    ? `"inputs": ${object(of('input'))}`
    : `"dataframe_split": {"columns": [${columns.map(({ name }) => name).join(', ')}], "data": [[${columns
        .map(({ json }) => json)
        .join(', ')}]]}`;
  const params = of('param');
  return { body: `{${asked}${params.length > 0 ? `, "params": ${object(params)}` : ''}}` };
}

/** What is typed into a field, in words. */
export function hintOf({ schema, isOptional }: TryField): string {
  const kind = kindOf(schema);
  return isOptional && !kind.includes('empty') ? `${kind}; empty: not sent` : kind;
}

/** The field that a message of the server is about: one that it names. */
export function fieldIn(message: string, fields: readonly TryField[]): string | undefined {
  const named = fields.filter(({ name, part }) =>
    part === 'param'
      ? message.includes(`'${name} must be`)
      : message.includes(`'${name}'`) || message.includes(`column ${name} `),
  );
  return named.length === 1 ? named[0]?.id : undefined;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
