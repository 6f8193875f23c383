import { problem, type Surface } from '../../shared/http/index.ts';

/** The audit log. */
export const audit: Surface = { name: 'audit', part: 'control', errors: problem, routes: [] };
