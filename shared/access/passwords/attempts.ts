import { createHash } from 'node:crypto';
import type { Stores } from '../../azure/index.ts';
import type { Document, Stored } from '../../documents.ts';
import { CairnError } from '../../http/index.ts';
import { lost, swap } from '../../swap.ts';
import type { Context } from '../../context.ts';
import { accessKey } from '../model.ts';

/** Wrong passwords of late, for one user or from one address: all instances count them together. */
type AttemptsDocument = Document & {
  readonly type: 'attempts';
  readonly failures: number;
  /** When the first of them was, in milliseconds since 1970. */
  readonly since: number;
  readonly ttl: number;
};

const windowSeconds = 900;
/** A forgetful person gets in; who guesses tries a thousand a day. */
const failuresMax = { user: 10, address: 50 } as const;

type Counted = { readonly of: keyof typeof failuresMax; readonly name: string };
type Port = Pick<Context, 'stores' | 'clock' | 'ids'>;

/** Attempts under way in this process, which count as failures until they are none. */
const underWay = new WeakMap<Stores['documents'], Map<string, number>>();

/**
 * Lets `attempt` say whether a password is right, unless too many were wrong lately for the user or from the
 * address: that is `too-many`, whether there is such a user or not. Only a wrong one is written.
 */
export async function limited(
  port: Port,
  from: { readonly user: string; readonly address: string },
  attempt: () => Promise<boolean>,
): Promise<boolean> {
  const counted: readonly Counted[] = [
    { of: 'user', name: from.user.toLowerCase() },
    { of: 'address', name: from.address },
  ];
  const here = underWayIn(port.stores);
  const ids = counted.map(idOf);
  for (const id of ids) here.set(id, (here.get(id) ?? 0) + 1);
  try {
    const known = await Promise.all(ids.map((id) => read(port, id)));
    for (const [i, { of }] of counted.entries())
      checkNumber(port.clock.now(), known[i]?.doc, here.get(ids[i] ?? '') ?? 0, failuresMax[of]);
    const isRight = await attempt();
    if (!isRight) await Promise.all(ids.map((id) => count(port, id)));
    return isRight;
  } finally {
    for (const id of ids) {
      const rest = (here.get(id) ?? 1) - 1;
      if (rest > 0) here.set(id, rest);
      else here.delete(id);
    }
  }
}

/** Throws `too-many` where failures of the last while and what is under way are more than `max`. */
function checkNumber(now: number, doc: AttemptsDocument | undefined, here: number, max: number): void {
  const failures = doc && isOfLate(now, doc) ? doc.failures : 0;
  if (failures + here <= max) return;
  const endsAt = failures > 0 && doc ? doc.since + windowSeconds * 1000 : now + 5000;
  throw new CairnError('too-many', 'Too many passwords were tried; wait before you try again.', {
    retryAfterSeconds: Math.ceil((endsAt - now) / 1000),
  });
}

const isOfLate = (now: number, { since }: AttemptsDocument) => now < since + windowSeconds * 1000;

async function count(port: Port, id: string): Promise<void> {
  await swap(port, 'The count of attempts', async () => {
    const stored = await read(port, id);
    const now = port.clock.now();
    const before = stored && isOfLate(now, stored.doc) ? stored.doc : { failures: 0, since: now };
    const doc: AttemptsDocument = {
      id,
      type: 'attempts',
      v: 1,
      workspace: '*',
      failures: before.failures + 1,
      since: before.since,
      ttl: 2 * windowSeconds,
    };
    const write = stored
      ? ({ op: 'replace', doc, etag: stored.etag } as const)
      : ({ op: 'create', doc } as const);
    const { outcome } = await port.stores.documents('access').write(accessKey, write);
    return outcome === 'applied' ? undefined : lost;
  });
}

function read({ stores }: Port, id: string): Promise<Stored<AttemptsDocument> | undefined> {
  return stores.documents('access').read<AttemptsDocument>(accessKey, id);
}

/** What a name was given as is not kept: somebody may have typed a password there. */
function idOf({ of, name }: Counted): string {
  return `attempts:${of}:${createHash('sha256').update(name).digest('hex')}`;
}

function underWayIn({ documents }: Stores): Map<string, number> {
  let counts = underWay.get(documents);
  if (!counts) underWay.set(documents, (counts = new Map()));
  return counts;
}
