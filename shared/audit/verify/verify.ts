import type { PublicKey } from '../../azure/index.ts';
import { type AuditEntry, digestOf, noHash, restoredAction } from '../entry.ts';
import { type Checkpoint, checkpointOn, signatureFault } from '../segments/checkpoint.ts';
import { Aggregates } from './aggregates.ts';
import { type Followed, follow } from './entries.ts';
import type { Problem, ProblemKind, Report } from './problem.ts';

/** The segments of a log, wherever they lie. Hours in their order; lines without line feeds. */
export type SegmentSource = {
  segments(): AsyncIterable<string> | Iterable<string>;
  entries(segment: string): AsyncIterable<string>;
  checkpoints(segment: string): AsyncIterable<string>;
};

export type VerifyOptions = {
  readonly keys: readonly PublicKey[];
  /** What the log is known to have reached, from a time before or from elsewhere. */
  readonly expectedHead?: { readonly seq: number; readonly hash: string };
  /** The segments begin in the midst of the log: what came before is taken as it is said to be. */
  readonly isPart?: boolean;
  /** The time at which this is asked: entries that have been unsigned for long by then are a problem. */
  readonly now?: number;
  /** Asked before each segment but the first, with the entries so far: whether there is room for more. */
  readonly goesOn?: (entries: number) => boolean;
  /** Asked about each hour with the entries found in its segment, for what else is known of them. */
  readonly further?: (segment: string, hashes: ReadonlyMap<number, string>, report: Report) => Promise<void>;
};

export type Verification = {
  readonly ok: boolean;
  readonly segments: number;
  readonly entries: number;
  /** The first of them; `problemCount` is how many there are. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** The last entry that a good signature vouches for; seq 0 where there is none. */
  readonly verifiedTo: { readonly seq: number; readonly hash: string };
  /** Entries behind that: of the last minutes, if all is well. */
  readonly unsignedEntries: number;
  /** Where the log says that the metadata store was put back to an earlier time. */
  readonly restores: readonly Restored[];
  /** The hour that would have come next, where there was no room for more. */
  readonly nextSegment: string | undefined;
};

/** Entry `seq` says that the store went back to entry `storeTo`: what was done from there to `seq` is undone. */
export type Restored = { readonly seq: number; readonly at: number; readonly storeTo: number };

const problemsMax = 1000;
/** Entries are exported and signed every five minutes; where that fails, it is tried again. */
const unsignedMilliseconds = 30 * 60_000;

/**
 * Whether a log is whole and as it was entered, from its segments and public keys alone, an entry at a time in
 * memory (but for the number of the last event of each aggregate).
 */
export async function verifySegments(source: SegmentSource, options: VerifyOptions): Promise<Verification> {
  return new Verifier(source, options).run();
}

