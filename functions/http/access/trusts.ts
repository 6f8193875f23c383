import type { Route } from '../../../shared/http/index.ts';

/** Workloads of outside issuers that are principals here. */
export const trusts: readonly Route[] = [];
