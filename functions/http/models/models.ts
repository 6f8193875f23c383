import type { Route } from '../../../shared/http/index.ts';

/** A model and its versions as the pages and scripts see them: what MLflow's registry API leaves out. */
export const modelRoutes: readonly Route[] = [];
