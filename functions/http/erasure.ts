import { problem, type Surface } from '../../shared/http/index.ts';

/** Erasure of a person's data, and what holds it back. */
export const erasures: Surface = { name: 'erasure', part: 'control', errors: problem, routes: [] };
