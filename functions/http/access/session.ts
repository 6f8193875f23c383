import type { Route } from '../../../shared/http/index.ts';

/** Who is signed in, and how a page signs in. */
export const session: readonly Route[] = [];
