import { parquetMetadata, parquetRead } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { ColumnRules } from '../privacy/index.ts';
import type { Tensors } from '../sessions/index.ts';
import { type Hour, predictionIds } from './prediction-id.ts';
import type { Scores } from './scores.ts';
import { type HiddenColumn, tensorColumns } from './tensor-columns.ts';

/** What the rows of one part have in common. */
export type PartHead = {
  readonly workspace: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly source: 'realtime' | 'batch';
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

/** The rows of one request. Tensors whose first size is not `rows` are not logged. */
export type Scored = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly rows: number;
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly scores: Scores | null;
  readonly latencyMicros: number;
  /** The HTTP status that was answered. */
  readonly status: number;
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
};

const partVersion = '1';
const versionKey = 'cairn.part';
const lostKey = 'cairn.lost';
const hiddenKey = 'cairn.hidden';

/**
 * A Parquet file of predictions, format 1 (`cairn.part` in its metadata). Columns: predictionId, ts,
 * endpoint, deployment, modelId, version, digest; `in.<feature>`, or `in.<input>[.<index>]` where the
 * model declares no features; `out.<output>[.<label or index>]`; score, class, latencyMicros, status,
 * source. A missing float is NaN; score and class are null where the model gives none. `cairn.lost`
 * counts rows of the endpoint that could not be written before this part.
 *
 * Of a column with personal data no value is written: a masked one has its own type and is null in every row,
 * a hashed one is text whatever its type was, and null where the value is missing. `cairn.hidden` says which,
 * and of what type they were. Where an output is hidden, so are score and class, which are made from it.
 */
export function writePart(head: PartHead, requests: readonly Scored[], lostRows = 0): Uint8Array {
  const rows = requests.reduce((sum, request) => sum + request.rows, 0);
  const owner = `${head.workspace}/${head.endpoint}`;
  const same = (name: string, value: string) => text(name, new Array<string>(rows).fill(value));
  const given = requests.map((request) => ({ rows: request.rows, tensors: request.inputs }));
  const made = requests.map((request) => ({ rows: request.rows, tensors: request.outputs }));
  const inputs = tensorColumns('in', given, head.features, head.rules);
  const outputs = tensorColumns('out', made, head.labels, head.rules);
  const hidden = [...inputs, ...outputs].flatMap(({ source, hidden: how }) =>
    how ? [[source.name, how] as const] : [],
  );
  const isAnswerHidden = outputs.some(({ hidden: how }) => how !== undefined);
  const answered = <T>(value: (request: Scored, row: number) => T | null) =>
    perRow(requests, rows, isAnswerHidden ? () => null : value);
  const columnData: ColumnSource[] = [
    { ...text('predictionId', predictionIds(owner, head.hour, head.buffer, 0, rows)), encoding: 'PLAIN' },
    { ...column('ts', 'TIMESTAMP'), data: perRow(requests, rows, ({ at }) => new Date(at)) },
    same('endpoint', head.endpoint),
    same('deployment', head.deployment),
    same('modelId', head.modelId),
    { ...column('version', 'INT32'), data: new Int32Array(rows).fill(head.version) },
    same('digest', head.digest),
    ...[...inputs, ...outputs].map(({ source }) => source),
    { name: 'score', type: 'DOUBLE', nullable: true, data: answered(scoreOf) },
    { name: 'class', type: 'STRING', nullable: true, data: answered(classOf) },
    {
      ...column('latencyMicros', 'INT32'),
      data: perRow(requests, rows, ({ latencyMicros }) => latencyMicros),
    },
    { ...column('status', 'INT32'), data: perRow(requests, rows, ({ status }) => status) },
    same('source', head.source),
  ];
  return new Uint8Array(
    parquetWriteBuffer({
      columnData,
      createdBy: 'cairn',
      rowGroupSize: Math.max(rows, 1),
      statistics: false,
      kvMetadata: [
        { key: versionKey, value: partVersion },
        ...(lostRows === 0 ? [] : [{ key: lostKey, value: String(lostRows) }]),
        ...(hidden.length === 0
          ? []
          : [{ key: hiddenKey, value: JSON.stringify(Object.fromEntries(hidden)) }]),
      ],
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
  };
}

function plain(value: unknown): string | number | null {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'bigint') return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function scoreOf({ scores }: Scored, row: number): number | null {
  const score = scores?.scores[row] ?? Number.NaN;
  return Number.isNaN(score) ? null : score;
}

function classOf({ scores }: Scored, row: number): string | null {
  return scores?.classes?.[row] ?? null;
}

function perRow<T>(
  requests: readonly Scored[],
  rows: number,
  value: (request: Scored, row: number) => T,
): T[] {
  const values = new Array<T>(rows);
  let at = 0;
  for (const request of requests)
    for (let row = 0; row < request.rows; row++) values[at++] = value(request, row);
  return values;
}

function column(name: string, type: NonNullable<ColumnSource['type']>) {
  return { name, type, nullable: false };
}

function text(name: string, data: string[]): ColumnSource {
  return { ...column(name, 'STRING'), data };
}
