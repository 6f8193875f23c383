import { type AuditEntry, entryOn, hashOf } from '../entry.ts';
import { hourOf } from '../chain/documents.ts';
import type { Report } from './problem.ts';

/** How far the entries have been followed. */
export type Followed = { readonly seq: number; readonly hash: string; readonly recordedAt: number };

/**
 * The entry on the next line and where the log stands behind it; reports what is wrong with either. Behind a fault
 * it goes on with what is there, so that one fault is not reported of all that follows.
 */
export function follow(
  before: Followed,
  line: string,
  segment: string,
  report: Report,
): { readonly entry: AuditEntry | undefined; readonly after: Followed } {
  const entry = entryOn(line);
  if (!entry) {
    report('malformed', segment, `What stands behind entry ${before.seq} is no entry.`, before.seq + 1);
    return { entry, after: before };
  }
  const { seq } = entry;
  if (hashOf(entry) !== entry.hash)
    report('tampered', segment, `Entry ${seq} is not what it was when it was entered.`, seq);
  if (seq <= before.seq) {
    report('out-of-order', segment, `Entry ${seq} stands behind entry ${before.seq}.`, seq);
    return { entry: undefined, after: before };
  }
  if (seq > before.seq + 1) {
    const gone =
      seq === before.seq + 2 ? `Entry ${seq - 1} is` : `Entries ${before.seq + 1} to ${seq - 1} are`;
    report('missing', segment, `${gone} gone.`, before.seq + 1);
  } else if (entry.prev_hash !== before.hash)
    report('broken-chain', segment, `Entry ${seq} does not follow from entry ${before.seq}.`, seq);
  if (entry.recorded_at < before.recordedAt)
    report('clock', segment, `Entry ${seq} was entered before entry ${before.seq} by its own time.`, seq);
  if (!Number.isFinite(entry.recorded_at) || safeHour(entry.recorded_at) !== segment)
    report('misplaced', segment, `Entry ${seq} was not entered in this hour by its own time.`, seq);
  const recordedAt = Math.max(entry.recorded_at, before.recordedAt);
  return { entry, after: { seq, hash: entry.hash, recordedAt } };
}

function safeHour(milliseconds: number): string | undefined {
  return Math.abs(milliseconds) <= 8.64e15 ? hourOf(milliseconds) : undefined;
}
