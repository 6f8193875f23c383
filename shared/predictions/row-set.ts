import type { Hour } from './prediction-id.ts';

/** Rows of one hour by their ids: a bit for each row of a buffer, since an hour can have millions. */
export class RowSet {
  readonly hour: Hour;
  #size = 0;
  readonly #buffers = new Map<string, Uint8Array>();

  constructor(hour: Hour) {
    this.hour = hour;
  }

  get size(): number {
    return this.#size;
  }

  has(predictionId: string): boolean {
    const { hour, buffer, row } = placeOf(predictionId);
    return hour === this.hour && this.hasRow(buffer, row);
  }

  /** Whether it was not among them yet. */
  add(predictionId: string): boolean {
    const { buffer, row } = placeOf(predictionId);
    return this.addRow(buffer, row);
  }

  addRow(buffer: string, row: number): boolean {
    if (this.hasRow(buffer, row)) return false;
    const bits = grown(this.#buffers.get(buffer), (row >> 3) + 1);
    bits[row >> 3] |= 1 << (row & 7);
    this.#buffers.set(buffer, bits);
    this.#size++;
    return true;
  }

  /** Whether any of a buffer's rows from `first` to before `end` is among them. */
  hasAny(buffer: string, first: number, end: number): boolean {
    if (!this.#buffers.has(buffer)) return false;
    for (let row = first; row < end; row++) if (this.hasRow(buffer, row)) return true;
    return false;
  }

  hasRow(buffer: string, row: number): boolean {
    return (((this.#buffers.get(buffer)?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
  }
}

/** The parts of an id that this platform made. */
export function placeOf(predictionId: string): { hour: Hour; buffer: string; row: number } {
  const [hour = '', buffer = '', row = ''] = predictionId.split('-');
  return { hour, buffer, row: Number(row) };
}

/** Rows come in order mostly: twice what is needed, so that growing stays cheap. */
function grown(bits: Uint8Array | undefined, bytes: number): Uint8Array {
  if (bits && bits.length >= bytes) return bits;
  const next = new Uint8Array(bits ? bytes * 2 : bytes);
  if (bits) next.set(bits);
  return next;
}
