import { fileURLToPath } from 'node:url';

/** The programs that run models outside of the app's own thread. The bundle has a file of its own for each. */
const program = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url));

/** The process in which a model is tried. */
export const childFile = (): string => program('child');
/** The thread that runs the models of an instance. */
export const threadFile = (): string => program('thread');
/** The process that runs one model. */
export const processFile = (): string => program('process');
