import { CosmosError } from '../errors.ts';

export type Token =
  | { kind: 'keyword' | 'identifier' | 'parameter' | 'operator'; text: string; start: number }
  | { kind: 'number'; text: string; value: number; start: number }
  | { kind: 'string'; text: string; value: string; start: number }
  | { kind: 'end'; text: string; start: number };

/** Words that cannot name an alias or follow a dot; `c["value"]` reaches a property of such a name. */
const KEYWORDS = new Set(
  (
    'SELECT DISTINCT TOP VALUE AS FROM IN JOIN WHERE AND OR NOT BETWEEN LIKE ESCAPE EXISTS ARRAY GROUP ORDER BY ' +
    'ASC DESC OFFSET LIMIT NULL TRUE FALSE UNDEFINED UDF'
  ).split(' '),
);

const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const PARAMETER = /@[A-Za-z0-9_]+/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const OPERATOR = />>>|<<|>>|\|\||\?\?|!=|<>|<=|>=|[=<>+\-*/%|&^~?:()[\]{},.]/y;
const SPACE = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;

/**
 * Splits query text into tokens. The text of a keyword comes in upper case.
 *
 * @throws CosmosError 400 with the position of a character that starts no token
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    at += match(SPACE)?.length ?? 0;
    if (at >= text.length) break;
    const start = at;
    const quote = text[at];
    if (quote === "'" || quote === '"') {
      const value = readString(text, at);
      at = value.end;
      tokens.push({ kind: 'string', text: text.slice(start, at), value: value.text, start });
      continue;
    }
    const word = match(WORD);
    if (word !== undefined) {
      const upper = word.toUpperCase();
      const isKeyword = KEYWORDS.has(upper);
      tokens.push({ kind: isKeyword ? 'keyword' : 'identifier', text: isKeyword ? upper : word, start });
      at += word.length;
      continue;
    }
    const parameter = match(PARAMETER);
    if (parameter !== undefined) {
      tokens.push({ kind: 'parameter', text: parameter, start });
      at += parameter.length;
      continue;
    }
    const number = match(NUMBER);
    if (number !== undefined) {
      tokens.push({ kind: 'number', text: number, value: Number(number), start });
      at += number.length;
      continue;
    }
    const operator = match(OPERATOR);
    if (operator === undefined) throw syntaxError(text, start, `unexpected character '${text[at]}'`);
    tokens.push({ kind: 'operator', text: operator, start });
    at += operator.length;
  }
  tokens.push({ kind: 'end', text: 'end of query', start: text.length });
  return tokens;
}

/** A 400 that says where in the query text the fault is (1-based line and column). */
export function syntaxError(text: string, start: number, reason: string): CosmosError {
  const before = text.slice(0, start).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return new CosmosError(
    400,
    `Syntax error at line ${before.length}, column ${column} (offset ${start}): ${reason}.`,
  );
}

const ESCAPES: Record<string, string> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '/': '/',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

function readString(text: string, start: number): { text: string; end: number } {
  const quote = text[start];
  let value = '';
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i];
    if (char === quote) return { text: value, end: i + 1 };
    if (char !== '\\') {
      value += char;
      continue;
    }
    const escape = text[++i] ?? '';
    if (escape === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(i + 1, i + 5))) {
      value += String.fromCharCode(Number.parseInt(text.slice(i + 1, i + 5), 16));
      i += 4;
      continue;
    }
    const plain = ESCAPES[escape];
    if (plain === undefined) throw syntaxError(text, i - 1, `unknown escape '\\${escape}' in a string`);
    value += plain;
  }
  throw syntaxError(text, start, 'the string is not closed');
}
