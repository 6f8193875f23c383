import type { Route } from '../../../shared/http/index.ts';

/** Groups of principals that are kept here. */
export const groups: readonly Route[] = [];
