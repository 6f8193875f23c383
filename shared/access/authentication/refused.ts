import { CairnError } from '../../http/index.ts';

/** Why a credential proves nothing. For the log: a caller learns no more than that it does not. */
export class Refused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Refused';
  }
}

/** The one answer to whoever is not signed in, whatever the cause; the cause is kept for the log. */
export function notSignedIn(cause: Refused): CairnError {
  return new CairnError(
    'unauthenticated',
    'Sign in first: what the request presents, if anything, is not a valid credential here.',
    { cause },
  );
}
