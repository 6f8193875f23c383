import type { Route } from '../../../shared/http/index.ts';

/** Rules: which role over what, or none at all. */
export const grants: readonly Route[] = [];