class Verifier {
  readonly #source: SegmentSource;
  readonly #options: VerifyOptions;
  readonly #aggregates: Aggregates;
  readonly #problems: Problem[] = [];
  #problemCount = 0;
  readonly #restores: Restored[] = [];
  #entries = 0;
  #segments = 0;
  #lastSegment: string | null = null;
  #followed: Followed = { seq: 0, hash: noHash, recordedAt: 0 };
  #verifiedTo = { seq: 0, hash: noHash };
  #checkpoint: { hash: string; at: number; closed: boolean; unsigned: boolean } = {
    hash: noHash,
    at: 0,
    closed: true,
    unsigned: false,
  };
  #hasReachedHead = false;
  /** When the first entry behind {@link Verification.verifiedTo} was entered. */
  #unsignedSince = Number.POSITIVE_INFINITY;

  constructor(source: SegmentSource, options: VerifyOptions) {
    this.#source = source;
    this.#options = options;
    this.#aggregates = new Aggregates(this.#report, !options.isPart);
  }

  readonly #report: Report = (kind: ProblemKind, segment, message, seq) => {
    this.#problemCount++;
    if (this.#problems.length < problemsMax)
      this.#problems.push({ kind, segment, ...(seq === undefined ? {} : { seq }), message });
  };

  async run(): Promise<Verification> {
    let nextSegment: string | undefined;
    for await (const segment of this.#source.segments()) {
      const { goesOn } = this.#options;
      if (this.#segments > 0 && goesOn && !goesOn(this.#entries)) {
        nextSegment = segment;
        break;
      }
      await this.#segment(segment);
    }
    this.#aggregates.end(this.#followed.recordedAt);
    if (nextSegment === undefined) this.#end();
    return {
      ok: this.#problemCount === 0,
      segments: this.#segments,
      entries: this.#entries,
      problems: this.#problems,
      problemCount: this.#problemCount,
      verifiedTo: this.#verifiedTo,
      unsignedEntries: Math.max(0, this.#followed.seq - this.#verifiedTo.seq),
      restores: this.#restores,
      nextSegment,
    };
  }

  #goBack({ seq, at, subject }: AuditEntry): void {
    this.#restores.push({ seq, at, storeTo: Number(subject['store_to']) });
    this.#aggregates.goBack();
  }

  async #segment(segment: string): Promise<void> {
    this.#segments++;
    if (this.#lastSegment !== null && !this.#checkpoint.closed)
      this.#report(
        'missing-checkpoint',
        this.#lastSegment,
        `Hour ${this.#lastSegment} was never closed, though ${segment} comes after it.`,
      );
    this.#lastSegment = segment;
    const checkpoints = await this.#checkpoints(segment);
    const due = new Map<number, Checkpoint[]>();
    for (const each of checkpoints) due.set(each.last_seq, [...(due.get(each.last_seq) ?? []), each]);
    const hashes = new Map<number, string>();
    let isFirst = true;
    for await (const line of this.#source.entries(segment)) {
      this.#entries++;
      if (isFirst) this.#beginAt(checkpoints[0], line);
      isFirst = false;
      const { entry, after } = follow(this.#followed, line, segment, this.#report);
      this.#followed = after;
      if (!entry) continue;
      if (this.#options.further) hashes.set(entry.seq, entry.hash);
      if (entry.action === restoredAction) this.#goBack(entry);
      this.#aggregates.add(entry, segment);
      this.#unsignedSince = Math.min(this.#unsignedSince, entry.recorded_at);
      for (const checkpoint of due.get(entry.seq) ?? []) this.#vouch(checkpoint);
      due.delete(entry.seq);
      this.#meetHead(segment);
    }
    for (const [seq, [checkpoint]] of due)
      if (checkpoint)
        this.#report('truncated', segment, `The log went to entry ${seq} and ends before it.`, seq);
    const last = checkpoints.at(-1);
    if (last?.closed && this.#followed.seq > last.last_seq)
      this.#report(
        'inserted',
        segment,
        `Entries behind ${last.last_seq} were added after the hour was closed.`,
        last.last_seq + 1,
      );
    await this.#options.further?.(segment, hashes, this.#report);
  }

  /** In the midst of a log, the first entry is taken to follow from what it says it does. */
  #beginAt(checkpoint: Checkpoint | undefined, line: string): void {
    if (!this.#options.isPart || this.#segments > 1) return;
    const entry = /"prev_hash":"(sha256:[0-9a-f]{64})"/.exec(line)?.[1];
    if (checkpoint && entry) this.#followed = { seq: checkpoint.first_seq - 1, hash: entry, recordedAt: 0 };
  }

  /** The checkpoints of an hour that are in place; signatures are looked at when their entries are. */
  async #checkpoints(segment: string): Promise<Checkpoint[]> {
    const found: Checkpoint[] = [];
    for await (const line of this.#source.checkpoints(segment)) {
      const checkpoint = checkpointOn(line);
      if (!checkpoint) {
        this.#report('malformed', segment, 'A line of the checkpoints is no checkpoint.');
        continue;
      }
      if (checkpoint.segment !== segment)
        this.#report(
          'misplaced',
          segment,
          `A checkpoint is that of hour ${checkpoint.segment}.`,
          checkpoint.last_seq,
        );
      const isFirst = this.#options.isPart && this.#segments === 1 && found.length === 0;
      if (!isFirst && checkpoint.prev_checkpoint_hash !== this.#checkpoint.hash)
        this.#report(
          'missing-checkpoint',
          segment,
          `The checkpoint over entry ${checkpoint.last_seq} does not follow from the one before.`,
          checkpoint.last_seq,
        );
      if (checkpoint.at < this.#checkpoint.at)
        this.#report(
          'clock',
          segment,
          `The checkpoint over entry ${checkpoint.last_seq} is older than the one before.`,
          checkpoint.last_seq,
        );
      const fault = signatureFault(checkpoint, this.#options.keys);
      if (fault && fault.kind !== 'unsigned')
        this.#report(
          fault.kind,
          segment,
          `Entry ${checkpoint.last_seq}: ${fault.message}`,
          checkpoint.last_seq,
        );
      this.#checkpoint = {
        hash: digestOf(checkpoint),
        at: checkpoint.at,
        closed: checkpoint.closed,
        unsigned: fault?.kind === 'unsigned',
      };
      found.push(checkpoint);
    }
    return found;
  }

  /** Compares a checkpoint with the entry that it is over. */
  #vouch(checkpoint: Checkpoint): void {
    const { seq, hash } = this.#followed;
    if (checkpoint.last_hash !== hash)
      this.#report(
        'rebuilt',
        checkpoint.segment,
        `The log up to entry ${seq} is not the one that was vouched for.`,
        seq,
      );
    else if (!signatureFault(checkpoint, this.#options.keys)) {
      this.#verifiedTo = { seq, hash };
      this.#unsignedSince = Number.POSITIVE_INFINITY;
    }
  }

  #meetHead(segment: string): void {
    const expected = this.#options.expectedHead;
    if (expected?.seq !== this.#followed.seq) return;
    this.#hasReachedHead = true;
    if (expected.hash !== this.#followed.hash)
      this.#report('head', segment, `Entry ${expected.seq} is not the one that is known.`, expected.seq);
  }

  #end(): void {
    const expected = this.#options.expectedHead;
    if (expected && expected.seq > 0 && !this.#hasReachedHead)
      this.#report(
        'head',
        this.#lastSegment,
        `The log ends at entry ${this.#followed.seq}; it is known to have had entry ${expected.seq}.`,
        expected.seq,
      );
    if (this.#checkpoint.unsigned)
      this.#report(
        'unsigned',
        this.#lastSegment,
        'The last checkpoint is not signed: whoever owns the store can have written all since the last one that is.',
      );
    else if (this.#unsignedSince < (this.#options.now ?? 0) - unsignedMilliseconds)
      this.#report(
        'unsigned',
        this.#lastSegment,
        `No checkpoint vouches for the entries behind ${this.#verifiedTo.seq}, which have been there for long.`,
        this.#verifiedTo.seq + 1,
      );
    else if (this.#entries > 0 && this.#checkpoint.hash === noHash)
      this.#report('unsigned', this.#lastSegment, 'No checkpoint vouches for any entry.');
  }
}
