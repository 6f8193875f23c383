import type { Gone } from './place.ts';

/** A run that the runtime refused. Its words are for the log: they name files and internals, and may quote what was asked. */
export class RunFailed extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'RunFailed';
  }
}

/** A model that cannot be served, as a sentence for people; the message has the runtime's words. */
export class LoadFailed extends Error {
  readonly reason: string;

  constructor(reason: string, detail: string) {
    super(detail);
    this.name = 'LoadFailed';
    this.reason = reason;
  }
}

/** Why a place that a model runs in has ended, for its caller. */
export function whyGone(why: Gone['why']): string {
  switch (why) {
    case 'memory':
      return 'The model took more memory than it may have to answer this; send fewer or smaller rows.';
    case 'late':
      return 'The model did not answer in time.';
    case 'ended':
      return 'The model ended where it ran.';
  }
}
