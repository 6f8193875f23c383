import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import { inTurns } from '../turns.ts';
import { type AccessState, emptyState, type HeldDocument, heldUnder, stateWith } from './held.ts';
import { type AccessDocument, accessKey, type AccessRoot, type GoneDocument } from './model.ts';

/** What is needed to look at the rules: there is no caller yet when they are first asked for. */
export type AccessPort = Pick<Context, 'stores' | 'clock' | 'log'>;

/** What is held this long is confirmed again, while those who ask go on with it. */
const confirmAfterMilliseconds = 1000;
/** Nobody is served by what was not confirmed this long: a revocation is in force everywhere after it. */
const freshMilliseconds = 2000;
/** While the store does not answer, what is held serves this long; then nobody gets in. */
const outageMillisecondsMax = 60_000;

const readsAtOnceMax = 10;

type Keeper = {
  held?: { readonly state: AccessState; readonly confirmedAt: number };
  checking?: Promise<AccessState>;
  /** Set by a store that does not answer, so that not every request waits for it in vain. */
  tryAgainAt: number;
};

const keepers = new WeakMap<Stores['documents'], Keeper>();

/**
 * The rules of access, at most {@link freshMilliseconds} old. Held in memory; the root document tells by one point
 * read, which all who wait share, whether they moved. Throws `unavailable` where the store has not answered for too
 * long.
 */
export async function accessState(port: AccessPort): Promise<AccessState> {
  const keeper = keeperOf(port);
  const now = port.clock.now();
  const { held } = keeper;
  if (!held) return confirmed(port, keeper);
  const age = now - held.confirmedAt;
  // A clock that was set back tells nothing about age.
  if (age < 0) return confirmed(port, keeper);
  if (age < confirmAfterMilliseconds) return held.state;
  if (now < keeper.tryAgainAt && age < outageMillisecondsMax) return held.state;
  if (age >= freshMilliseconds) return confirmed(port, keeper);
  // Whoever comes when it is too old to serve waits for this, and hears of its failure.
  confirmed(port, keeper).catch(() => undefined);
  return held.state;
}

/** The rules as the root stands now, with the root to make a change conditional on. */
export async function currentState(
  port: AccessPort,
): Promise<{ state: AccessState; root: Stored<AccessRoot> | undefined }> {
  const keeper = keeperOf(port);
  const began = port.clock.now();
  const root = await readRoot(port);
  const seq = root?.doc.seq ?? 0;
  const held = keeper.held?.state;
  if (held?.seq === seq) return { state: held, root };
  const state = (held && root && (await caughtUp(port, held, root.doc))) ?? (await load(port, seq));
  return { state: hold(keeper, state, began), root };
}

/** Lets a change that was made here show at once: `state` is what the rules are since `at`. */
export function adopt(port: AccessPort, state: AccessState, at: number): void {
  hold(keeperOf(port), state, at);
}

function keeperOf({ stores }: AccessPort): Keeper {
  let keeper = keepers.get(stores.documents);
  if (!keeper) keepers.set(stores.documents, (keeper = { tryAgainAt: 0 }));
  return keeper;
}

function confirmed(port: AccessPort, keeper: Keeper): Promise<AccessState> {
  keeper.checking ??= confirm(port, keeper).finally(() => {
    delete keeper.checking;
  });
  return keeper.checking;
}

async function confirm(port: AccessPort, keeper: Keeper): Promise<AccessState> {
  const began = port.clock.now();
  try {
    const { state } = await currentState(port);
    return hold(keeper, state, began);
  } catch (cause) {
    const now = port.clock.now();
    const { held } = keeper;
    port.log.warn('rules of access not confirmed', {
      reason: String(cause),
      ageMilliseconds: held ? now - held.confirmedAt : null,
    });
    if (held && now - held.confirmedAt < outageMillisecondsMax) {
      keeper.tryAgainAt = now + freshMilliseconds;
      return held.state;
    }
    throw new CairnError('unavailable', 'Who may do what cannot be read now; try again shortly.', {
      retryAfterSeconds: 1,
      cause,
    });
  }
}

/** Holds what was read or made, unless something newer came meanwhile; returns what is held then. */
function hold(keeper: Keeper, state: AccessState, confirmedAt: number): AccessState {
  const { held } = keeper;
  // A root that stands lower than it did is that of a database which was restored: it counts when read later.
  if (!held || state.seq >= held.state.seq || confirmedAt > held.confirmedAt) {
    keeper.held = { state, confirmedAt };
    keeper.tryAgainAt = 0;
    return state;
  }
  return held.state;
}

function readRoot({ stores }: AccessPort): Promise<Stored<AccessRoot> | undefined> {
  return stores.documents('access').read<AccessRoot>(accessKey, 'access');
}

/**
 * What is held with the changes since, where the root still tells of all of them; as exact as {@link load} is.
 */
async function caughtUp(
  { stores }: AccessPort,
  held: AccessState,
  { seq, recent }: AccessRoot,
): Promise<AccessState | undefined> {
  const missed = recent.filter((change) => change.seq > held.seq);
  if (missed.length !== seq - held.seq) return undefined;
  const ids = new Set(missed.flatMap((change) => change.ids));
  const stored = await inTurns([...ids], readsAtOnceMax, (id) =>
    stores.documents('access').read<AccessDocument | GoneDocument>(accessKey, id),
  );
  const docs = stored.flatMap((each) => each?.doc ?? []);
  return stateWith(held, seq, docs, heldUnder(held, ids));
}

/**
 * All rules, as they were when the root stood at `seq` or somewhat later: where a change came in between, the next
 * look at the root finds it moved, and a change that was decided on this fails on the root.
 */
async function load({ stores }: AccessPort, seq: number): Promise<AccessState> {
  const docs = await stores.documents('access').query<HeldDocument>(
    {
      text: "SELECT * FROM c WHERE c.type IN ('principal', 'group', 'grant', 'trust', 'workspace')",
    },
    { key: accessKey, consistency: 'strong' },
  );
  return stateWith(emptyState, seq, docs);
}
