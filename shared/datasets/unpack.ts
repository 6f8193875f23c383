import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

type Unpack = (input: Uint8Array, length: number, room?: Uint8Array) => Uint8Array;

/**
 * What unpacks a page of Parquet to the length that its header announces, by the codec's name in the format; all but
 * `LZO` and the old `LZ4`, which only Hadoop wrote. Each throws an {@link Error} where the bytes do not unpack to
 * exactly that length, and makes room for no more than that; `room` may be used where there is enough of it.
 */
export const unpackers = {
  UNCOMPRESSED: (input, length) => exactly(input, length),
  SNAPPY: unpackSnappy,
  LZ4_RAW: unpackLz4,
  GZIP: (input, length) => inflated(gunzipSync, input, length),
  BROTLI: (input, length) => inflated(brotliDecompressSync, input, length),
  ZSTD: (input, length) => inflated(zstdDecompressSync, input, length),
} as const satisfies Readonly<Record<string, Unpack>>;

type Inflate = (input: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Buffer;

function inflated(inflate: Inflate, input: Uint8Array, length: number): Uint8Array {
  if (length === 0) return new Uint8Array();
  // Room for all at once, which saves Node from putting pieces together.
  const bytes = inflate(input, { maxOutputLength: length, chunkSize: Math.max(length, 64) });
  return exactly(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), length);
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length)
    throw new Error(`a page unpacks to ${bytes.length} bytes and announces ${length}`);
  return bytes;
}

/** The format of https://github.com/google/snappy/blob/main/format_description.txt. */
function unpackSnappy(input: Uint8Array, length: number, room?: Uint8Array): Uint8Array {
  const output = roomOf(length, room);
  let at = 0;
  // The length stands in front too; the one of the page's header is the one that is checked.
  while (at < input.length && input[at++] >= 0x80);
  let to = 0;
  while (at < input.length) {
    const tag = input[at++];
    const kind = tag & 3;
    if (kind === 0) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const bytes = size - 60;
        size = 1;
        for (let i = 0; i < bytes; i++) size += input[at++] * 2 ** (8 * i);
      }
      to = literal(input, at, output, to, size);
      at += size;
      continue;
    }
    let size = (tag >>> 2) + 1;
    let back: number;
    if (kind === 1) {
      size = ((tag >>> 2) & 7) + 4;
      back = ((tag >>> 5) << 8) | input[at++];
    } else if (kind === 2) {
      back = input[at] | (input[at + 1] << 8);
      at += 2;
    } else {
      back = (input[at] | (input[at + 1] << 8) | (input[at + 2] << 16) | (input[at + 3] << 24)) >>> 0;
      at += 4;
    }
    if (at > input.length) throw broken();
    to = copy(output, to, back, size);
  }
  if (to !== length) throw broken();
  return output;
}

/** The block format of https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md. */
function unpackLz4(input: Uint8Array, length: number, room?: Uint8Array): Uint8Array {
  const output = roomOf(length, room);
  let at = 0;
  let to = 0;
  const extended = (size: number) => {
    for (let byte = 255; byte === 255; size += byte) {
      if (at >= input.length) throw broken();
      byte = input[at++];
    }
    return size;
  };
  while (at < input.length) {
    const token = input[at++];
    const before = token >>> 4;
    const size = before === 15 ? extended(15) : before;
    to = literal(input, at, output, to, size);
    at += size;
    // The last sequence is a literal alone.
    if (at >= input.length) break;
    const back = input[at] | (input[at + 1] << 8);
    at += 2;
    if (at > input.length) throw broken();
    const match = token & 15;
    to = copy(output, to, back, (match === 15 ? extended(15) : match) + 4);
  }
  if (to !== length) throw broken();
  return output;
}

function roomOf(length: number, room: Uint8Array | undefined): Uint8Array {
  return room && room.length >= length ? room.subarray(0, length) : new Uint8Array(length);
}

function literal(input: Uint8Array, at: number, output: Uint8Array, to: number, size: number): number {
  if (!(at + size <= input.length && to + size <= output.length)) throw broken();
  if (size > 32) output.set(input.subarray(at, at + size), to);
  else for (let i = 0; i < size; i++) output[to + i] = input[at + i];
  return to + size;
}

/** Repeats what lies `back` before the end of the output, which may be what this very copy writes. */
function copy(output: Uint8Array, to: number, back: number, size: number): number {
  if (!(back > 0 && back <= to && to + size <= output.length)) throw broken();
  for (let i = 0; i < size; i++) output[to + i] = output[to - back + i];
  return to + size;
}

function broken(): Error {
  return new Error('a page does not unpack');
}
