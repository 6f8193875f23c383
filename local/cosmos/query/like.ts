/** Whether one character, a code point, is what a pattern has at its place. */
type Matcher = (char: string) => boolean;

/**
 * The test of a LIKE pattern: `%`, `_`, `[abc]`, `[a-f]`, `[^abc]` and an escape character. What stands
 * between percent signs is taken where it first fits, without backtracking, so that no pattern takes longer
 * than its length times the text's.
 */
export function likePattern(pattern: string, escape: string | undefined): (text: string) => boolean {
  const [first = [], ...others] = piecesOf(Array.from(pattern), escape);
  const last = others.pop();
  return (text) => {
    const chars = Array.from(text);
    if (!last) return chars.length === first.length && fits(chars, 0, first);
    const end = chars.length - last.length;
    if (end < first.length || !fits(chars, 0, first) || !fits(chars, end, last)) return false;
    let at = first.length;
    for (const piece of others) {
      while (at + piece.length <= end && !fits(chars, at, piece)) at++;
      at += piece.length;
      if (at > end) return false;
    }
    return true;
  };
}

function fits(chars: readonly string[], at: number, piece: readonly Matcher[]): boolean {
  return piece.every((matches, i) => matches(chars[at + i] ?? ''));
}

/** A pattern cut at its percent signs. */
function piecesOf(chars: readonly string[], escape: string | undefined): Matcher[][] {
  const pieces: Matcher[][] = [[]];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    const close = chars.indexOf(']', i + 2);
    if (char === escape && i + 1 < chars.length) pieces.at(-1)?.push(literal(chars[++i] ?? ''));
    else if (char === '%') pieces.push([]);
    else if (char === '_') pieces.at(-1)?.push(() => true);
    else if (char === '[' && close > 0) {
      pieces.at(-1)?.push(oneOf(chars.slice(i + 1, close)));
      i = close;
    } else pieces.at(-1)?.push(literal(char));
  }
  return pieces;
}

function literal(expected: string): Matcher {
  return (char) => char === expected;
}

function oneOf(set: readonly string[]): Matcher {
  const negated = set[0] === '^';
  const members = negated ? set.slice(1) : set;
  const point = (char: string) => char.codePointAt(0) ?? 0;
  return (char) => {
    const found = members.some(
      (member, i) =>
        member === char ||
        (member === '-' &&
          i > 0 &&
          i < members.length - 1 &&
          point(members[i - 1] ?? '') <= point(char) &&
          point(char) <= point(members[i + 1] ?? '')),
    );
    return found !== negated;
  };
}
