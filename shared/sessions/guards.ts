import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** Where memory runs out, the system ends this process and not the one that started it. Linux only. */
export function yieldMemoryFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Elsewhere the watch below has to do.
  }
}

/** From a thread of its own, since the main one is inside the runtime: ends this process beyond the limit, and when nobody waits for it any more. */
export function watchMemory(memoryBytesMax: number): void {
  const { pid, ppid } = process;
  const source = `
    const { writeSync } = require('node:fs');
    setInterval(() => {
      const bytes = process.memoryUsage.rss();
      if (bytes > ${memoryBytesMax}) writeSync(2, 'cairn: ' + bytes + ' bytes of memory');
      if (bytes > ${memoryBytesMax} || process.ppid !== ${ppid}) process.kill(${pid}, 'SIGKILL');
    }, 20);`;
  new Worker(source, { eval: true }).unref();
}
