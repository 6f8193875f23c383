import { modelHost, type Reply, type Request } from '../sessions/index.ts';

export type Mode = 'inline' | 'worker' | 'process';

/** Where models run: in this thread, in the thread of the instance for them, or in a process of their own. */
export type Place = {
  readonly mode: Mode;
  /**
   * Asks the host of models there. Rejects with {@link Gone} where that ended before it answered, which is
   * what happens to one that can be ended when `deadline` passes (in ms, as `performance.now()` counts).
   */
  ask(request: Request, deadline?: number): Promise<Reply>;
  /** Another one as soon as all that was loaded there is gone. */
  life(): number;
  /** Memory that a place of one model takes, in bytes; 0 where it is not known. */
  memoryBytes(): number;
  /** Ends a place that one model has for itself. */
  close(): void;
};

/** The place ended in the middle of what it was asked; `killed`: by the system or by somebody else, which is not the model's doing. */
export class Gone extends Error {
  readonly why: 'ended' | 'killed' | 'late' | 'memory';

  constructor(why: Gone['why'], detail: string) {
    super(`Where the model ran has ended (${why}): ${detail}`);
    this.name = 'Gone';
    this.why = why;
  }
}

const host = modelHost();

/** This thread. A run holds up all else that the instance does. */
export const inline: Place = {
  mode: 'inline',
  ask: (request) => host(request),
  life: () => 0,
  memoryBytes: () => 0,
  close() {},
};
