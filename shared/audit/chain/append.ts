import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { jointWriters } from '../../joint.ts';
import { lost, swap } from '../../swap.ts';
import { type AuditEntry, placed } from '../entry.ts';
import { type Addition, type EntryDocument, type HeadDocument, hourOf } from './documents.ts';
import { recordedBefore, recordedIn } from './earlier.ts';
import { openHead } from './open.ts';
import { resumeLog } from './resume.ts';

/** A batch is at most 100 writes, of which one is the head, and 2 MB. */
const entriesMax = 99;
const bytesMax = 1_000_000;
/** What the document adds to a draft, generously. */
const placeBytes = 1000;
const secondsOfDay = 86_400;

type Waiting = Addition & { readonly done: () => void; readonly fail: (error: unknown) => void };
const join = jointWriters<Waiting>();

/**
 * Adds entries to the log, each once however often it is added. Those that meet in this process are one batch: the
 * head of the hour, replaced if nobody else did, and the entries, create-only.
 */
export async function append(ctx: Context, additions: readonly Addition[]): Promise<void> {
  await Promise.all(
    additions.map(
      (addition) =>
        new Promise<void>((done, fail) => {
          join(ctx.stores.documents, 'log', { ...addition, done, fail }, () => async (waiting) => {
            // Those of one call come one after the other: the first of them waits for the rest.
            await Promise.resolve();
            await writeSome(ctx, takeBatch(waiting));
          });
        }),
    ),
  );
}

/** The head that this process wrote or read last. */
const known = new WeakMap<object, Stored<HeadDocument>>();

async function writeSome(ctx: Context, batch: readonly Waiting[]): Promise<void> {
  try {
    let left: readonly Addition[] = [...new Map(batch.map((each) => [each.id, each])).values()];
    await swap(ctx, 'The audit log', async () => {
      const head = await headNow(ctx);
      left = await recordedBefore(ctx, head.doc, left);
      while (left.length > 0) {
        const outcome = await write(ctx, head, left);
        if (outcome === 'applied') break;
        if (outcome === 'lost') return lost;
        left = await recordedIn(ctx, head.doc.segment, left);
      }
      return undefined;
    });
    for (const { done } of batch) done();
  } catch (error) {
    known.delete(ctx.stores.documents);
    for (const { fail } of batch) fail(error);
  }
}

async function headNow(ctx: Context): Promise<Stored<HeadDocument>> {
  const last = known.get(ctx.stores.documents);
  if (last && last.doc.segment >= hourOf(ctx.clock.now())) return last;
  await resumeLog(ctx);
  const head = await openHead(ctx);
  known.set(ctx.stores.documents, head);
  return head;
}

async function write(
  ctx: Context,
  { doc: head, etag }: Stored<HeadDocument>,
  additions: readonly Addition[],
): Promise<'applied' | 'lost' | 'some-recorded'> {
  const entries = chained(ctx, head, additions);
  const last = entries.at(-1)?.entry ?? { seq: head.lastSeq, hash: head.lastHash, recorded_at: head.lastAt };
  const next: HeadDocument = { ...head, lastSeq: last.seq, lastHash: last.hash, lastAt: last.recorded_at };
  const result = await ctx.stores
    .documents('audit')
    .batch(
      [head.segment],
      [{ op: 'replace', doc: next, etag }, ...entries.map((doc) => ({ op: 'create' as const, doc }))],
    );
  if (result.outcome === 'applied') {
    known.set(ctx.stores.documents, { doc: next, etag: result.etags[0] ?? '' });
    return 'applied';
  }
  if (result.outcome === 'exists') return 'some-recorded';
  known.delete(ctx.stores.documents);
  return 'lost';
}

/** The entries in their places behind the head. */
function chained(ctx: Context, head: HeadDocument, additions: readonly Addition[]): EntryDocument[] {
  const { segment } = head;
  // The clock of another instance may be ahead of this one's; the log's own time never goes back.
  const now = Math.max(ctx.clock.now(), head.lastAt);
  let before: Pick<AuditEntry, 'seq' | 'hash'> = { seq: head.lastSeq, hash: head.lastHash };
  return additions.map(({ id, draft }) => {
    const entry = placed(draft, { seq: before.seq + 1, recorded_at: now, prev_hash: before.hash });
    before = entry;
    return {
      id,
      type: 'audit-entry',
      v: 1,
      workspace: draft.workspace,
      segment,
      entry,
      ttl: ctx.settings.auditDays * secondsOfDay,
    };
  });
}

/** Takes from the front what fits one batch. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  const fits = waiting.findIndex(({ draft }, i) => {
    bytes += Buffer.byteLength(JSON.stringify(draft)) + placeBytes;
    return i > 0 && (i >= entriesMax || bytes > bytesMax);
  });
  return waiting.splice(0, fits < 0 ? waiting.length : fits);
}
