import { Worker } from 'node:worker_threads';
import { type MadePart, makePart, type PartJob } from './make-part.ts';
import { partThreadFile } from './part-thread-file.ts';

/** What takes this thread a millisecond or two, and so hardly longer than to ask another one. */
const hereBytesMax = 64 * 1024;

/**
 * Makes the files of a part of so many bytes in memory: a large one in a thread of its own, for it takes tens of
 * milliseconds in which nobody would be answered. Where that thread ends, in this one: the rows are still here.
 */
export async function madePart(job: PartJob, bytes: number): Promise<MadePart> {
  if (bytes <= hereBytesMax) return makePart(job);
  try {
    maker ??= start();
    return await maker(job);
  } catch {
    return makePart(job);
  }
}

let maker: ((job: PartJob) => Promise<MadePart>) | undefined;

function start(): (job: PartJob) => Promise<MadePart> {
  const worker = new Worker(partThreadFile(), { execArgv: [], env: {} });
  const waiting = new Map<number, { resolve: (made: MadePart) => void; reject: (error: Error) => void }>();
  let jobs = 0;
  let failure = new Error('The thread that makes parts has ended.');
  worker.unref();
  worker.on('message', ({ id, made }: { id: number; made: MadePart }) => {
    waiting.get(id)?.resolve(made);
    waiting.delete(id);
    // Whoever waits for a part keeps the process; a thread without work does not.
    if (waiting.size === 0) worker.unref();
  });
  worker.on('error', (error) => {
    failure = error;
  });
  worker.once('exit', () => {
    maker = undefined;
    for (const { reject } of waiting.values()) reject(failure);
  });
  return (job) =>
    new Promise((resolve, reject) => {
      const id = ++jobs;
      worker.postMessage({ id, job }, []);
      worker.ref();
      waiting.set(id, { resolve, reject });
    });
}
