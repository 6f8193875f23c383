/**
 * The program of the thread that runs models: one request after the other, each to its end. A thread that is
 * ended inside the runtime takes the whole process with it, so it says when it is busy, and begins nothing
 * more once the process is ending.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { gate } from '../turns.ts';
import { modelHost, type Request } from './host.ts';
import { buffersOf } from './plain.ts';
import { threadStates } from './thread-state.ts';

const { busy, closing } = threadStates;
const state = new Int32Array(workerData as SharedArrayBuffer);
const inTurn = gate(1);
const host = modelHost();
let waiting = 0;

parentPort?.on('message', ({ id, request }: { id: number; request: Request }) => {
  waiting++;
  Atomics.store(state, busy, 1);
  void inTurn(async () => {
    if (Atomics.load(state, closing) === 0) {
      const reply = await host(request);
      parentPort?.postMessage({ id, reply }, reply.kind === 'answered' ? buffersOf(reply.outputs) : []);
    }
    if (--waiting > 0) return;
    Atomics.store(state, busy, 0);
    Atomics.notify(state, busy);
  });
});
