import type { Route } from '../../../shared/http/index.ts';

/** Model cards, and the evidence of a version for an auditor. */
export const evidenceRoutes: readonly Route[] = [];
