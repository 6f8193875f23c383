import type { ReadRange } from './parquet-footer.ts';

/**
 * A stretch of a file that is held in memory while it is read from front to back, and the next one fetched when it
 * is done with.
 */
export class ByteWindow {
  readonly #read: ReadRange;
  /** Nothing from here on belongs to what is read. */
  readonly #end: number;
  readonly #aheadBytes: number;
  #start = 0;
  #length = 0;
  /** The same for every stretch, so that memory does not follow what has been read. */
  #room: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(read: ReadRange, end: number, aheadBytes: number) {
    this.#read = read;
    this.#end = end;
    this.#aheadBytes = aheadBytes;
  }

  /** Bytes `[first, first + length)`, fewer where the stretch ends before. Valid until the next are asked for. */
  async bytes(first: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const last = Math.min(first + length, this.#end);
    if (first < this.#start || last > this.#start + this.#length) {
      const needed = Math.min(this.#end, Math.max(last, first + this.#aheadBytes)) - first;
      // A large page is seldom followed by another.
      if (this.#room.length < needed || this.#room.length > 2 * needed) this.#room = new Uint8Array(needed);
      // Nothing is held while it is fetched, nor after that fails.
      this.#length = 0;
      await this.#read(first, this.#room.subarray(0, needed));
      this.#start = first;
      this.#length = needed;
    }
    return this.#room.subarray(first - this.#start, last - this.#start);
  }
}
