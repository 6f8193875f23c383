import { problem, type Surface } from '../../shared/http/index.ts';

/** What was used, by whom. */
export const usage: Surface = { name: 'usage', part: 'control', errors: problem, routes: [] };
