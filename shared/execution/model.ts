import type { DeploymentSettings } from '../endpoints/index.ts';
import type { Loaded, MeasurePlan, Port, Tensors } from '../sessions/index.ts';
import { type Asked, Batcher } from './batcher.ts';
import { Cost } from './cost.ts';
import { LoadFailed } from './failure.ts';
import { Gone, inline, type Mode } from './place.ts';
import { ownProcess } from './process.ts';
import { type Asker, loadAt, type Resident } from './resident.ts';
import { thread } from './thread.ts';

/** A model that is loaded somewhere, with the calls that wait for it. */
export type Model = {
  readonly mode: Mode;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly createMilliseconds: number;
  readonly p99Milliseconds: number | null;
  readonly batcher: Pick<Batcher, 'rowsFree' | 'counts'>;
  /** Of the process it runs in, in bytes; 0 where it has none of its own. */
  memoryBytes(): number;
  /** Throws `timeout`, `too-many`, {@link RunFailed} or {@link Gone}. */
  call(feeds: Tensors, asked: Asked): Promise<Tensors>;
  release(): Promise<void>;
};

/** A model runs in the thread that answers only where nobody notices. */
const inlineRunMillisecondsMax = 2;
const inlineCreateMillisecondsMax = 50;
/** On one row, when it was tried. */
const threadRunMillisecondsMax = 1_000;
/** How long one run may hold others up: the whole instance, or those whose models run aside. */
const runMillisecondsMax: Readonly<Record<Mode, number>> = { inline: 2, worker: 50, process: 50 };

/**
 * Loads a model where it is to run. Whatever the mode, it is created and measured aside first, so that the
 * instance goes on answering meanwhile. Throws {@link LoadFailed}, or `conflict` where a file is not the one recorded.
 */
export async function openModel(
  asker: () => Asker,
  { execution, microBatchRows }: DeploymentSettings,
): Promise<Model> {
  const { ready } = asker();
  const plan = { rows: microBatchRows, widths: ready.features ? [ready.features.length] : [] };
  // In the thread that models share, runs that take this long would hold up all of them.
  const isSlow = execution === 'auto' && ready.timings.runMillisecondsP50 > threadRunMillisecondsMax;
  const aside =
    execution === 'process' || isSlow
      ? null
      : // Whatever is set: a run that never ends would hold up all that the instance does, for everybody, for good.
        await loadAt(asker, thread, { plan, unlessLoops: true });
  if (!aside) return inProcess(asker, plan);
  if (execution === 'worker' || (execution === 'auto' && !isShort(aside.found))) return modelOf(aside);
  try {
    return modelOf(await anyway(loadAt(asker, inline)), aside.found);
  } finally {
    await aside.release();
  }
}

async function inProcess(asker: () => Asker, plan: MeasurePlan): Promise<Model> {
  const place = ownProcess();
  try {
    return modelOf(await anyway(loadAt(asker, place, { plan })));
  } catch (error) {
    place.close();
    if (error instanceof Gone && error.why !== 'killed')
      throw new LoadFailed(whyNotLoaded(error), error.message);
    throw error;
  }
}

function whyNotLoaded({ why }: Gone): string {
  if (why === 'memory')
    return 'The model takes more memory to load and run than a process of its own may have.';
  return why === 'late' ? 'The model was not loaded in time.' : 'The model ended the process that loaded it.';
}

function isShort({ createMilliseconds, measured }: Loaded): boolean {
  const p99 = measured?.p99Milliseconds ?? Number.POSITIVE_INFINITY;
  return p99 < inlineRunMillisecondsMax && createMilliseconds < inlineCreateMillisecondsMax;
}

function modelOf(
  resident: Resident,
  { createMilliseconds, measured, inputs, outputs } = resident.found,
): Model {
  const { mode } = resident.place;
  const batcher = new Batcher({
    run: (feeds, deadline) => resident.run(feeds, deadline),
    rowsFree: measured?.rowsFree ?? false,
    // A run that does not end would take whoever shares it along.
    shares: mode !== 'process',
    cost: new Cost({
      runMilliseconds: (measured?.oneRowMilliseconds ?? 1) - (measured?.perRowMilliseconds ?? 0),
      rowMilliseconds: measured?.perRowMilliseconds ?? 0,
    }),
    runMillisecondsMax: runMillisecondsMax[mode],
  });
  return {
    mode,
    inputs,
    outputs,
    createMilliseconds,
    p99Milliseconds: measured?.p99Milliseconds ?? null,
    batcher,
    call: (feeds, asked) => batcher.call(feeds, asked),
    memoryBytes: () => resident.place.memoryBytes(),
    release: () => resident.release(),
  };
}

/** What was not to be loaded only in another place. */
async function anyway(loading: Promise<Resident | null>): Promise<Resident> {
  const resident = await loading;
  if (resident) return resident;
  throw new Error('A model was refused for its loops where it may have some.');
}
