import type { Route } from '../../../shared/http/index.ts';

/** Workspaces. */
export const workspaces: readonly Route[] = [];
