import type { ItemRow } from './container-store.ts';

/** What a commit did to one item: the row it replaced, or undefined where it created the item. */
export type Change = { seq: number; pk: string; id: string; before: ItemRow | undefined };

export type StaleReads = {
  /** A stale read misses at most so many of the latest commits. */
  commits: number;
  /** A commit older than this is seen by every read. */
  ms: number;
};

type Entry = Change & { lsn: number; at: number };

/** The latest changes of a container, so that a relaxed read can be served from before them. Memory only. */
export class History {
  #entries: Entry[] = [];
  #pending: Change[] = [];
  #window: StaleReads | undefined;
  #now: () => number = Date.now;

  enable(window: StaleReads, now: () => number): void {
    this.#window = window;
    this.#now = now;
  }

  /** Notes a change of the transaction that is under way. */
  record(change: Change): void {
    if (this.#window) this.#pending.push(change);
  }

  commit(lsn: number): void {
    if (!this.#window || this.#pending.length === 0) return;
    const at = this.#now();
    for (const change of this.#pending) this.#entries.push({ ...change, lsn, at });
    this.#pending = [];
    const commits = new Set(this.#entries.map((entry) => entry.lsn));
    if (commits.size <= this.#window.commits) return;
    const oldest = [...commits].at(-this.#window.commits) ?? lsn;
    this.#entries = this.#entries.filter((entry) => entry.lsn >= oldest);
  }

  discard(): void {
    this.#pending = [];
  }

  /**
   * The items that look different to a stale reader: for each its old row, or undefined where it did not exist yet.
   * `since` is the last commit that the reader must see.
   */
  overlay(since: number): ReadonlyMap<number, { change: Change; row: ItemRow | undefined }> {
    const overlay = new Map<number, { change: Change; row: ItemRow | undefined }>();
    if (!this.#window) return overlay;
    const recent = this.#now() - this.#window.ms;
    for (const entry of this.#entries) {
      if (entry.lsn <= since || entry.at < recent || overlay.has(entry.seq)) continue;
      overlay.set(entry.seq, { change: entry, row: entry.before });
    }
    return overlay;
  }
}
