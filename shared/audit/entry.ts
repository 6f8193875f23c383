import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { CairnEvent } from '../events/index.ts';
import { canonical, type Json } from './canonical.ts';

/*
 * Format 1 of the audit log. What stands here is what the API shows, what is hashed, and, as its canonical JSON, a
 * line of a segment. It is written down in docs/audit-format.md and held by the golden files beside this one.
 */

/** One thing that was done or denied. Times are milliseconds since 1970. */
export type AuditEntry = {
  readonly v: 1;
  /** Position in the whole log, from 1, without gaps. */
  readonly seq: number;
  /** When it happened, by the clock of the instance where it did. */
  readonly at: number;
  /** When it was entered here: never earlier than the entry before. */
  readonly recorded_at: number;
  readonly workspace: string;
  readonly actor: string;
  /** The type of the event. */
  readonly action: string;
  /** What it happened to: `run/<id>`, `model/<id>`, … */
  readonly aggregate: string;
  /** Position among the events of the aggregate in its workspace, from 1, without gaps. */
  readonly aggregate_seq: number;
  readonly outcome: 'done' | 'denied';
  /** Digests of the state of the aggregate before and after. */
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string | null;
  readonly request_id: string;
  /** Ids of what changed; of rules, tokens and data policies also what they say. */
  readonly subject: Readonly<Record<string, string>>;
  /** How many of the same this entry stands for, where there were several. */
  readonly count?: number;
  /** The hash of the entry before; of the first one {@link noHash}. */
  readonly prev_hash: string;
  /** SHA-256 over the canonical JSON of all other members. */
  readonly hash: string;
};

/** An entry before it has its place in the log. */
export type Draft = Omit<AuditEntry, 'seq' | 'recorded_at' | 'prev_hash' | 'hash'>;

/** Where an entry comes to stand. */
export type Place = Pick<AuditEntry, 'seq' | 'recorded_at' | 'prev_hash'>;

/** The action of the entry that says that the metadata store was put back to an earlier time. */
export const restoredAction = 'documents.restored';

/** What the first entry has before it. */
export const noHash = `sha256:${'0'.repeat(64)}`;

const hashText = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const schema = z.strictObject({
  v: z.literal(1),
  seq: z.int().positive(),
  at: z.int(),
  recorded_at: z.int(),
  workspace: z.string(),
  actor: z.string(),
  action: z.string(),
  aggregate: z.string(),
  aggregate_seq: z.int().positive(),
  outcome: z.enum(['done', 'denied']),
  before: z.string().nullable(),
  after: z.string().nullable(),
  reason: z.string().nullable(),
  request_id: z.string(),
  subject: z.record(z.string(), z.string()),
  count: z.int().positive().optional(),
  prev_hash: hashText,
  hash: hashText,
});

const reasonCharsMax = 2000;

/** What an event says, as an entry without a place. */
export function draftOf(event: CairnEvent, workspace: string): Draft {
  const { count, ...subject } = event.subject;
  return {
    v: 1,
    at: event.at,
    workspace: wellFormed(workspace),
    actor: wellFormed(event.actor),
    action: event.type,
    aggregate: wellFormed(event.aggregate),
    aggregate_seq: event.seq,
    outcome: event.type === 'access.denied' ? 'denied' : 'done',
    before: event.before ?? null,
    after: event.after ?? null,
    reason: event.reason === undefined ? null : wellFormed(event.reason.slice(0, reasonCharsMax)),
    request_id: wellFormed(event.requestId),
    subject: Object.fromEntries(
      Object.entries(subject).map(([name, id]) => [wellFormed(name), wellFormed(id)]),
    ),
    ...(count === undefined ? {} : { count: Number(count) }),
  };
}

/** The entry that a draft becomes in its place. */
export function placed(draft: Draft, place: Place): AuditEntry {
  const entry = { ...draft, ...place };
  return { ...entry, hash: digestOf(entry) };
}

/** What the hash of an entry must be. */
export function hashOf({ hash: _, ...entry }: AuditEntry): string {
  return digestOf(entry);
}

/** The draft that an entry was made of. */
export function draftIn({
  seq: _,
  recorded_at: _at,
  prev_hash: _before,
  hash: _hash,
  ...draft
}: AuditEntry): Draft {
  return draft;
}

/** The id of an entry in the metadata store: it follows from what the entry says, so that an event has one. */
export function idOf(draft: Draft): string {
  return digestOf(draft).replace(':', '-');
}

/** SHA-256 over the canonical JSON of a value, as `sha256:<hex>`. */
export function digestOf(value: Json): string {
  return `sha256:${createHash('sha256').update(canonical(value)).digest('hex')}`;
}

/** The line of a segment that is this entry, without the line feed. */
export function lineOf(entry: AuditEntry): string {
  return canonical(entry);
}

/** The entry on a line; `undefined` where the line is not exactly how an entry is written. */
export function entryOn(line: string): AuditEntry | undefined {
  try {
    const read = schema.safeParse(JSON.parse(line));
    return read.success && canonical(read.data) === line ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/** A text that every reader of JSON takes as it is: half of a surrogate pair becomes U+FFFD. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}
