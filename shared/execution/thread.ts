import { Worker } from 'node:worker_threads';
import { packed, type Reply, type Request, threadFile, threadStates, untold } from '../sessions/index.ts';
import { Gone, type Place } from './place.ts';

/**
 * The one thread of this instance that models run in. It is never terminated: inside a run that would end
 * the whole process. Where it ends by itself, the next question starts another one.
 */
export const thread: Place = {
  mode: 'worker',
  ask(request) {
    current ??= start();
    return current.ask(request);
  },
  life: () => lives,
  memoryBytes: () => 0,
  close() {},
};

type Thread = { ask(request: Request): Promise<Reply> };

let current: Thread | null = null;
let lives = 0;

function start(): Thread {
  const state = new Int32Array(new SharedArrayBuffer(Object.keys(threadStates).length * 4));
  Object.assign(process.env, untold);
  const worker = new Worker(threadFile(), { workerData: state.buffer, execArgv: [], env: {} });
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Gone) => void }>();
  let ids = 0;
  let failure = 'it has ended';
  worker.unref();
  worker.on('message', ({ id, reply }: { id: number; reply: Reply }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    // Whoever waits for a model keeps the process; a model that nobody asks does not.
    if (waiting.size === 0) worker.unref();
    asked?.resolve(reply);
  });
  worker.on('error', (error) => {
    failure = String(error);
  });
  const stop = () => endGently(state);
  worker.once('exit', () => {
    process.off('exit', stop);
    current = null;
    lives++;
    for (const { reject } of waiting.values()) reject(new Gone('ended', failure));
  });
  process.once('exit', stop);
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        const id = ++ids;
        waiting.set(id, { resolve, reject });
        worker.ref();
        const sent = request.kind === 'run' ? { ...request, feeds: packed(request.feeds) } : request;
        worker.postMessage({ id, request: sent }, []);
      }),
  };
}

const endingMillisecondsMax = 10_000;

/** Lets the run that is under way come to its end, and begins no other, before the process takes the thread down. */
function endGently(state: Int32Array): void {
  Atomics.store(state, threadStates.closing, 1);
  Atomics.wait(state, threadStates.busy, 1, endingMillisecondsMax);
}
