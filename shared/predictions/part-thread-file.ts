import { fileURLToPath } from 'node:url';

/** The program of the thread that makes parts. The bundle has a file of its own for it. */
export const partThreadFile = (): string => fileURLToPath(new URL('part-thread.ts', import.meta.url));
