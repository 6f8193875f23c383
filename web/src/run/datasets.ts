export type SchemaColumn = { readonly at: number; readonly name: string; readonly type: string };

/**
 * The columns of a dataset's or a model's schema, which is JSON: `mlflow_colspec` lists them, the tensors of
 * `mlflow_tensorspec` stand for one each, and a model's signature is such a list itself. None where the text
 * says nothing of the kind.
 */
export function columnsOfSchema(schema: string | undefined): SchemaColumn[] {
  return columnsOf(parsedJson(schema));
}

/** The same of a schema that is no text any more. */
export function columnsOf(parsed: unknown): SchemaColumn[] {
  const listed = isRecord(parsed) ? (parsed['mlflow_colspec'] ?? parsed['mlflow_tensorspec']) : parsed;
  const specs = Array.isArray(listed) ? listed : isRecord(listed) ? Object.entries(listed) : [];
  return specs.flatMap((spec, at) => {
    // Tensors of a dataset come by the part they are: `features` and `targets`.
    const [part, each] = Array.isArray(spec) ? [String(spec[0]), spec[1]] : ['', spec];
    if (Array.isArray(each))
      return columnsOf(each).map((column) => ({
        ...column,
        at: at * 1000 + column.at,
        name: column.name || part,
      }));
    return isRecord(each) ? [{ at, name: nameOf(each['name']) || part, type: typeOf(each) }] : [];
  });
}

/** The few figures of a dataset's profile, such as its number of rows. */
export function factsOfProfile(profile: string | undefined): (readonly [name: string, value: string])[] {
  const parsed = parsedJson(profile);
  if (!isRecord(parsed)) return [];
  return Object.entries(parsed)
    .filter(([, value]) => typeof value === 'number' || typeof value === 'string')
    .slice(0, factsMax)
    .map(([name, value]) => [name, typeof value === 'number' ? grouped.format(value) : String(value)]);
}

/** Where a dataset came from: its URI where the source, which is JSON, has one, else the source as it is. */
export function sourceText(source: string | undefined): string | undefined {
  if (source === undefined || source === '') return undefined;
  const parsed = parsedJson(source);
  if (!isRecord(parsed)) return source;
  const found = ['uri', 'url', 'path', 'table_name', 'delta_table_name'].map((key) => parsed[key]);
  return found.find((value) => typeof value === 'string' && value !== '') as string | undefined;
}

const factsMax = 4;
const grouped = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 4 });

function typeOf(spec: Readonly<Record<string, unknown>>): string {
  const tensor = spec['tensor-spec'];
  if (isRecord(tensor)) return `${String(tensor['dtype'])}${JSON.stringify(tensor['shape'] ?? [])}`;
  const optional = spec['required'] === false ? ' (optional)' : '';
  const shape = spec['shape'] ? JSON.stringify(spec['shape']) : '';
  return `${typeof spec['type'] === 'string' ? spec['type'] : JSON.stringify(spec['type'])}${shape}${optional}`;
}

/** Columns of several levels have a list for a name. */
function nameOf(name: unknown): string {
  return Array.isArray(name) ? name.join(' / ') : typeof name === 'string' ? name : '';
}

function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
