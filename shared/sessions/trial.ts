import { fork } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { gate } from '../turns.ts';
import { childFile } from './child-file.ts';
import { memoryMark } from './memory-mark.ts';
import type { Port, Tensors } from './tensor.ts';
import { type TrialAnswer, trialAnswer, trialBegins, type TrialJob } from './trial-message.ts';
import { untold } from './untold.ts';

/** A model as files of a folder that nobody else reads; relative names are not allowed. */
export type TrialModel = {
  readonly folder: string;
  readonly model: string;
  readonly external: readonly { readonly path: string; readonly file: string }[];
  /** One row to run it on, where there is a better one than zeros. */
  readonly example: Tensors | null;
};

export type TrialLimits = { readonly millisecondsMax: number; readonly memoryBytesMax: number };

export type Trial =
  | {
      readonly outcome: 'ran';
      readonly loadMilliseconds: number;
      /** Median and slowest run on one row, the first one left out. */
      readonly runMillisecondsP50: number;
      readonly runMillisecondsMax: number;
      /** Growth of the resident memory by loading and running it. */
      readonly memoryBytes: number;
      readonly outputs: readonly (Pick<Port, 'name' | 'type'> & { readonly dims: readonly number[] })[];
    }
  | {
      readonly outcome: 'failed';
      /** It did not load, it failed on the row, or its process did not come to an end by itself. */
      readonly step: 'load' | 'run' | 'process';
      /** For people, as a sentence; it names nothing internal. */
      readonly reason: string;
      /** For the log: what the runtime said. */
      readonly detail: string;
    };

/** What a model answered to some batches, in their order, and its outputs as the runtime has them. */
export type Answered = {
  readonly outcome: 'answered';
  readonly outputs: readonly Port[];
  readonly answers: readonly Tensors[];
};

const outputCharsMax = 4_000;

/** A model may take most of what this process has at its side; one at a time does. */
const inTurn = gate(1);

/**
 * Loads and runs a model in a process of its own, with an empty environment. What the model does there, be
 * it a crash or a run without end, is an outcome. Throws where the process did not come as far as the model.
 */
export function tryModel(model: TrialModel, limits: Partial<TrialLimits> = {}): Promise<Trial> {
  return inTurn(() => attempt(model, { ...defaultLimits(), ...limits }));
}

function defaultLimits(): TrialLimits {
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    millisecondsMax: 60_000,
    memoryBytesMax: Math.floor(0.6 * Math.min(totalmem(), constrained)),
  };
}

async function attempt(
  { folder, model, external, example }: TrialModel,
  limits: TrialLimits,
): Promise<Trial> {
  const examplePath = join(folder, 'example');
  if (example) await writeFile(examplePath, serialize(example));
  const answer = await outcomeOf(
    folder,
    { kind: 'trial', model, external, example: example ? examplePath : null },
    limits,
  );
  if (answer.outcome !== 'answered') return answer;
  throw new Error('A trial that was answered as a question.');
}

/**
 * Runs a model on batches of rows in a process of its own, as {@link tryModel} does: a trial on one row says
 * nothing of what it does on others. The batches must have been checked against its inputs.
 */
export function askAside(
  model: Omit<TrialModel, 'example'>,
  batches: readonly Tensors[],
  limits: Partial<TrialLimits> = {},
): Promise<Answered | FailedTrial> {
  return inTurn(async () => {
    const [asked, given] = [join(model.folder, 'batches'), join(model.folder, 'answers')];
    await writeFile(asked, serialize(batches));
    const { folder, ...files } = model;
    const job = { kind: 'answers', ...files, batches: asked, answers: given } as const;
    const answer = await outcomeOf(folder, job, { ...defaultLimits(), ...limits });
    if (answer.outcome === 'failed') return answer;
    if (answer.outcome === 'ran') throw new Error('A question that was answered as a trial.');
    return { ...answer, answers: deserialize(await readFile(given)) as Tensors[] };
  });
}

type FailedTrial = Extract<Trial, { outcome: 'failed' }>;
type Without<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

async function outcomeOf(
  folder: string,
  job: Without<TrialJob, 'memoryBytesMax'>,
  { millisecondsMax, memoryBytesMax }: TrialLimits,
): Promise<Exclude<TrialAnswer, { outcome: 'failed' }> | FailedTrial> {
  const { begun, answer, errors, ended } = await run(folder, { ...job, memoryBytesMax }, millisecondsMax);
  const detail = errors.slice(0, outputCharsMax);
  const memory = memoryMark.exec(errors)?.[1];
  if (!begun && !answer && memory === undefined)
    throw new Error(`The process to try the model in ended with ${ended} at its start.`, { cause: detail });
  if (ended === 'late')
    return failure('process', `it did not finish within ${millisecondsMax / 1000} s.`, detail);
  if (memory !== undefined)
    return failure(
      'process',
      `it takes more than ${megabytes(memoryBytesMax)} MB of memory to load and run.`,
      detail,
    );
  if (!answer) return failure('process', `the runtime ended with ${ended} when it loaded or ran it.`, detail);
  if (answer.outcome !== 'failed') return answer;
  const rows = job.kind === 'trial' ? 'on one row' : 'on these rows';
  const reason = answer.reason ?? `the runtime fails when it runs it ${rows}.`;
  return failure(answer.step, reason.slice(0, 500), answer.detail);
}

type Run = {
  /** Whether it came as far as the model. */
  readonly begun: boolean;
  readonly answer: TrialAnswer | undefined;
  /** What it wrote to its standard error, the beginning of it. */
  readonly errors: string;
  /** The signal or exit code, or `late` where it was ended for taking too long. */
  readonly ended: string;
};

function run(folder: string, job: TrialJob, millisecondsMax: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = fork(childFile(), [], {
      cwd: folder,
      env: untold,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let begun = false;
    let answer: TrialAnswer | undefined;
    let errors = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, millisecondsMax);
    child.stderr?.on('data', (chunk: Buffer) => {
      if (errors.length < outputCharsMax) errors += chunk.toString();
    });
    child.on('message', (message) => {
      if (message === trialBegins) {
        begun = true;
        return;
      }
      const parsed = trialAnswer.safeParse(message);
      if (parsed.success) answer = parsed.data;
      child.kill('SIGKILL');
    });
    child.once('error', (cause) => {
      clearTimeout(timer);
      reject(new Error('No process can be started to try the model in.', { cause }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const ended = isLate && !answer ? 'late' : (signal ?? `exit code ${code}`);
      resolve({ begun, answer, errors, ended });
    });
    // A child that is gone before it took its job says so by how it ended.
    child.send(job, () => {});
  });
}

function failure(step: FailedTrial['step'], reason: string, detail: string): FailedTrial {
  return { outcome: 'failed', step, reason, detail };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / (1024 * 1024));
}
