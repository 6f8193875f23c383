import type { ColumnSource } from 'hyparquet-writer';
import type { PartHead } from './part.ts';
import type { Rows } from './rows.ts';
import type { WrittenColumn } from './tensor-columns.ts';

/** What rows in a queue are of; they get their part, and its name, when they are taken out. */
export type QueuedHead = Omit<PartHead, 'workspace' | 'buffer' | 'features' | 'labels' | 'rules'>;

/** The rows of one call as they lie in a queue: ready for a part, so nothing in them is personal that should not be. */
export type QueuedRows = {
  readonly head: QueuedHead;
  /** Their ids are of this buffer, from `firstRow` on. */
  readonly buffer: string;
  readonly firstRow: number;
  readonly rows: Rows;
};

type Packed = {
  readonly v: 1;
  readonly head: QueuedHead;
  readonly buffer: string;
  readonly firstRow: number;
  readonly count: number;
  readonly at: number;
  readonly latencyMicros: number;
  readonly status: number;
  readonly scores: string;
  readonly classes: readonly (string | null)[] | null;
  readonly columns: readonly (Pick<ColumnSource, 'name' | 'type' | 'nullable' | 'encoding' | 'codec'> & {
    readonly hidden?: WrittenColumn['hidden'];
    /** Floats in base64, 64-bit integers as text, all else as it is. */
    readonly data: string | readonly (string | number | boolean | null)[];
  })[];
};

/** The rows of one call as JSON, which keeps every value exactly. */
export function packRows({ head, buffer, firstRow, rows }: QueuedRows): object {
  const { rows: count, at, latencyMicros, status, scores, classes, tensors } = rows;
  const packed: Packed = {
    v: 1,
    head,
    buffer,
    firstRow,
    count,
    at: at[0] ?? 0,
    latencyMicros: latencyMicros[0] ?? 0,
    status: status[0] ?? 0,
    scores: base64(Float64Array.from(scores, (score) => score ?? Number.NaN)),
    classes: classes.every((name) => name === null) ? null : classes,
    columns: tensors.map(({ source, hidden }) => {
      const { name, type, nullable, encoding, codec } = source;
      return {
        name,
        type,
        nullable,
        encoding,
        codec,
        ...(hidden ? { hidden } : {}),
        data: packedColumn(source),
      };
    }),
  };
  return packed;
}

/** The rows of a message. Throws where it is of another format, or not whole. */
export function unpackRows(message: object): QueuedRows {
  const packed = message as Packed;
  if (packed.v !== 1)
    throw new Error(`Queued rows are of format '${String(packed.v)}', which this release does not read.`);
  const { head, buffer, firstRow, count, at, latencyMicros, status, scores, classes, columns } = packed;
  const every = (value: number) => new Array<number>(count).fill(value);
  const rows: Rows = {
    rows: count,
    at: every(at),
    latencyMicros: every(latencyMicros),
    status: every(status),
    scores: Array.from(floats(scores, Float64Array), (score) => (Number.isNaN(score) ? null : score)),
    classes: classes ?? new Array<null>(count).fill(null),
    tensors: columns.map(({ hidden, data, ...source }) => ({
      source: { ...source, data: unpackedColumn(source.type, data) },
      ...(hidden ? { hidden } : {}),
    })),
  };
  const lengths = [rows.scores, rows.classes, ...rows.tensors.map(({ source }) => source.data)];
  if (lengths.some(({ length }) => length !== count)) throw new Error('Queued rows are not whole.');
  return { head, buffer, firstRow, rows };
}

function packedColumn({ type, data }: ColumnSource): Packed['columns'][number]['data'] {
  if (data instanceof Float64Array) return base64(type === 'FLOAT' ? Float32Array.from(data) : data);
  return Array.from(data as ArrayLike<unknown>, (value) =>
    typeof value === 'bigint' ? String(value) : (value as string | number | boolean | null),
  );
}

function unpackedColumn(
  type: ColumnSource['type'],
  data: Packed['columns'][number]['data'],
): ColumnSource['data'] {
  if (typeof data === 'string')
    return type === 'FLOAT' ? Float64Array.from(floats(data, Float32Array)) : floats(data, Float64Array);
  if (type === 'INT64') return data.map((value) => (value === null ? null : BigInt(value)));
  return [...data];
}

function base64(values: Float32Array | Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

function floats<T extends Float32Array | Float64Array>(
  text: string,
  type: new (buffer: ArrayBuffer) => T,
): T {
  // A copy: a typed array must begin at a multiple of its width.
  return new type(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}
