/** Data that Bicep can spell: what JSON can, but for fractions. */
export type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data };

/** `data` as a Bicep literal, a property or an item a line, indented as if it began at `depth`. */
export function literal(data: Data, depth = 0): string {
  if (typeof data === 'string') return quoted(data);
  if (data === null || typeof data !== 'object') return String(data);
  const inner = '  '.repeat(depth + 1);
  const lines = Array.isArray(data)
    ? data.map((item: Data) => literal(item, depth + 1))
    : Object.entries(data).map(([key, value]) => `${propertyName(key)}: ${literal(value, depth + 1)}`);
  const [open, close] = Array.isArray(data) ? ['[', ']'] : ['{', '}'];
  if (lines.length === 0) return `${open}${close}`;
  return `${open}\n${lines.map((line) => `${inner}${line}\n`).join('')}${'  '.repeat(depth)}${close}`;
}

/** A string as Bicep quotes it. */
export function quoted(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('${', '\\${')
    .replaceAll('\n', '\\n');
  return `'${escaped}'`;
}

/** `batch-input`, `COSMOS_ENDPOINT` and `AzureWebJobsStorage__clientId` as Bicep names its symbols: in camel case. */
export function symbol(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words
    .map((word) => (word === word.toUpperCase() ? word.toLowerCase() : word))
    .map(
      (word, at) => (at === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1),
    )
    .join('');
}

function propertyName(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? key : quoted(key);
}
