/** Why a signature does not hold: the rest of a sentence that begins with what was verified. */
export class SignatureError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'SignatureError';
  }
}
