import type { Route } from '../../../shared/http/index.ts';

/** Signatures over the files of a version. */
export const signingRoutes: readonly Route[] = [];
