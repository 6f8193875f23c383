import { fileURLToPath } from 'node:url';

/** The program of the process in which a model is tried. The bundle has a file of its own for it. */
export const childFile = (): string => fileURLToPath(new URL('child.ts', import.meta.url));
