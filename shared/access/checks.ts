import { CairnError } from '../http/index.ts';

/** Refusals of what a change of access cannot take, in words that several of them share. */

const reasonCharsMax = 500;
const nameCharsMax = 200;

/** A reason as it is kept: trimmed; an empty one is none. Throws `invalid` for one that is too long. */
export function checkedReason(reason: string | undefined): string | undefined {
  const text = reason?.trim();
  if (!text) return undefined;
  return checkedText(text, 'reason', reasonCharsMax);
}

/** A name for people to read. */
export function checkedName(name: string, field = 'name'): string {
  const text = name.trim();
  if (text === '') throw new CairnError('invalid', `${field} must not be empty.`, { field });
  return checkedText(text, field, nameCharsMax);
}

/** A text on one line and no longer than it may be. */
export function checkedText(text: string, field: string, charsMax: number): string {
  if (text.length > charsMax)
    throw new CairnError('invalid', `${field} has ${text.length} characters; at most ${charsMax} are kept.`, {
      field,
    });
  if (/\p{Cc}/u.test(text))
    throw new CairnError('invalid', `${field} must not hold control characters.`, { field });
  return text;
}

/** Refuses one more of what there are enough of. */
export function checkNumber(what: string, count: number, max: number): void {
  if (count >= max)
    throw new CairnError(
      'invalid',
      `There are ${count} ${what} already, and at most ${max}; delete some first.`,
    );
}

/** The words where there is nothing of a name. */
export function unknown(what: string, name: string, field: string): CairnError {
  return new CairnError('not-found', `There is no ${what} '${name.slice(0, 200)}'.`, { field });
}

/** Refuses a change of a version other than the one that stands. `expected` 0: there must be none. */
export function checkExpected(what: string, expected: number | undefined, seq: number): void {
  if (expected === undefined || expected === seq) return;
  throw new CairnError(
    'conflict',
    expected === 0 || seq === 0
      ? `${what} ${seq === 0 ? 'does not exist' : 'exists already'}.`
      : `${what} has been changed since: it is at version ${seq}, not ${expected}. Read it again, then change it.`,
    { field: 'if-match' },
  );
}
