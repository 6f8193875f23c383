import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type EventType, eventWrite, type NewEvent, relay } from '../events/index.ts';
import { lost, swapInTurn } from '../swap.ts';
import { type AccessState, stateWith } from './held.ts';
import { type AccessDocument, accessId, accessKey, type AccessRoot, type GoneDocument } from './model.ts';
import { adopt, currentState } from './state.ts';

/** Edits of one change at most: with their events and the root they are one batch of the store, which takes 100. */
export const editsMax = 49;

/** Documents that the root remembers as changed lately: who is no further behind reads these and not all. */
const recentMax = 50;

/** One document that a change makes, replaces (with `before` and `after`) or deletes, and what is told of it. */
export type Edit = {
  /** As it was read; what was left by a deletion counts, so that the sequence goes on. */
  readonly before?: Stored<AccessDocument | GoneDocument> | undefined;
  /** As it shall be; its `seq` is set here. */
  readonly after?: AccessDocument | undefined;
  readonly told: {
    readonly type: EventType;
    readonly reason?: string | undefined;
    readonly subject?: Readonly<Record<string, string>>;
  };
};

/** What an attempt decides: what is to be edited, and what the change gives. No edit: nothing is to change. */
export type AccessChange<T> = { readonly edits: readonly Edit[]; readonly result: T };

/**
 * One change of who may do what. `attempt` is given the rules as they stand, which nobody changes before its
 * edits are written: the root is replaced in the same batch, and everything is decided again where it moved.
 * It may throw. Other instances see the change within two seconds, this one at once. Throws `unavailable` where
 * too many change something at once.
 */
export async function changeAccess<T>(
  ctx: Context,
  attempt: (state: AccessState) => Promise<AccessChange<T>> | AccessChange<T>,
): Promise<T> {
  const there: Context = { ...ctx, workspace: '*' };
  return swapInTurn(there, 'Access', async () => {
    const { state, root } = await currentState(there);
    const { edits, result } = await attempt(state);
    if (edits.length === 0) return result;
    // What the rules have and the store has no more was deleted since they were read.
    if (edits.some(({ before, after }) => !before && !after)) return lost;
    const seq = state.seq + 1;
    const changes = edits.map(counted);
    const events = changes.map((change) => eventWrite(there, change.event, {}));
    const began = there.clock.now();
    const writes = [rootWrite(root, seq, changes), ...changes.map((change) => change.write), ...events];
    const { outcome } = await there.stores.documents('access').batch(accessKey, writes);
    if (outcome !== 'applied') return lost;
    const removed = changes.flatMap(({ before }) => before ?? []);
    const put = changes.flatMap(({ after }) => after ?? []);
    adopt(there, stateWith(state, seq, put, removed), began);
    for (const event of events) relay(there, 'access', accessKey, event);
    return result;
  });
}

/** A document as it is stored, or what was left of it; its etag makes an edit of it conditional. */
export function readAccess<T extends AccessDocument>(
  ctx: Context,
  type: T['type'],
  name: string,
): Promise<Stored<T | GoneDocument> | undefined> {
  return ctx.stores.documents('access').read<T | GoneDocument>(accessKey, accessId(type, name));
}

function rootWrite(root: Stored<AccessRoot> | undefined, seq: number, changes: readonly Counted[]): Write {
  const recent = [{ seq, ids: changes.map(({ id }) => id) }];
  let count = changes.length;
  for (const change of root?.doc.recent ?? []) {
    count += Math.max(1, change.ids.length);
    if (count > recentMax) break;
    recent.push({ seq: change.seq, ids: [...change.ids] });
  }
  const doc: AccessRoot = { id: 'access', type: 'access-root', v: 1, workspace: '*', seq, recent };
  return root ? { op: 'replace', doc, etag: root.etag } : { op: 'create', doc };
}

type Counted = {
  readonly id: string;
  readonly before: AccessDocument | GoneDocument | undefined;
  readonly after: AccessDocument | GoneDocument | undefined;
  readonly write: Write;
  readonly event: NewEvent;
};

function counted({ before, after, told }: Edit): Counted {
  const seq = (before?.doc.seq ?? 0) + 1;
  const subjectDoc = after ?? before?.doc;
  if (!subjectDoc || subjectDoc.type === 'gone') throw new Error('An edit is of something.');
  const kept = after ? { ...after, seq } : left(subjectDoc, seq);
  const event: NewEvent = {
    type: told.type,
    aggregate: aggregateOf(subjectDoc),
    seq,
    subject: told.subject ?? {},
    ...(before && before.doc.type !== 'gone' ? { before: before.doc } : {}),
    ...(after ? { after: kept } : {}),
    ...(told.reason === undefined ? {} : { reason: told.reason }),
  };
  return {
    id: subjectDoc.id,
    before: before?.doc,
    after: kept,
    write: writeOf(before, kept, subjectDoc.id),
    event,
  };
}

/** What a deletion leaves. The id of a grant or a token comes never again. */
function left({ id, type }: AccessDocument, seq: number): GoneDocument | undefined {
  if (type === 'grant' || type === 'token') return undefined;
  return { id, type: 'gone', v: 1, workspace: '*', seq };
}

function writeOf(
  before: Stored<AccessDocument | GoneDocument> | undefined,
  doc: AccessDocument | GoneDocument | undefined,
  id: string,
): Write {
  if (!before) {
    if (!doc) throw new Error('What is not there cannot be deleted.');
    return { op: 'create', doc };
  }
  return doc ? { op: 'replace', doc, etag: before.etag } : { op: 'delete', id, etag: before.etag };
}

function aggregateOf(doc: AccessDocument): string {
  switch (doc.type) {
    case 'principal':
      return `principal/${doc.principalId}`;
    case 'grant':
      return `grant/${doc.grantId}`;
    case 'token':
      return `token/${doc.tokenId}`;
    case 'group':
    case 'trust':
    case 'workspace':
      return `${doc.type}/${doc.name}`;
  }
}
