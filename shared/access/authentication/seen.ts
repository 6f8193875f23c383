import type { Stores } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { lost, swap } from '../../swap.ts';
import type { Identity } from '../identity.ts';
import { accessKey, type SeenDocument } from '../model.ts';
import type { Role } from '../role.ts';

/** An instance writes the last use of one principal or token no more often. */
const everyMilliseconds = 600_000;
const lookMilliseconds = 60_000;
/** So many are watched; those seen first are written, and forgotten. */
const watchedMax = 5000;

type Port = Pick<Context, 'stores' | 'clock' | 'ids' | 'log'>;

type Watched = {
  readonly port: Port;
  /** What is not written yet. */
  at: number;
  roles: Partial<Record<Role, number>>;
  isDirty: boolean;
  /** When it was last written from here. */
  writtenAt: number;
  writing?: Promise<void>;
};

const watchedBy = new WeakMap<Stores['documents'], Map<string, Watched>>();
const timers = new WeakMap<Stores['documents'], NodeJS.Timeout>();

/** The document that tells when a principal, or a token (`token:<id>`), was last used. */
export function seenId(of: string): string {
  return `seen:${of.replaceAll('/', ':')}`;
}

/**
 * Notes that someone was here, and the role that what they did asks for. The request does not wait: it is written
 * at once, then at most every ten minutes, and by {@link flushSeen}. What a crash loses is minutes of a last use.
 */
export function noteSeen(port: Port, { principal, kind, token }: Identity, role: Role | undefined): void {
  if (kind === 'nobody') return;
  note(port, seenId(principal.id), role);
  if (token) note(port, seenId(`token:${token.tokenId}`), role);
}

/** Writes what is noted: before the process ends, and before a review. */
export async function flushSeen({ documents }: Pick<Stores, 'documents'>): Promise<void> {
  stopTimer(documents);
  const watched = [...(watchedBy.get(documents) ?? [])];
  await Promise.all(watched.map(async ([id, each]) => (each.isDirty ? write(id, each) : each.writing)));
}

function note(port: Port, id: string, role: Role | undefined): void {
  const { documents } = port.stores;
  let all = watchedBy.get(documents);
  if (!all) watchedBy.set(documents, (all = new Map()));
  let watched = all.get(id);
  if (!watched) {
    watched = { port, at: 0, roles: {}, isDirty: false, writtenAt: Number.NEGATIVE_INFINITY };
    forgetOldest(all);
    all.set(id, watched);
  }
  const now = port.clock.now();
  watched.at = now;
  if (role) watched.roles[role] = now;
  watched.isDirty = true;
  if (now - watched.writtenAt >= everyMilliseconds) void write(id, watched);
  else if (!timers.has(documents))
    timers.set(documents, setInterval(() => writeDue(port), lookMilliseconds).unref());
}

/** Writes what has waited for its ten minutes, though nobody came again. */
function writeDue({ stores: { documents }, clock }: Port): void {
  const dirty = [...(watchedBy.get(documents) ?? [])].filter(([, { isDirty }]) => isDirty);
  for (const [id, watched] of dirty)
    if (clock.now() - watched.writtenAt >= everyMilliseconds) void write(id, watched);
  if (dirty.length === 0) stopTimer(documents);
}

function stopTimer(documents: Stores['documents']): void {
  clearInterval(timers.get(documents));
  timers.delete(documents);
}

function forgetOldest(all: Map<string, Watched>): void {
  const [oldest] = all.size >= watchedMax ? all : [];
  if (!oldest) return;
  all.delete(oldest[0]);
  if (oldest[1].isDirty) void write(...oldest);
}

/** Writes one, after what is being written of it already. Whatever fails is said in the log and tried with the next use. */
function write(id: string, watched: Watched): Promise<void> {
  const { port } = watched;
  watched.writtenAt = port.clock.now();
  const before = watched.writing ?? Promise.resolve();
  watched.writing = before
    .then(() => merge(port, id, watched))
    .catch((error: unknown) => {
      watched.isDirty = true;
      port.log.warn('last use not written', { of: id, reason: String(error) });
    });
  return watched.writing;
}

async function merge(port: Port, id: string, watched: Watched): Promise<void> {
  if (!watched.isDirty) return;
  watched.isDirty = false;
  const { at, roles } = watched;
  const documents = port.stores.documents('access');
  await swap(port, 'A last use', async () => {
    const stored = await documents.read<SeenDocument>(accessKey, id);
    const doc: SeenDocument = {
      id,
      type: 'seen',
      v: 1,
      workspace: '*',
      at: Math.max(at, stored?.doc.at ?? 0),
      roles: later(stored?.doc.roles ?? {}, roles),
    };
    const put = stored
      ? ({ op: 'replace', doc, etag: stored.etag } as const)
      : ({ op: 'create', doc } as const);
    const { outcome } = await documents.write(accessKey, put);
    return outcome === 'applied' ? undefined : lost;
  });
}

function later(a: SeenDocument['roles'], b: SeenDocument['roles']): SeenDocument['roles'] {
  const both = new Set([...Object.keys(a), ...Object.keys(b)] as Role[]);
  return Object.fromEntries([...both].map((role) => [role, Math.max(a[role] ?? 0, b[role] ?? 0)]));
}
