import { CairnError } from '../http/index.ts';

/** Where a token stands in its text: UTF-16 units from 0, `end` exclusive. */
type Span = { readonly start: number; readonly end: number };

export type Token = Span &
  (
    | { readonly kind: 'word' | 'operator' | 'punctuation'; readonly text: string }
    | { readonly kind: 'number'; readonly text: string; readonly value: number }
    /** `value` is what stands between the quotes, a doubled quote being one. */
    | { readonly kind: 'quoted'; readonly text: string; readonly value: string; readonly quote: Quote }
    | { readonly kind: 'end'; readonly text: '' }
  );
export type Quote = "'" | '"' | '`';

/** Longer than any filter a person or a page writes, with room for an `IN` of a thousand run ids. */
const charsMax = 100_000;

const space = /\s+/y;
/** A name may hold what a metric's key may hold, but for spaces: `val/loss-1.best:2`. Dots part it from its entity. */
const word = /[\p{L}_][\p{L}\p{M}\p{N}_.:/-]*/uy;
const number = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy;
/** Any run of these is one operator, so that `==` is told to be none rather than to be two. */
const operator = /[<>=!~]+/y;
const punctuation = /[(),]/y;
const quotes: Readonly<Record<Quote, RegExp>> = {
  "'": /'(?:[^']|'')*'/y,
  '"': /"(?:[^"]|"")*"/y,
  '`': /`(?:[^`]|``)*`/y,
};

/**
 * Splits a filter or an order into tokens, the last of kind `end`. Takes time linear in the text.
 * @param what names the text in messages and as the error's `field`, such as `filter`
 * @throws CairnError `invalid`, with position, for a character that begins no token and a quote that is not closed
 */
export function tokenize(text: string, what: string): Token[] {
  if (text.length > charsMax)
    throw new CairnError(
      'invalid',
      `The ${what} has ${text.length} characters; at most ${charsMax} are taken.`,
      {
        field: what,
      },
    );
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    at += match(space)?.length ?? 0;
    if (at >= text.length) break;
    const token = next(text[at]);
    tokens.push(token);
    at = token.end;
  }
  return [...tokens, { kind: 'end', text: '', start: text.length, end: text.length }];

  function next(first: string): Token {
    const span = (found: string) => ({ text: found, start: at, end: at + found.length });
    if (isQuote(first)) {
      const found = match(quotes[first]);
      if (found === undefined) throw invalidAt(what, at, `The quote ${first} is not closed`);
      const value = found.slice(1, -1).replaceAll(first + first, first);
      return { kind: 'quoted', quote: first, value, ...span(found) };
    }
    let found = match(word);
    if (found !== undefined) return { kind: 'word', ...span(found) };
    found = match(number);
    if (found !== undefined) return { kind: 'number', value: Number(found), ...span(found) };
    found = match(operator);
    if (found !== undefined) return { kind: 'operator', ...span(found) };
    found = match(punctuation);
    if (found !== undefined) return { kind: 'punctuation', ...span(found) };
    throw invalidAt(what, at, `Unexpected character '${String.fromCodePoint(text.codePointAt(at) ?? 0)}'`);
  }
}

/** An `invalid` error that says where in the text it is; `message` comes without a full stop. */
export function invalidAt(what: string, position: number, message: string): CairnError {
  return new CairnError('invalid', `${message} (at position ${position})`, { field: what, position });
}

function isQuote(char: string): char is Quote {
  return Object.hasOwn(quotes, char);
}
