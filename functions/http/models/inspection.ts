import type { Route } from '../../../shared/http/index.ts';

/** What a version is: its files, its inspection, and reading it again. */
export const inspectionRoutes: readonly Route[] = [];
