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
