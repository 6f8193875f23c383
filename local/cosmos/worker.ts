/** The emulator on its own thread: answers the requests that {@link file://./transport.ts} posts. */
import { parentPort, workerData } from 'node:worker_threads';
import { createEmulator, type EmulatorOptions } from './emulator.ts';
import { ConnectionLost, type WireRequest, type WireResponse } from './wire.ts';

export type ToWorker = { id: number } & (
  | { kind: 'request'; request: WireRequest }
  | { kind: 'delete-items' | 'reset' | 'close' }
);

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'failed'; message: string }
  | { kind: 'done'; id: number }
  | { kind: 'response'; id: number; response: WireResponse }
  | { kind: 'lost'; id: number }
  | { kind: 'error'; id: number; message: string };

if (parentPort) serve(parentPort);

function serve(port: NonNullable<typeof parentPort>): void {
  const unsent: FromWorker[] = [];
  // Answers of one turn go together, as the questions do.
  const post = (message: FromWorker): void => {
    if (unsent.push(message) === 1) setImmediate(send);
  };
  const send = (): void => {
    port.postMessage(unsent);
    unsent.length = 0;
  };
  try {
    const emulator = createEmulator(workerData as EmulatorOptions);
    const run = async (message: ToWorker): Promise<FromWorker> => {
      const { id } = message;
      switch (message.kind) {
        case 'request':
          return { kind: 'response', id, response: await emulator.send(message.request) };
        case 'delete-items':
          emulator.deleteItems();
          return { kind: 'done', id };
        case 'reset':
          emulator.reset();
          return { kind: 'done', id };
        case 'close':
          emulator.close();
          return { kind: 'done', id };
      }
    };
    const answer = (message: ToWorker): void => {
      const { id } = message;
      run(message).then(post, (error: unknown) => {
        if (error instanceof ConnectionLost) post({ kind: 'lost', id });
        else
          post({
            kind: 'error',
            id,
            message: error instanceof Error ? (error.stack ?? error.message) : String(error),
          });
      });
    };
    port.on('message', (messages: ToWorker[]) => {
      for (const message of messages) answer(message);
    });
    post({ kind: 'ready' });
  } catch (error) {
    post({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}
