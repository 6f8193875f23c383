import { fileURLToPath } from 'node:url';

/** The module that hands spans to others. The bundle has a file of its own for it. */
export const exporterFile = (): string => fileURLToPath(new URL('exporter.ts', import.meta.url));
