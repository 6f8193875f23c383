import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The room for new objects while files are scored: two halves of 4 MB. */
const roomBytes = 8 * 1024 * 1024;
const triesMax = 3;
/** By how much the heap may grow before all of it is marked, in percent of what was in use. */
const slackPercent = { plain: 200, wasteful: 60 };

const working = { all: 0, wasteful: 0 };

/**
 * Does work that goes through much memory and keeps little, and sees to it that what is no longer needed makes its
 * process neither larger nor slower. What is read from storage and written to it lies outside the heap, and goes when
 * the small objects that stand for it are collected. Left to itself V8 makes the room for new objects so large that they
 * lie there for long, and then takes each few megabytes of old ones for a reason to mark the whole heap. `isWasteful`:
 * the work also makes many objects that grow old and are then needed no more, so that the heap may grow by less.
 */
export async function withLittleRoom<T>(work: () => Promise<T>, { isWasteful = false } = {}): Promise<T> {
  if (working.all === 0) makeRoomLittle();
  working.all++;
  if (isWasteful) working.wasteful++;
  limit();
  try {
    return await work();
  } finally {
    working.all--;
    if (isWasteful) working.wasteful--;
    limit();
  }
}

/** V8 looks at both whenever it decides: by how much the room for new objects grows (1: not at all), and the slack (0: its own). */
function limit(): void {
  const { all, wasteful } = working;
  const slack = wasteful > 0 ? slackPercent.wasteful : all > 0 ? slackPercent.plain : 0;
  setFlagsFromString(`--semi-space-growth-factor=${all > 0 ? 1 : 2}`);
  setFlagsFromString(`--heap-growing-percent=${slack}`);
}

/**
 * V8 gives room for new objects back only where it is told that memory is short, then all but 1 MB or twice what is in
 * it, and makes it larger only when as much survives.
 */
function makeRoomLittle(): void {
  if (roomNow() <= roomBytes) return;
  const collect = collector();
  for (let tries = 0; tries < triesMax && roomNow() > roomBytes / 2; tries++)
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  // Not while the objects are made, since it might be more than once.
  setFlagsFromString('--semi-space-growth-factor=1');
  const survivors = Array.from({ length: 40_000 }, () => ({}));
  setFlagsFromString(`--semi-space-growth-factor=${Math.max(1, Math.floor(roomBytes / roomNow()))}`);
  collect({ type: 'minor', execution: 'sync' });
  // Up to here they were needed.
  survivors.length = 0;
}

function roomNow(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}

type Collect = (how: { type: 'major' | 'minor'; execution: 'sync'; flavor?: 'last-resort' }) => void;
let collectNow: Collect | undefined;

/** V8's own function, which a program sees only in a context that is made where a flag says so. */
function collector(): Collect {
  if (collectNow) return collectNow;
  setFlagsFromString('--expose-gc');
  collectNow = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return collectNow;
}
