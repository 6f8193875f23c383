/** Cells of equal width between the first and the last edge: nearly all hold none, so that it is seldom a surprise. */
const cellCount = 16_384;

/**
 * Finds the bins of numbers between edges that do not move, as {@link NumericCounts} has them. Where a value lies among
 * the cells leaves few edges to compare it with, whatever the edges are: the way to a cell never falls, so that no edge
 * of a cell before lies above the value, and none of a cell behind at it or below.
 */
export class Binning {
  readonly #edges: Float64Array;
  readonly #first: number;
  readonly #last: number;
  readonly #scale: number;
  /** Edges in the cells before each. */
  readonly #before = new Uint16Array(cellCount + 2);

  constructor(edges: ArrayLike<number>) {
    this.#edges = Float64Array.from(edges);
    this.#first = this.#edges[0] ?? Number.NaN;
    this.#last = this.#edges.at(-1) ?? Number.NaN;
    this.#scale = cellCount / (this.#last - this.#first);
    for (const edge of this.#edges) this.#before[this.#cell(edge) + 1]++;
    for (let cell = 1; cell < this.#before.length; cell++) this.#before[cell] += this.#before[cell - 1];
  }

  /** The bin of a finite number. */
  of(value: number): number {
    const edges = this.#edges;
    if (value >= this.#last) return value === this.#last ? edges.length : edges.length + 1;
    if (!(value >= this.#first)) return 0;
    const cell = this.#cell(value);
    let low = this.#before[cell];
    let high = this.#before[cell + 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (edges[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #cell(value: number): number {
    return ((value - this.#first) * this.#scale) | 0;
  }
}
