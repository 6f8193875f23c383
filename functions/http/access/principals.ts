import type { Route } from '../../../shared/http/index.ts';

/** People and services that are known here. */
export const principals: readonly Route[] = [];
