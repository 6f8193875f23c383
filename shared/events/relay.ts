import type { Key, Stores, Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type ContainerDeclaration, type ContainerName, containers } from '../resources.ts';
import { inInvocation } from '../telemetry/index.ts';
import type { CairnEvent, EventDocument } from './event.ts';

/** Where an event lies. */
export type EventRef = { readonly container: ContainerName; readonly key: Key; readonly id: string };

/** The work message that asks for delivery of events. */
export type EventsMessage = { readonly kind: 'events'; readonly events: readonly EventRef[] };

export type Subscriber = (ctx: Context, event: CairnEvent) => Promise<void>;

/** Is told of every event, of whatever type, with the workspace in which it happened. */
export type Witness = (
  ctx: Context,
  events: readonly Pick<EventDocument, 'event' | 'workspace'>[],
) => Promise<void>;

const gatherMilliseconds = 20;
const refsPerMessageMax = 50;
/** An event this old and still pending was missed by its relay. */
const missedAfterMilliseconds = 60_000;

type Waiting = { ctx: Context; refs: EventRef[]; timer: NodeJS.Timeout };
type Outgoing = { waiting: Map<string, Waiting>; sending: Set<Promise<void>> };
const outgoing = new WeakMap<Stores, Outgoing>();

/**
 * Announces a committed event to the work queue, together with others of the next few milliseconds.
 * It does not wait: what is lost here, the sweep of `tick` finds.
 */
export function relay(
  ctx: Context,
  container: ContainerName,
  key: Key,
  write: Write & { op: 'create' },
): void {
  const out = outgoingOf(ctx.stores);
  const ref: EventRef = { container, key, id: write.doc.id };
  const waiting = out.waiting.get(ctx.workspace);
  if (waiting === undefined) {
    const timer = setTimeout(() => send(out, ctx.workspace), gatherMilliseconds);
    out.waiting.set(ctx.workspace, { ctx, refs: [ref], timer });
  } else if (waiting.refs.push(ref) >= refsPerMessageMax) send(out, ctx.workspace);
}

/** Sends what waits and returns when it is in the queue: before the process ends, and in tests. */
export async function flushRelay(stores: Stores): Promise<void> {
  const out = outgoingOf(stores);
  for (const workspace of [...out.waiting.keys()]) send(out, workspace);
  await Promise.all(out.sending);
}

/**
 * Serves the subscribers of the events named, each at least once and in any order, then marks the
 * event done. A subscriber that throws leaves its event pending, and the message comes back; the other
 * events of the message do not wait for it. The witness is told of all of them together, beside the
 * subscribers: neither waits for the other or misses an event because the other failed.
 */
export async function deliver(
  ctx: Context,
  message: EventsMessage,
  subscribersOf: (type: CairnEvent['type']) => readonly Subscriber[],
  witness: Witness = () => Promise.resolve(),
): Promise<void> {
  const failures: unknown[] = [];
  const note = (error: unknown): false => {
    failures.push(error);
    return false;
  };
  const found = await Promise.all(message.events.map((ref) => pendingAt(ctx, ref).catch(note)));
  const pending = found.filter((each) => each !== false && each !== undefined);
  const witnessed = witness(
    ctx,
    pending.map(({ stored }) => stored.doc),
  ).then(() => true, note);
  for (const { ref, stored } of pending) {
    const { event, workspace } = stored.doc;
    const served = await serve({ ...ctx, workspace }, event, subscribersOf(event.type)).then(
      () => true,
      note,
    );
    if (served && (await witnessed)) await markDone(ctx, ref, stored).catch(note);
  }
  await witnessed;
  if (failures.length > 0) throw failures[0];
}

/** Re-announces events whose relay was lost. Returns how many. */
export async function sweepEvents(ctx: Context): Promise<number> {
  let found = 0;
  for (const [container, declaration] of Object.entries(containers) as [
    ContainerName,
    ContainerDeclaration,
  ][]) {
    const rows = await ctx.stores.documents(container).query<EventDocument & Record<string, unknown>>(
      {
        text: "SELECT * FROM c WHERE c.type = 'event' AND c.pending = true AND c.event.at < @before",
        values: { before: ctx.clock.now() - missedAfterMilliseconds },
      },
      { limit: 1000 },
    );
    for (let i = 0; i < rows.length; i += refsPerMessageMax) {
      const events = rows.slice(i, i + refsPerMessageMax).map((row): EventRef => {
        const key = declaration.partitionKey.map((path) => String(row[path.slice(1)]));
        return { container, key, id: row.id };
      });
      await ctx.stores.queues.send(ctx, 'work', { kind: 'events', events } satisfies EventsMessage);
    }
    found += rows.length;
  }
  return found;
}

type Pending = { readonly ref: EventRef; readonly stored: Stored<EventDocument> };

async function pendingAt(ctx: Context, ref: EventRef): Promise<Pending | undefined> {
  const stored = await ctx.stores.documents(ref.container).read<EventDocument>(ref.key, ref.id);
  return stored?.doc.pending ? { ref, stored } : undefined;
}

/** Events of several requests share a message: what is done for each belongs to the trace of its own. */
async function serve(ctx: Context, event: CairnEvent, subscribers: readonly Subscriber[]): Promise<void> {
  if (subscribers.length === 0) return;
  await inInvocation(
    `deliver ${event.type}`,
    { kind: 'consumer', cause: event.traceparent },
    async (span) => {
      for (const subscriber of subscribers) await subscriber({ ...ctx, trace: span.traceparent }, event);
    },
  );
}

async function markDone(ctx: Context, { container, key }: EventRef, stored: Stored<EventDocument>) {
  const { pending, ...done } = stored.doc;
  await ctx.stores.documents(container).write(key, { op: 'replace', doc: done, etag: stored.etag });
}

function outgoingOf(stores: Stores): Outgoing {
  let out = outgoing.get(stores);
  if (!out) outgoing.set(stores, (out = { waiting: new Map(), sending: new Set() }));
  return out;
}

function send(out: Outgoing, workspace: string): void {
  const waiting = out.waiting.get(workspace);
  if (!waiting) return;
  clearTimeout(waiting.timer);
  out.waiting.delete(workspace);
  const { ctx, refs } = waiting;
  // Others' events go with it: the reason of one is not theirs.
  const { reason: _, ...sender } = ctx;
  const message: EventsMessage = { kind: 'events', events: refs };
  const sending = ctx.stores.queues
    .send(sender, 'work', message)
    .catch((error: unknown) =>
      ctx.log.warn('events left to the sweep', { count: refs.length, reason: String(error) }),
    )
    .finally(() => out.sending.delete(sending));
  out.sending.add(sending);
}
