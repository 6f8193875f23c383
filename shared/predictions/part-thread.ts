/** The program of the thread that makes parts of the log: one after the other. */
import { parentPort } from 'node:worker_threads';
import { makePart, type PartJob } from './make-part.ts';

parentPort?.on('message', ({ id, job }: { id: number; job: PartJob }) => {
  const made = makePart(job);
  const buffers = [made.part, made.counted?.profile, made.counted?.segments?.bytes].flatMap((bytes) =>
    bytes?.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
      ? [bytes.buffer]
      : [],
  );
  parentPort?.postMessage({ id, made }, buffers);
});
