import type { Route } from '../../../shared/http/index.ts';

/** Who can do what. */
export const review: readonly Route[] = [];
