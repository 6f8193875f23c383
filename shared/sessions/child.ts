/**
 * The program in which a model is tried, or asked aside: a process of its own, since a native run can
 * neither be interrupted nor kept from ending the process it is in. It says when the model's turn begins,
 * answers once and ends.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { rowsOfZeros } from './feeds.ts';
import { watchMemory, yieldMemoryFirst } from './guards.ts';
import { load, LoadError, type Session } from './runtime.ts';
import type { Tensors } from './tensor.ts';
import { type TrialAnswer, trialBegins, type TrialJob } from './trial-message.ts';

const runsMax = 20;
const runningMillisecondsMax = 3_000;
const searchingMillisecondsMax = 20_000;

process.once('message', (job: TrialJob) => {
  yieldMemoryFirst();
  watchMemory(job.memoryBytesMax);
  void attempt(job).then((answer) => process.send?.(answer, () => process.exit(0)));
});

async function attempt(job: TrialJob): Promise<TrialAnswer> {
  const model = await readFile(job.model);
  const external = await Promise.all(
    job.external.map(async ({ path, file }) => ({ path, data: await readFile(file) })),
  );
  // The runtime itself is not the model's to account for.
  await import('onnxruntime-node');
  const memoryBefore = process.memoryUsage.rss();
  process.send?.(trialBegins);
  const begun = performance.now();
  let session: Session;
  try {
    session = await load(model, external);
  } catch (error) {
    return failed('load', error);
  }
  const loadMilliseconds = performance.now() - begun;
  try {
    if (job.kind === 'answers') return await answers(session, job);
    const example = job.example === null ? null : (deserialize(await readFile(job.example)) as Tensors);
    const { feeds, outputs } = await firstRun(session, example);
    const { p50, max } = await timed(session, feeds);
    return {
      outcome: 'ran',
      loadMilliseconds,
      runMillisecondsP50: p50,
      runMillisecondsMax: max,
      memoryBytes: Math.max(0, process.memoryUsage.rss() - memoryBefore),
      outputs: Object.entries(outputs).map(([name, { type, dims }]) => ({ name, type, dims: [...dims] })),
    };
  } catch (error) {
    return failed('run', error);
  }
}

async function answers(session: Session, job: Extract<TrialJob, { kind: 'answers' }>): Promise<TrialAnswer> {
  const given: Tensors[] = [];
  for (const feeds of deserialize(await readFile(job.batches)) as Tensors[])
    given.push(await session.run(feeds));
  await writeFile(job.answers, serialize(given));
  const outputs = session.outputs.map(({ name, type, shape }) => ({ name, type, shape: [...shape] }));
  return { outcome: 'answered', outputs };
}

/**
 * On the example, or on zeros where there is none or it fails: of the first size that the model can run,
 * where it leaves sizes open.
 */
async function firstRun(
  session: Session,
  example: Tensors | null,
): Promise<{ feeds: Tensors; outputs: Tensors }> {
  let failure: unknown;
  for (const feeds of candidates(session, example))
    try {
      return { feeds, outputs: await session.run(feeds) };
    } catch (error) {
      failure ??= error;
    }
  throw failure;
}

function* candidates({ inputs }: Session, example: Tensors | null): Generator<Tensors> {
  if (example) yield example;
  const until = performance.now() + searchingMillisecondsMax;
  for (const feeds of rowsOfZeros(inputs)) {
    yield feeds;
    if (performance.now() > until) return;
  }
}

async function timed(session: Session, feeds: Tensors): Promise<{ p50: number; max: number }> {
  const times: number[] = [];
  const until = performance.now() + runningMillisecondsMax;
  do {
    const begun = performance.now();
    await session.run(feeds);
    times.push(performance.now() - begun);
  } while (times.length < runsMax && performance.now() < until);
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(times.length / 2)] ?? 0, max: times.at(-1) ?? 0 };
}

function failed(step: 'load' | 'run', error: unknown): TrialAnswer {
  const isLoad = error instanceof LoadError;
  return {
    outcome: 'failed',
    step,
    ...(isLoad ? { reason: error.message } : {}),
    detail: String(isLoad ? (error.cause ?? error) : error).slice(0, 2000),
  };
}
