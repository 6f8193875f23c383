import type { SendOptions, Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { lost, swap } from '../swap.ts';
import { inInvocation } from '../telemetry/index.ts';
import { inTurns } from '../turns.ts';

/**
 * What the timer has to do and when, in one document, so that an idle minute costs one point read.
 * An entry is a work message and its next due time; with `everySeconds` it comes again, else it goes.
 */
export type AgendaEntry = {
  readonly dueAt: number;
  readonly everySeconds?: number;
  /** Whoever finds nothing to do after this takes the entry off; who has something moves it on. */
  readonly until?: number;
  readonly workspace: string;
  readonly message: { readonly kind: string } & Readonly<Record<string, string | number>>;
};

/** What is needed to change the agenda: some do in nobody's name. */
type AgendaPort = Pick<Context, 'stores' | 'ids'>;

type Agenda = Document & {
  readonly type: 'agenda';
  readonly jobId: 'agenda';
  readonly entries: Entries;
};

const key = ['agenda'];

/** Puts an entry on the agenda under a name, replacing the one of that name. */
export async function schedule(ctx: Context, name: string, entry: AgendaEntry): Promise<void> {
  await change(ctx, (entries) => ({ ...entries, [name]: entry }));
}

/** Puts an entry on the agenda unless one of that name stands there already; that one keeps its time. */
export async function scheduleOnce(ctx: AgendaPort, name: string, entry: AgendaEntry): Promise<void> {
  await change(ctx, (entries) => (Object.hasOwn(entries, name) ? undefined : { ...entries, [name]: entry }));
}

/** Has an entry stand until `least` at least: one that does already keeps its time, and costs a read. */
export async function scheduleUntil(
  ctx: Context,
  name: string,
  entry: AgendaEntry & { readonly until: number },
  least: number,
): Promise<void> {
  await change(ctx, (entries) => {
    const before = entries[name];
    if (before === undefined) return { ...entries, [name]: entry };
    const { until = 0 } = before;
    return until >= least ? undefined : { ...entries, [name]: { ...before, until: entry.until } };
  });
}

/** Until when an entry stands at least; `undefined` where there is none, or one that stands for good. */
export async function standsUntil(ctx: Context, name: string): Promise<number | undefined> {
  return (await read(ctx))?.doc.entries[name]?.until;
}

/** Takes an entry off the agenda, where `until` is given only if nobody has moved it on; one that is not there is fine. */
export async function unschedule(ctx: Context, name: string, until?: number): Promise<void> {
  await change(ctx, ({ [name]: gone, ...rest }) =>
    gone === undefined || (until !== undefined && gone.until !== until) ? undefined : rest,
  );
}

/** Takes the entries off the agenda whose names are such. */
export async function unscheduleAll(ctx: Context, isGone: (name: string) => boolean): Promise<void> {
  await change(ctx, (entries) => {
    const rest = Object.entries(entries).filter(([name]) => !isGone(name));
    return rest.length === Object.keys(entries).length ? undefined : Object.fromEntries(rest);
  });
}

/**
 * Enqueues all work that is due and moves it to its next time. Enqueued first, moved after: two
 * timers, or a crash between, send a message twice, never not at all; the work is idempotent.
 */
export async function enqueueDue(ctx: Context): Promise<number> {
  const now = ctx.clock.now();
  const stored = await read(ctx);
  const due = Object.entries(stored?.doc.entries ?? {}).filter(([, entry]) => isDue(entry, now));
  if (due.length === 0) return 0;
  await inTurns(due, sendsAtOnce, ([, entry]) => enqueue(ctx, entry));
  await change(ctx, (entries) => {
    const next = { ...entries };
    for (const [name, entry] of due) {
      if (entries[name]?.dueAt !== entry.dueAt) continue;
      if (entry.everySeconds === undefined) delete next[name];
      else next[name] = { ...entry, dueAt: nextTime(entry.dueAt, entry.everySeconds, now) };
    }
    return next;
  });
  return due.length;
}

const sendsAtOnce = 8;

/** What is done in a workspace is a trace of its own. What the platform does for itself, each minute, is none. */
async function enqueue(ctx: Context, { workspace, message, everySeconds }: AgendaEntry): Promise<void> {
  const send = (trace: string) =>
    ctx.stores.queues.send({ ...ctx, workspace, trace }, 'work', message, freshOnly(everySeconds));
  if (workspace === '*') return send(ctx.trace);
  await inInvocation('due', { kind: 'internal' }, ({ traceparent }) => send(traceparent));
}

/** As long as the service keeps messages at most, where nobody says otherwise. */
const keptSecondsMax = 7 * 86_400;

/**
 * What comes again is not kept for long: in a queue that is drained slower than it is filled, the messages of every
 * minute would be in the way of the work that they are to look after.
 */
function freshOnly(everySeconds: number | undefined): SendOptions {
  return everySeconds === undefined ? {} : { keptSeconds: Math.min(2 * everySeconds, keptSecondsMax) };
}

/** As far as the clocks of two instances may be apart. */
const skewMilliseconds = 600_000;

/** Also what comes again and is farther ahead than it ever is: that was put there by a clock that was wrong. */
function isDue({ dueAt, everySeconds }: AgendaEntry, now: number): boolean {
  if (dueAt <= now) return true;
  return everySeconds !== undefined && dueAt > now + everySeconds * 1000 + skewMilliseconds;
}

/** The first time after `now` on the grid of the entry, so that times missed while nothing ran are not made up. */
function nextTime(dueAt: number, everySeconds: number, now: number): number {
  const step = everySeconds * 1000;
  return dueAt + (Math.floor((now - dueAt) / step) + 1) * step;
}

type Entries = Readonly<Record<string, AgendaEntry>>;
/** What the agenda shall be; `undefined` where it stays. */
type Update = (entries: Entries) => Entries | undefined;
type Waiting = {
  readonly update: Update;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
};

/** Changes that came while this process wrote the one before, by the store that they are for. */
const waiting = new WeakMap<Stores['documents'], Waiting[]>();

/** Changes that meet in this process are one write: all of the platform writes to this document. */
function change(ctx: AgendaPort, update: Update): Promise<void> {
  return new Promise((done, fail) => {
    const others = waiting.get(ctx.stores.documents);
    if (others) return void others.push({ update, done, fail });
    waiting.set(ctx.stores.documents, [{ update, done, fail }]);
    void writeAll(ctx);
  });
}

async function writeAll(ctx: AgendaPort): Promise<void> {
  for (;;) {
    const batch = waiting.get(ctx.stores.documents)?.splice(0) ?? [];
    if (batch.length === 0) return void waiting.delete(ctx.stores.documents);
    try {
      await write(ctx, (before) => {
        const after = batch.reduce<Entries>((entries, { update }) => update(entries) ?? entries, before);
        return after === before ? undefined : after;
      });
      for (const { done } of batch) done();
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
  }
}

async function write(ctx: AgendaPort, update: Update): Promise<void> {
  await swap(ctx, 'The agenda', async () => {
    const stored = await read(ctx);
    const entries = update(stored?.doc.entries ?? {});
    if (entries === undefined) return undefined;
    const doc: Agenda = { id: 'agenda', jobId: 'agenda', type: 'agenda', v: 1, workspace: '*', entries };
    const { outcome } = await ctx.stores
      .documents('jobs')
      .write(key, stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc });
    return outcome === 'applied' ? undefined : lost;
  });
}

function read(ctx: AgendaPort): Promise<Stored<Agenda> | undefined> {
  return ctx.stores.documents('jobs').read<Agenda>(key, 'agenda');
}
