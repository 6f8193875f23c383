import type { Api } from '../api.ts';
import type { Child } from '../dom.ts';

/** One visit of a page: `signal` aborts when the reader leaves, `again` shows the page afresh. */
export type Visit = { readonly api: Api; readonly signal: AbortSignal; again: () => void };

/** A page: the parameters of its address in, its content out. What it throws is shown in its place. */
export type Page = (visit: Visit, ...parameters: string[]) => Promise<Child>;
