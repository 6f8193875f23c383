import type { Route } from '../../../shared/http/index.ts';

/** Policies, promotions with their gates, and the way back. */
export const promotionRoutes: readonly Route[] = [];
