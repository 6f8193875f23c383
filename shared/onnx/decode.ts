import { OnnxError } from './errors.ts';

/**
 * The half of the protobuf wire format that reads, without copying: a cursor steps over the fields of one
 * message, and only what is asked for is decoded. https://protobuf.dev/programming-guides/encoding/
 */

/** protobuf's own limit on nested messages; a deeper model loads nowhere. */
const messageDepthMax = 100;
const utf8 = new TextDecoder();

/** A tag is field × 8 + wire type, so a field of an unexpected wire type matches nothing and is skipped. */
export const varintTag = (field: number): number => field * 8;
export const bytesTag = (field: number): number => field * 8 + 2;

export class FieldCursor {
  /** Of the current field, as `varintTag` and `bytesTag` build it. */
  tag = 0;
  /** The current field, tag and all, is bytes[fieldStart, end); its payload is bytes[start, end). */
  fieldStart: number;
  start: number;
  end: number;
  readonly #bytes: Uint8Array;
  readonly #limit: number;
  readonly #depth: number;

  constructor(bytes: Uint8Array, start = 0, limit = bytes.length, depth = 0) {
    this.#bytes = bytes;
    this.fieldStart = start;
    this.start = start;
    this.end = start;
    this.#limit = limit;
    this.#depth = depth;
  }

  /**
   * Steps to the next field; false at the end of the message.
   * @throws {OnnxError} `truncated` if the file ends first, `not-onnx` where no field can be read.
   */
  next(): boolean {
    if (this.end >= this.#limit) return false;
    this.fieldStart = this.end;
    this.tag = this.#varint(this.end);
    if (this.tag < 8 || this.tag > 0xffff_ffff) throw this.#corrupt();
    switch (this.tag % 8) {
      case 0:
        this.#varint(this.end);
        break;
      case 1:
        this.#take(this.end, 8);
        break;
      case 2: {
        const length = this.#varint(this.end);
        this.#take(this.end, length);
        break;
      }
      case 5:
        this.#take(this.end, 4);
        break;
      default:
        throw this.#corrupt();
    }
    return true;
  }

  /** The current field as int64; exact up to ±2^53. */
  integer(): number {
    const { start, end } = this;
    const value = this.#varint(start);
    const signed = end - start === 10 ? this.#negative(start) : value;
    this.start = start;
    this.end = end;
    return signed;
  }

  /**
   * The current field as repeated int64, packed or one of them.
   * @throws {OnnxError} `too-many` beyond `max`.
   */
  integers(max: number, what: string): number[] {
    if (this.tag % 8 === 0) return [this.integer()];
    const { start, end } = this;
    const values: number[] = [];
    for (let at = start; at < end; at = this.end) {
      const value = this.#varint(at);
      if (this.end > end) throw this.#corrupt();
      values.push(this.end - at === 10 ? this.#negative(at) : value);
      if (values.length > max) throw new OnnxError('too-many', `The model has more than ${max} ${what}.`);
    }
    this.start = start;
    this.end = end;
    return values;
  }

  text(): string {
    return utf8.decode(this.#bytes.subarray(this.start, this.end));
  }

  byteLength(): number {
    return this.end - this.start;
  }

  /** @throws {OnnxError} `too-deep` */
  message(): FieldCursor {
    if (this.#depth >= messageDepthMax) {
      throw new OnnxError('too-deep', `The model nests more than ${messageDepthMax} messages.`);
    }
    return new FieldCursor(this.#bytes, this.start, this.end, this.#depth + 1);
  }

  /** Reads a varint at `from` and leaves it as the current payload. */
  #varint(from: number): number {
    let value = 0;
    let scale = 1;
    for (let at = from; at < this.#limit; at++, scale *= 128) {
      if (at - from === 10) throw this.#corrupt();
      const byte = this.#bytes[at];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#take(from, at + 1 - from);
        return value;
      }
    }
    throw this.#cut();
  }

  /** An int64 of ten bytes, which a double would round before the sign is taken off. */
  #negative(from: number): number {
    let value = 0n;
    for (let i = 9; i >= 0; i--) value = (value << 7n) | BigInt(this.#bytes[from + i] & 0x7f);
    return Number(BigInt.asIntN(64, value));
  }

  #take(from: number, length: number): void {
    if (length > this.#limit - from) throw this.#cut();
    this.start = from;
    this.end = from + length;
  }

  /** Only the outermost message ends where the file does: inside, an overrun is corruption. */
  #cut(): OnnxError {
    if (this.#depth > 0) return this.#corrupt();
    return new OnnxError('truncated', `The file ends after ${this.#limit} bytes, in the middle of a field.`);
  }

  #corrupt(): OnnxError {
    return new OnnxError('not-onnx', `No protobuf field can be read at byte ${this.end}.`);
  }
}
