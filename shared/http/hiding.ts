import type { CairnError } from './errors.ts';

const hiding = new WeakSet();

/** Marks an error that says that something is not there because the caller may not know that it is. */
export function hides(error: CairnError): CairnError {
  hiding.add(error);
  return error;
}

/** Whether an error was marked by {@link hides}: to the caller it is as any other of its code. */
export function isHiding(error: unknown): error is CairnError {
  return typeof error === 'object' && error !== null && hiding.has(error);
}
