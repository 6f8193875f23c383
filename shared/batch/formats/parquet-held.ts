import type { SchemaElement } from 'hyparquet';
import { roomFor, type Values, type Vector } from './parquet-types.ts';

/** Values of one column of the output that are held until their row group is written. */
export class HeldColumn {
  readonly element: SchemaElement;
  values: Values;
  /** 1 where there is a value, for each row that is held. */
  present: Uint8Array;
  /** Bytes of the values, about. */
  bytes = 0;
  #rows = 0;

  constructor(element: SchemaElement) {
    this.element = element;
    this.values = roomFor(element, 0);
    this.present = new Uint8Array();
  }

  /** Takes rows of a vector of the same type: those that `order` names, or the first `rows`. */
  take({ values, present }: Vector, rows: number, order: Uint32Array | null): void {
    const at = this.#room(rows);
    if (order === null && ArrayBuffer.isView(values)) {
      (this.values as Uint8Array).set((values as Uint8Array).subarray(0, rows), at);
      if (present === null) this.present.fill(1, at, at + rows);
      else this.present.set(present.subarray(0, rows), at);
      this.bytes += rows * values.BYTES_PER_ELEMENT;
      return;
    }
    // Both are of the one type that the column has.
    const to = this.values as unknown[];
    for (let row = 0; row < rows; row++) {
      const from = order === null ? row : order[row];
      const has = present === null ? 1 : present[from];
      this.present[at + row] = has;
      if (has === 0) continue;
      to[at + row] = values[from];
      this.bytes += bytesOf(values[from]);
    }
  }

  /** Takes values one by one; `undefined` is a missing one. */
  takeEach(rows: number, valueOf: (row: number) => Values[number] | undefined): void {
    const at = this.#room(rows);
    const to = this.values as unknown[];
    for (let row = 0; row < rows; row++) {
      const value = valueOf(row);
      this.present[at + row] = value === undefined ? 0 : 1;
      if (value === undefined) continue;
      to[at + row] = value;
      this.bytes += bytesOf(value);
    }
  }

  /** Forgets the rows, and what texts it refers to. */
  clear(): void {
    if (!ArrayBuffer.isView(this.values)) this.values = [];
    this.#rows = this.bytes = 0;
  }

  #room(rows: number): number {
    const at = this.#rows;
    this.#rows += rows;
    if (this.present.length < this.#rows) {
      const size = Math.max(this.#rows, this.present.length * 2);
      const present = new Uint8Array(size);
      present.set(this.present);
      this.present = present;
      if (ArrayBuffer.isView(this.values)) {
        const values = roomFor(this.element, size) as Uint8Array;
        values.set(this.values as Uint8Array);
        this.values = values as Values;
      }
    }
    return at;
  }
}

function bytesOf(value: Values[number]): number {
  return value instanceof Uint8Array ? value.length + 16 : 8;
}
