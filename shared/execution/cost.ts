/** What a run of so many rows takes: so much each, and so much for the run itself. It learns from the runs that are made. */
export class Cost {
  #runMilliseconds: number;
  #rowMilliseconds: number;
  /** How much slower than when they were measured runs are now. */
  #factor = 1;

  constructor({ runMilliseconds, rowMilliseconds }: { runMilliseconds: number; rowMilliseconds: number }) {
    this.#runMilliseconds = Math.max(0.001, runMilliseconds);
    this.#rowMilliseconds = Math.max(0, rowMilliseconds);
  }

  /** What a run takes, in ms. */
  of(rows: number): number {
    return this.#factor * (this.#runMilliseconds + this.#rowMilliseconds * rows);
  }

  /** How many rows to run at once so that it takes about `milliseconds`, and no more of that for the runs than for the rows. */
  rowsWithin(milliseconds: number): number {
    const forRows = Math.max(milliseconds / this.#factor - this.#runMilliseconds, this.#runMilliseconds);
    return Math.max(1, Math.floor(forRows / this.#rowMilliseconds));
  }

  ran(rows: number, milliseconds: number): void {
    // One run that something else on the machine held up says little.
    const observed = milliseconds / (this.of(rows) / this.#factor);
    this.#factor = Math.min(100, Math.max(0.5, this.#factor + 0.05 * (observed - this.#factor)));
  }
}
