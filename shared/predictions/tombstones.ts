import type { Context } from '../context.ts';
import type { Hour } from './prediction-id.ts';
import { logFolder } from './predictions.ts';

/** What was erased of one part: which rows, by the number that their prediction ids have; nothing of whose they were. */
type Tombstone = {
  readonly v: 1;
  readonly erasure: string;
  readonly at: number;
  /** The part, by its name; its hour and buffer with a row make a prediction id. */
  readonly part: string;
  readonly rows: readonly number[];
};

/** Rows that are gone, by buffer: a bit for each row, since an hour can have millions. */
export type ErasedRows = { readonly size: number; has(predictionId: string): boolean };

/** Keeps the tombstone of an erasure for a part; one that is there already is from an attempt that broke off. */
export async function keepTombstone(
  ctx: Context,
  { endpoint, hour, erasure }: { readonly endpoint: string; readonly hour: Hour; readonly erasure: string },
  part: string,
  predictionIds: readonly string[],
): Promise<void> {
  const buffer = part.slice(part.lastIndexOf('/') + 1).replace('.parquet', '');
  const tombstone: Tombstone = {
    v: 1,
    erasure,
    at: ctx.clock.now(),
    part,
    rows: predictionIds.map((id) => placeOf(id).row),
  };
  const name = `${logFolder(ctx, endpoint, 'tombstones', hour)}${buffer}.${erasure}.json`;
  await ctx.stores.blobs('predictions').write(name, Buffer.from(JSON.stringify(tombstone)), {
    createOnly: true,
    contentType: 'application/json',
  });
}

/** How many parts and rows of an hour one erasure has taken. */
export async function rowsOfErasure(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  erasure: string,
): Promise<{ parts: number; rows: number }> {
  let parts = 0;
  let rows = 0;
  for await (const tombstone of tombstonesOf(ctx, endpoint, hour, (name) =>
    name.endsWith(`.${erasure}.json`),
  )) {
    parts++;
    rows += tombstone.rows.length;
  }
  return { parts, rows };
}

/** Every row of an hour that was erased, whoever asked for it. */
export async function erasedRows(ctx: Context, endpoint: string, hour: Hour): Promise<ErasedRows> {
  const buffers = new Map<string, Uint8Array>();
  let size = 0;
  for await (const { part, rows } of tombstonesOf(ctx, endpoint, hour)) {
    const buffer = part.slice(part.lastIndexOf('/') + 1).replace('.parquet', '');
    const last = rows.reduce((most, row) => Math.max(most, row), 0);
    const bits = grown(buffers.get(buffer), (last >> 3) + 1);
    for (const row of rows) bits[row >> 3] |= 1 << (row & 7);
    buffers.set(buffer, bits);
    size += rows.length;
  }
  return {
    size,
    has(predictionId) {
      const { hour: at, buffer, row } = placeOf(predictionId);
      return at === hour && (((buffers.get(buffer)?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
    },
  };
}

async function* tombstonesOf(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  isWanted: (name: string) => boolean = () => true,
): AsyncGenerator<Tombstone> {
  const container = ctx.stores.blobs('predictions');
  for await (const { name } of container.walk(logFolder(ctx, endpoint, 'tombstones', hour))) {
    const bytes = isWanted(name) ? await container.read(name) : undefined;
    if (bytes) yield JSON.parse(bytes.toString()) as Tombstone;
  }
}

function grown(bits: Uint8Array | undefined, bytes: number): Uint8Array {
  if (bits && bits.length >= bytes) return bits;
  const next = new Uint8Array(bytes);
  if (bits) next.set(bits);
  return next;
}

/** The parts of an id that this platform made. */
function placeOf(predictionId: string): { hour: Hour; buffer: string; row: number } {
  const [hour = '', buffer = '', row = ''] = predictionId.split('-');
  return { hour, buffer, row: Number(row) };
}
