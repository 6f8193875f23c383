import type { ColumnSource } from 'hyparquet-writer';
import { columnHasher, type ColumnRules, noRules, ruleOf } from '../privacy/index.ts';
import { type ElementType, isFloat, type Tensor, type Tensors } from '../sessions/index.ts';

/** How a column was logged that holds personal data; `type` is that of the values it stands for. */
export type HiddenColumn =
  | { readonly rule: 'mask'; readonly type: ElementType }
  | { readonly rule: 'hash'; readonly type: ElementType; readonly key: string };

/** Wider tensors (images, embeddings) are not logged. */
export const tensorColumnsMax = 1024;

/** One column as it is written. */
export type WrittenColumn = { readonly source: ColumnSource; readonly hidden?: HiddenColumn };

/** The tensors of one request on one side of the model. */
type Side = { readonly rows: number; readonly tensors: Tensors };

/**
 * The columns of all tensors of one side that every request has in the same width, as `rules` let them be logged.
 * `names` are those of the columns of a single [rows, columns] tensor.
 */
export function tensorColumns(
  prefix: 'in' | 'out',
  requests: readonly Side[],
  names: readonly string[] | null,
  rules: ColumnRules = noRules,
): WrittenColumn[] {
  const rows = requests.reduce((sum, request) => sum + request.rows, 0);
  const first = requests[0]?.tensors ?? {};
  const isSingle = Object.keys(first).length === 1;
  return Object.entries(first).flatMap(([name, { type, dims }]) => {
    const parts = requests.map(({ tensors }) => tensors[name]);
    const width = widthOf(parts[0], requests[0]?.rows);
    if (width > tensorColumnsMax || parts.some((part, i) => widthOf(part, requests[i]?.rows) !== width))
      return [];
    return Array.from({ length: width }, (_, index): WrittenColumn => {
      const named = dims.length === 2 && names?.length === width ? names[index] : undefined;
      const columnName = nameOfColumn(prefix, name, index, { width, named, type, isSingle });
      const about = { side: prefix, tensor: name, name: columnName.slice(prefix.length + 1) };
      const typed = { name: columnName, type: parquetTypes[type], nullable: false };
      switch (ruleOf(rules, about)) {
        case 'mask':
          return {
            source: { ...typed, nullable: true, data: new Array<null>(rows).fill(null) },
            hidden: { rule: 'mask', type },
          };
        case 'hash':
          return hashedColumn(columnName, type, gather(parts, type, width, index, rows), rules);
        case undefined:
          return {
            source: {
              ...typed,
              // Measured values rarely repeat and hardly compress; trying both doubles the time to write.
              ...(isFloat(type) ? { encoding: 'PLAIN' as const, codec: 'UNCOMPRESSED' as const } : {}),
              data: gather(parts, type, width, index, rows),
            },
          };
      }
    });
  });
}

/** The values of some columns of one name and type, one behind the other. */
export function joinColumns(some: readonly WrittenColumn[]): WrittenColumn {
  const [first] = some;
  if (!first) throw new Error('There is no column to join.');
  const parts = some.map(({ source }) => source.data);
  const rows = parts.reduce((sum, { length }) => sum + length, 0);
  const isNumber = parts.every((part) => part instanceof Float64Array);
  const data = isNumber ? new Float64Array(rows) : new Array<unknown>(rows);
  let row = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) data[row++] = part[i] as never;
  return { ...first, source: { ...first.source, data: data as ColumnSource['data'] } };
}

function hashedColumn(
  name: string,
  type: ElementType,
  values: ArrayLike<unknown>,
  { key }: ColumnRules,
): WrittenColumn {
  if (!key) throw new Error(`There is no key to hash '${name}' by.`);
  return {
    source: {
      name,
      type: 'STRING',
      nullable: true,
      data: Array.from(values, columnHasher(key, hashedName(name))),
    },
    hidden: { rule: 'hash', type, key: key.id },
  };
}

/** What a column of the log is called inside its hashes: an input by its bare name. */
function hashedName(name: string): string {
  return name.startsWith('in.') ? name.slice('in.'.length) : name;
}

function nameOfColumn(
  prefix: 'in' | 'out',
  tensor: string,
  index: number,
  about: { width: number; named: string | undefined; type: ElementType; isSingle: boolean },
): string {
  if (prefix === 'in' && about.named !== undefined && about.isSingle) return `in.${about.named}`;
  if (prefix === 'out' && about.named !== undefined && about.width > 1 && isFloat(about.type))
    return `out.${tensor}.${about.named}`;
  return about.width === 1 ? `${prefix}.${tensor}` : `${prefix}.${tensor}.${index}`;
}

/** Elements a row; -1 for a tensor that has no rows. */
function widthOf(tensor: Tensor | undefined, rows: number | undefined): number {
  if (!tensor || !rows || tensor.dims[0] !== rows) return -1;
  return tensor.data.length / rows;
}

function gather(tensors: readonly Tensor[], type: ElementType, width: number, index: number, rows: number) {
  const isNumber = type === 'float32' || type === 'float64';
  const values = isNumber ? new Float64Array(rows) : new Array<unknown>(rows);
  let row = 0;
  for (const { data } of tensors)
    for (let at = index; at < data.length; at += width, row++)
      values[row] = isNumber ? data[at] : stored(type, data[at]);
  return values;
}

const parquetTypes = {
  bool: 'BOOLEAN',
  uint8: 'INT32',
  uint16: 'INT32',
  uint32: 'INT64',
  uint64: 'STRING',
  int8: 'INT32',
  int16: 'INT32',
  int32: 'INT32',
  int64: 'INT64',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  string: 'STRING',
} as const satisfies Record<ElementType, ColumnSource['type']>;

function stored(type: ElementType, value: unknown): never {
  switch (type) {
    case 'bool':
      return (value === 1) as never;
    case 'uint32':
      return BigInt(value as number) as never;
    case 'uint64':
      return String(value) as never;
    default:
      return value as never;
  }
}
