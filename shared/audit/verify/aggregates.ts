import type { AuditEntry } from '../entry.ts';
import type { Report } from './problem.ts';

/** An event is delivered again for this long before it counts as left out. */
const deliveryMilliseconds = 60 * 60_000;

type Missing = { readonly segment: string; readonly seq: number; readonly recordedAt: number };

/**
 * Follows the events of each aggregate, which are numbered from 1. They are entered as they are delivered, so a
 * later one may stand first; the one that it waits for is missed when it has not come within an hour. `isFromStart`
 * says whether the log is read from its first entry: else the first events of an aggregate may stand before it.
 */
export class Aggregates {
  readonly #report: Report;
  #isFromStart: boolean;
  /** The last event of each aggregate up to which all are there. */
  readonly #upTo = new Map<string, number>();
  /** Events beyond that. */
  readonly #beyond = new Map<string, Map<number, Missing>>();

  constructor(report: Report, isFromStart: boolean) {
    this.#report = report;
    this.#isFromStart = isFromStart;
  }

  add(entry: AuditEntry, segment: string): void {
    const name = `${entry.workspace}/${entry.aggregate}`;
    const number = entry.aggregate_seq;
    const upTo = this.#upTo.get(name) ?? (this.#isFromStart ? 0 : number - 1);
    const beyond = this.#beyond.get(name);
    if ((number <= upTo && this.#isFromStart) || beyond?.has(number)) {
      this.#report(
        'duplicate',
        segment,
        `Entry ${entry.seq} is event ${number} of ${entry.aggregate}, which is in the log already.`,
        entry.seq,
      );
      return;
    }
    if (number > upTo + 1) {
      const waiting = beyond ?? new Map<number, Missing>();
      waiting.set(number, { segment, seq: entry.seq, recordedAt: entry.recorded_at });
      this.#beyond.set(name, waiting);
      this.#upTo.set(name, upTo);
      return;
    }
    let last = Math.max(number, upTo);
    for (; beyond?.delete(last + 1); last++);
    if (beyond?.size === 0) this.#beyond.delete(name);
    this.#upTo.set(name, last);
  }

  /**
   * The metadata store was put back to an earlier time: events are numbered from there again, and those of an aggregate
   * that come now may have numbers that stand in the log already.
   */
  goBack(): void {
    this.#isFromStart = false;
    this.#upTo.clear();
    this.#beyond.clear();
  }

  /** Reports what has not come by the time of the last entry. */
  end(now: number): void {
    for (const [name, beyond] of this.#beyond) {
      let upTo = this.#upTo.get(name) ?? 0;
      for (const [number, { segment, seq, recordedAt }] of [...beyond].toSorted(([a], [b]) => a - b)) {
        const isDue = recordedAt + deliveryMilliseconds <= now;
        if (number > upTo + 1 && isDue) {
          const which =
            number === upTo + 2 ? `event ${upTo + 1} is` : `events ${upTo + 1} to ${number - 1} are`;
          const aggregate = name.slice(name.indexOf('/') + 1);
          this.#report(
            'gap',
            segment,
            `Of ${aggregate}, ${which} not in the log, though event ${number} is (entry ${seq}).`,
            seq,
          );
        }
        upTo = number;
      }
    }
  }
}
