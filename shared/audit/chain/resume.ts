import type { Context } from '../../context.ts';
import type { Document } from '../../documents.ts';
import { inTurns } from '../../turns.ts';
import { type AuditEntry, type Draft, draftIn, idOf, noHash, placed, restoredAction } from '../entry.ts';
import {
  chainPartition,
  type EntryDocument,
  type HeadDocument,
  hourOf,
  readHead,
  startOf,
  type TailDocument,
} from './documents.ts';
import { findLost, type Lost } from './lost.ts';

const writesAtOnce = 16;
const secondsOfDay = 86_400;

const resumed = new WeakMap<object, Promise<void>>();

/**
 * Lets the log go on where its segments end, before this process adds to it. An entry is in the metadata store before
 * it is in a segment, so segments that go further tell that the store was put back to an earlier time. Segments cannot
 * be taken back: what they have and the store has not is entered in the store again, and behind it an entry that says
 * so. Where nothing was restored this costs two reads and two looks at blobs, once in a process.
 * @throws Error where the log was added to after the restore, by something that did not look here first
 */
export function resumeLog(ctx: Context): Promise<void> {
  const { documents } = ctx.stores;
  const known = resumed.get(documents);
  if (known) return known;
  const resuming = resume(ctx);
  resumed.set(documents, resuming);
  resuming.catch(() => resumed.delete(documents));
  return resuming;
}

async function resume(ctx: Context): Promise<void> {
  const { last, lost, isClosed } = await findLost(ctx);
  const end = lost.at(-1)?.entries.at(-1);
  if (!end) return;
  const restore = await agreed(ctx, { storeTo: last?.lastSeq ?? 0, end, isClosed });
  await takeUp(ctx, last, withEntry(lost, restore));
  const fields = { storeTo: last?.lastSeq ?? 0, segmentsTo: end.seq };
  ctx.log.warn('the metadata store was restored: the audit log goes on behind its segments', fields);
}

/** The entry that says that the store was restored, and its hour: the same for all processes that find it so. */
type Restore = Document & {
  readonly type: 'audit-restore';
  readonly segment: typeof chainPartition;
  readonly hour: string;
  readonly entry: AuditEntry;
};

type Gap = { readonly storeTo: number; readonly end: AuditEntry; readonly isClosed: boolean };

async function agreed(ctx: Context, { storeTo, end, isClosed }: Gap): Promise<Restore> {
  const documents = ctx.stores.documents('audit');
  const ended = hourOf(end.recorded_at);
  const soonest = isClosed ? hourOf(startOf(ended) + 3_600_000) : ended;
  const hour = [hourOf(ctx.clock.now()), soonest].toSorted().at(-1) ?? soonest;
  const draft: Draft = {
    v: 1,
    at: ctx.clock.now(),
    workspace: '*',
    actor: 'cairn',
    action: restoredAction,
    aggregate: `restore/${end.seq}`,
    aggregate_seq: 1,
    outcome: 'done',
    before: null,
    after: null,
    reason: null,
    request_id: ctx.requestId,
    subject: { store_to: String(storeTo), segments_to: String(end.seq) },
  };
  const recordedAt = Math.max(ctx.clock.now(), startOf(hour), end.recorded_at);
  const doc: Restore = {
    id: `restore-${end.seq}`,
    type: 'audit-restore',
    v: 1,
    workspace: '*',
    segment: chainPartition,
    hour,
    entry: placed(draft, { seq: end.seq + 1, recorded_at: recordedAt, prev_hash: end.hash }),
  };
  await documents.write([chainPartition], { op: 'create', doc });
  return (await documents.read<Restore>([chainPartition], doc.id))?.doc ?? doc;
}

function withEntry(lost: readonly Lost[], { hour, entry }: Restore): Lost[] {
  const last = lost.at(-1);
  if (last?.segment !== hour) return [...lost, { segment: hour, firstSeq: entry.seq, entries: [entry] }];
  return [...lost.slice(0, -1), { ...last, entries: [...last.entries, entry] }];
}

/**
 * Enters what was lost: first the entries, then the heads from the newest to the oldest. The one that leads to all of
 * them is written last, so that nothing of it counts before all of it is there.
 */
async function takeUp(ctx: Context, last: HeadDocument | undefined, lost: readonly Lost[]): Promise<void> {
  const documents = ctx.stores.documents('audit');
  const ttl = ctx.settings.auditDays * secondsOfDay;
  for (const { segment, entries } of lost)
    await inTurns(entries, writesAtOnce, (entry) => {
      const draft = draftIn(entry);
      const place = { id: idOf(draft), workspace: draft.workspace, segment };
      const doc: EntryDocument = { ...place, type: 'audit-entry', v: 1, entry, ttl };
      return documents.write([segment], { op: 'create', doc });
    });
  for (const head of headsOf(last, lost).toReversed()) {
    const stored = await readHead(ctx, head.segment);
    // Another process was faster, and goes on there.
    if (stored && stored.doc.lastSeq > head.lastSeq) continue;
    const doc: HeadDocument = { ...stored?.doc, ...head };
    await documents.write(
      [head.segment],
      stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc },
    );
  }
  const [first] = lost;
  if (last || !first) return;
  const place = { segment: chainPartition, first: first.segment, at: first.segment } as const;
  const doc: TailDocument = { id: 'tail', type: 'audit-tail', v: 1, workspace: '*', ...place };
  await documents.write([chainPartition], { op: 'create', doc });
}

function headsOf(last: HeadDocument | undefined, lost: readonly Lost[]): HeadDocument[] {
  const heads = lost.map(({ segment, firstSeq, entries }, i): HeadDocument => {
    const end = entries.at(-1);
    const previous = lost[i - 1]?.segment ?? last?.segment;
    const next = lost[i + 1]?.segment;
    return {
      id: 'head',
      type: 'audit-head',
      v: 1,
      workspace: '*',
      segment,
      firstSeq,
      lastSeq: end?.seq ?? 0,
      lastHash: end?.hash ?? noHash,
      lastAt: end?.recorded_at ?? 0,
      // The last hour of the store goes on, and keeps the one before it.
      ...(previous === undefined || previous === segment ? {} : { previous }),
      ...(next === undefined ? {} : { next }),
    };
  });
  const first = lost[0]?.segment;
  return last && first !== undefined && first !== last.segment ? [{ ...last, next: first }, ...heads] : heads;
}
