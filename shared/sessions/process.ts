/**
 * The program of a process that runs one model: it can be killed in the middle of a run, and what it does to
 * its memory is its own. It ends with the process that started it.
 */
import { gate } from '../turns.ts';
import { watchMemory, yieldMemoryFirst } from './guards.ts';
import { modelHost, type Request } from './host.ts';
import type { ProcessAnswer } from './process-answer.ts';

export type Begin = { readonly memoryBytesMax: number };

const inTurn = gate(1);
const host = modelHost();

process.once('disconnect', () => process.exit());
process.once('message', ({ memoryBytesMax }: Begin) => {
  yieldMemoryFirst();
  watchMemory(memoryBytesMax);
  process.on('message', ({ id, request }: { id: number; request: Request }) => {
    void inTurn(async () => {
      const reply = await host(request);
      const memoryBytes = process.memoryUsage.rss();
      process.send?.({ id, reply, memoryBytes } satisfies ProcessAnswer);
    });
  });
});
