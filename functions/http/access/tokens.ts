import type { Route } from '../../../shared/http/index.ts';

/** Cairn tokens. */
export const tokens: readonly Route[] = [];
