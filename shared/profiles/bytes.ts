/** Writes numbers and text one behind the other, little-endian. */
export class ByteWriter {
  #bytes = Buffer.alloc(4096);
  #length = 0;

  u8(value: number): void {
    this.#room(1);
    this.#length = this.#bytes.writeUInt8(value, this.#length);
  }

  u32(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  f64(value: number): void {
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** A count from 0 to 2⁵³ − 1, seven bits a byte from the lowest on (LEB128). */
  count(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  /** UTF-8 behind its length in bytes. */
  text(value: string): void {
    const bytes = Buffer.from(value);
    this.count(bytes.length);
    this.#room(bytes.length);
    this.#length += bytes.copy(this.#bytes, this.#length);
  }

  /** As they are; how many there are must be known otherwise. */
  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Texts behind their number. */
  texts(values: readonly string[]): void {
    this.count(values.length);
    for (const value of values) this.text(value);
  }

  /** What is above 0 of a list: how many there are, and each behind its distance from the one before. */
  sparse(values: Uint8Array | Float64Array, write: (value: number) => void): void {
    const filled = [...values.entries()].filter(([, value]) => value > 0);
    this.count(filled.length);
    let before = 0;
    for (const [at, value] of filled) {
      this.count(at - before);
      write(value);
      before = at;
    }
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads what {@link ByteWriter} wrote. Throws a RangeError at the end of the bytes. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#at++);
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  f64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.u8();
      value += (byte % 0x80) * scale;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const bytes = this.count();
    if (bytes > this.left) throw new RangeError('The text is longer than what is left.');
    this.#at += bytes;
    return this.#bytes.toString('utf8', this.#at - bytes, this.#at);
  }

  /** The next bytes, not copied. Throws a RangeError where there are fewer. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('There are fewer bytes left.');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  texts(): string[] {
    return this.list(() => this.text());
  }

  /** Reads what {@link ByteWriter.sparse} wrote of a list as long as `into`, which is 0 throughout. */
  sparse<T extends Uint8Array | Float64Array>(into: T, read: () => number): T {
    let at = 0;
    for (let left = this.count(); left > 0; left--) {
      at += this.count();
      into[at] = read();
    }
    return into;
  }

  /** As many of something as a count before them says. */
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.count() }, read);
  }
}
