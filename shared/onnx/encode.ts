/**
 * The half of the protobuf wire format that writes: each function gives the bytes of one field, and a
 * message is its fields in a row. https://protobuf.dev/programming-guides/encoding/
 */

const utf8 = new TextEncoder();

/** A message is the concatenation of its fields, in any order; a repeated field is given as a list. */
export function message(...parts: readonly (Uint8Array | readonly Uint8Array[])[]): Uint8Array {
  const fields = parts.flat();
  const joined = new Uint8Array(fields.reduce((size, field) => size + field.length, 0));
  let at = 0;
  for (const field of fields) {
    joined.set(field, at);
    at += field.length;
  }
  return joined;
}

export function intField(field: number, value: number | bigint): Uint8Array {
  return varints([field * 8, value]);
}

export function floatField(field: number, value: number): Uint8Array {
  return message(varints([field * 8 + 5]), littleEndian(Float32Array.of(value)));
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return message(bytesHeader(field, value.length), value);
}

/** What stands before a payload of `length` bytes. */
export const bytesHeader = (field: number, length: number): Uint8Array => varints([field * 8 + 2, length]);

export const textField = (field: number, value: string): Uint8Array => bytesField(field, utf8.encode(value));

/** A text field that is left out when empty, as protobuf's own writers do. */
export const optionalText = (field: number, value: string | undefined): Uint8Array =>
  value ? textField(field, value) : message();

/** Packed repeated int64. */
export const intsField = (field: number, values: ArrayLike<number | bigint>): Uint8Array =>
  bytesField(field, varints(values));

/** Packed repeated float. */
export const floatsField = (field: number, values: ArrayLike<number>): Uint8Array =>
  bytesField(field, littleEndian(Float32Array.from(values)));

/** The raw bytes of a typed array. ONNX is little-endian, as is every machine this runs on. */
export const littleEndian = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function varints(values: ArrayLike<number | bigint>): Uint8Array {
  const out = new Uint8Array(values.length * 10);
  let at = 0;
  for (let i = 0; i < values.length; i++) at = putVarint(out, at, values[i]);
  return out.slice(0, at);
}

function putVarint(out: Uint8Array, at: number, value: number | bigint): number {
  if (typeof value === 'bigint' || value < 0 || !Number.isSafeInteger(value)) {
    // A negative int64 travels as its two's complement, always ten bytes long.
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) out[at++] = Number(rest & 0x7fn) | 0x80;
    out[at++] = Number(rest);
    return at;
  }
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 0x80;
  out[at++] = rest;
  return at;
}
