/**
 * A pattern of `LIKE`: `%` stands for any text, `_` for one character; there is no escape, as in MLflow.
 * As pieces between the percent signs: a text matches that begins with the first, ends with the last, and
 * has the others in between, in order and apart.
 */
export type Pattern = { readonly pieces: readonly string[] };

export function patternOf(text: string): Pattern {
  return { pieces: text.replaceAll(/%+/g, '%').split('%') };
}

/** What a pattern without `_` amounts to, as far as one plain comparison can say it. */
export function shapeOf({ pieces }: Pattern): {
  kind: 'equals' | 'starts' | 'ends' | 'contains' | 'other';
  text: string;
} {
  const [first = '', middle = '', last = ''] = pieces;
  if (pieces.some((piece) => piece.includes('_')) || pieces.length > 3) return { kind: 'other', text: '' };
  if (pieces.length === 1) return { kind: 'equals', text: first };
  if (pieces.length === 2 && middle === '') return { kind: 'starts', text: first };
  if (pieces.length === 2 && first === '') return { kind: 'ends', text: middle };
  if (pieces.length === 3 && first === '' && last === '') return { kind: 'contains', text: middle };
  return { kind: 'other', text: '' };
}

/** The pattern in the words of Cosmos DB, which knows sets in brackets, too; `!` escapes. */
export function escapedPattern(text: string): string {
  return text.replaceAll(/[![]/g, '!$&');
}

/**
 * Whether a text matches. Each piece is taken where it first fits, which is never too late for the rest:
 * no backtracking, so that no pattern takes longer than its length times the text's.
 */
export function isLike(text: string, pattern: Pattern, ignoreCase: boolean): boolean {
  // A character is a code point: "_" takes an emoji as a whole.
  const chars = Array.from(ignoreCase ? text.toLowerCase() : text);
  const pieces = pattern.pieces.map((piece) => Array.from(ignoreCase ? piece.toLowerCase() : piece));
  const first = pieces[0] ?? [];
  if (pieces.length === 1) return chars.length === first.length && fits(chars, 0, first);
  const last = pieces.at(-1) ?? [];
  const end = chars.length - last.length;
  if (end < first.length || !fits(chars, 0, first) || !fits(chars, end, last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    while (at + piece.length <= end && !fits(chars, at, piece)) at++;
    if (at + piece.length > end) return false;
    at += piece.length;
  }
  return true;
}

function fits(chars: readonly string[], at: number, piece: readonly string[]): boolean {
  return piece.every((char, i) => (char === '_' ? at + i < chars.length : chars[at + i] === char));
}
