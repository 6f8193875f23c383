import type { Ids } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { RunKey } from './model.ts';

/** The experiment that always exists. */
export const defaultExperimentId = '0';

const randomBits = 20n;

/** A new experiment id, a decimal uint64 that grows with time: milliseconds since 1970, then 20 random bits. */
export function newExperimentId(now: number, ids: Ids): string {
  return (
    (BigInt(now) << randomBits) |
    BigInt(Number.parseInt(ids.hex(3), 16) & ((1 << Number(randomBits)) - 1))
  ).toString();
}

/** An experiment id as it is stored. MLflow's ids are numbers: other text is `invalid`, and leading zeros mean nothing. */
export function checkedExperimentId(text: string): string {
  const id = experimentIdIn(text);
  if (id !== undefined) return id;
  throw new CairnError(
    'invalid',
    `Invalid experiment ID '${text.slice(0, 64)}'. Experiment ID must be a valid integer.`,
    { field: 'experiment_id' },
  );
}

/** The same where a text may be no id: `undefined` then. */
export function experimentIdIn(text: string): string | undefined {
  // No longer than any id can be, so that an error does not quote a book.
  return /^[+-]?\d{1,64}$/.test(text) ? BigInt(text.replace('+', '')).toString() : undefined;
}

/** A new run id: 16 hex digits of its experiment's id, then 16 random ones, so that a run is found from its id alone. */
export function newRunId(experimentId: string, ids: Ids): string {
  return BigInt(experimentId).toString(16).padStart(16, '0') + ids.hex(8);
}

/** The experiment a run id was made for, or `undefined` for an id that is not ours. */
export function experimentOfRun(runId: string): string | undefined {
  return /^[0-9a-f]{32}$/.test(runId) ? BigInt(`0x${runId.slice(0, 16)}`).toString() : undefined;
}

/** A new logged model's id: `m-` and what a run's id has. */
export function newModelId(experimentId: string, ids: Ids): string {
  return `m-${newRunId(experimentId, ids)}`;
}

/** The experiment a model id was made for, or `undefined` for an id that is not ours. */
export function experimentOfModel(modelId: string): string | undefined {
  return modelId.startsWith('m-') ? experimentOfRun(modelId.slice('m-'.length)) : undefined;
}

/** The partition in which a run lies, with its history and its long texts. */
export function runPartition({ experimentId, runId }: RunKey): readonly string[] {
  return [experimentId, runId];
}

export function unknownRun(runId: string): CairnError {
  return new CairnError('not-found', `Run with id=${runId} not found`, { field: 'run_id' });
}
