import { parquetMetadata, parquetRead } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { ColumnRules } from '../privacy/index.ts';
import { type Hour, predictionIds } from './prediction-id.ts';
import { type Rows, rowsOf, type Scored } from './rows.ts';
import type { HiddenColumn } from './tensor-columns.ts';

/** What the rows of one part have in common. */
export type PartHead = {
  readonly workspace: string;
  readonly endpoint: string;
  readonly deployment: string;
  /** `mirror`: copies of calls, whose answers nobody saw. */
  readonly source: 'realtime' | 'mirror' | 'batch';
  readonly modelId: string;
  readonly version: number;
  readonly digest: string;
  readonly hour: Hour;
  /** 16 hex digits, the name of the part. */
  readonly buffer: string;
  /** Names of the columns of a single [rows, columns] input, where the model declares them. */
  readonly features: readonly string[] | null;
  /** Names of the columns of a float [rows, classes] output, where the model declares them. */
  readonly labels: readonly string[] | null;
  /** Which columns are personal data, as it was when the rows were logged. */
  readonly rules?: ColumnRules;
};

/** Columns of equal length, read by name. */
export type PartTable = {
  readonly columns: readonly string[];
  readonly rows: number;
  /** Numbers, texts and nulls; times are milliseconds since 1970, booleans 0 and 1. */
  column(name: string): readonly (string | number | null)[];
  /** The Parquet type of a column, which tells numbers of one kind from those of another. */
  readonly types: ReadonlyMap<string, string>;
  /** Columns whose values were masked or hashed before they were logged, by name. */
  readonly hidden: ReadonlyMap<string, HiddenColumn>;
  /** Rows of this endpoint that the writer lost before this part. */
  readonly lostRows: number;
  /** Whether its rows came out of a queue: each may be in another part of the hour as well. */
  readonly isQueued: boolean;
};

const partVersion = '1';
const versionKey = 'cairn.part';
const lostKey = 'cairn.lost';
const hiddenKey = 'cairn.hidden';
const queuedKey = 'cairn.queued';

/**
 * A Parquet file of predictions, format 1 (`cairn.part` in its metadata). Columns: predictionId, ts,
 * endpoint, deployment, modelId, version, digest; `in.<feature>`, or `in.<input>[.<index>]` where the
 * model declares no features; `out.<output>[.<label or index>]`; score, class, latencyMicros, status,
 * source. A missing float is NaN; score and class are null where the model gives none. `cairn.lost`
 * counts rows of the endpoint that could not be written before this part; `cairn.queued` says that a row may be in
 * another part of the hour as well, under the same id.
 *
 * Of a column with personal data no value is written: a masked one has its own type and is null in every row,
 * a hashed one is text whatever its type was, and null where the value is missing. `cairn.hidden` says which,
 * and of what type they were. Where an output is hidden, so are score and class, which are made from it.
 */
export function writePart(head: PartHead, requests: readonly Scored[], lostRows = 0): Uint8Array {
  const rows = rowsOf(head, requests);
  const owner = `${head.workspace}/${head.endpoint}`;
  return encodePart(head, rows, predictionIds(owner, head.hour, head.buffer, 0, rows.rows), { lostRows });
}

/** The same of rows that have their ids already: those of a queue keep the ids that they were answered with. */
export function encodePart(
  head: PartHead,
  { rows, at, tensors, scores, classes, latencyMicros, status }: Rows,
  ids: readonly string[],
  { lostRows = 0, isQueued = false }: { readonly lostRows?: number; readonly isQueued?: boolean } = {},
): Uint8Array {
  const same = (name: string, value: string) => text(name, new Array<string>(rows).fill(value));
  const hidden = tensors.flatMap(({ source, hidden: how }) => (how ? [[source.name, how] as const] : []));
  const columnData: ColumnSource[] = [
    { ...text('predictionId', [...ids]), encoding: 'PLAIN' },
    { ...column('ts', 'TIMESTAMP'), data: at.map((time) => new Date(time)) },
    same('endpoint', head.endpoint),
    same('deployment', head.deployment),
    same('modelId', head.modelId),
    { ...column('version', 'INT32'), data: new Int32Array(rows).fill(head.version) },
    same('digest', head.digest),
    ...tensors.map(({ source }) => source),
    { name: 'score', type: 'DOUBLE', nullable: true, data: [...scores] },
    { name: 'class', type: 'STRING', nullable: true, data: [...classes] },
    { ...column('latencyMicros', 'INT32'), data: [...latencyMicros] },
    { ...column('status', 'INT32'), data: [...status] },
    same('source', head.source),
  ];
  const kvMetadata = [
    { key: versionKey, value: partVersion },
    ...(lostRows === 0 ? [] : [{ key: lostKey, value: String(lostRows) }]),
    ...(hidden.length === 0 ? [] : [{ key: hiddenKey, value: JSON.stringify(Object.fromEntries(hidden)) }]),
    ...(isQueued ? [{ key: queuedKey, value: '1' }] : []),
  ];
  return new Uint8Array(
    parquetWriteBuffer({
      columnData,
      createdBy: 'cairn',
      rowGroupSize: Math.max(rows, 1),
      // One page a column: readers take whole columns, and to cut them the size of each value would be looked at.
      pageSize: 0,
      statistics: false,
      kvMetadata,
    }),
  );
}

/** Reads a part, or only the columns named (those it does not have are left out). Throws on an unknown format. */
export async function readPart(bytes: Uint8Array, only?: readonly string[]): Promise<PartTable> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(file);
  const entry = (key: string) => metadata.key_value_metadata?.find((each) => each.key === key)?.value;
  if (entry(versionKey) !== partVersion)
    throw new Error(
      `A prediction part is of format '${String(entry(versionKey))}', which this release does not read.`,
    );
  const all = metadata.schema.slice(1).map(({ name }) => name);
  const columns = only ? all.filter((name) => only.includes(name)) : all;
  const read = new Map<string, (string | number | null)[]>();
  if (columns.length > 0)
    await parquetRead({
      file,
      metadata,
      columns,
      onChunk({ columnName, columnData }) {
        const known = read.get(columnName) ?? [];
        for (const value of columnData as Iterable<unknown>) known.push(plain(value));
        read.set(columnName, known);
      },
    });
  return {
    columns,
    rows: Number(metadata.num_rows),
    column: (name) => read.get(name) ?? [],
    types: new Map(metadata.schema.slice(1).map(({ name, type }) => [name, type ?? ''])),
    hidden: new Map(Object.entries(JSON.parse(entry(hiddenKey) ?? '{}') as Record<string, HiddenColumn>)),
    lostRows: Number(entry(lostKey) ?? 0),
    isQueued: entry(queuedKey) !== undefined,
  };
}

/** A value as readers get it. */
export function plain(value: unknown): string | number | null {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'bigint') return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function column(name: string, type: NonNullable<ColumnSource['type']>) {
  return { name, type, nullable: false };
}

function text(name: string, data: string[]): ColumnSource {
  return { ...column(name, 'STRING'), data };
}
