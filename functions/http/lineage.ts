import { problem, type Surface } from '../../shared/http/index.ts';

/** Where everything came from and what became of it; OpenLineage events in. */
export const lineage: Surface = { name: 'lineage', part: 'control', errors: problem, routes: [] };
