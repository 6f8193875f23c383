import { excerpt } from '../../redaction/index.ts';

/** What makes a version servable, in a sentence, and by which call where the platform can do it. */
export type WayOut = { readonly says: string; readonly by?: 'convert' };

/**
 * Why a version cannot be served, as a sentence that its own name could begin. What goes wrong on the way
 * to finding out is another error, and the inspection is made again.
 */
export class Refusal extends Error {
  readonly wayOut: WayOut | undefined;
  constructor(reason: string, wayOut?: WayOut) {
    super(reason);
    this.name = 'Refusal';
    this.wayOut = wayOut;
  }
}

/** A text that somebody sent, as a sentence quotes it. */
export function shown(text: string): string {
  return excerpt(text, 200);
}
