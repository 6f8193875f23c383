import { type Token, tokenize } from './lexer.ts';
import { isWord, pythonList, shown, takeField, Tokens } from './names.ts';
import type { Field, NumberColumn, Operator, Table } from './table.ts';

/** What a filter asks for: each of its comparisons must hold. No comparison holds for what is absent, but `IS NULL`. */
export type Filter = readonly Comparison[];

export type Comparison = { readonly field: Field; readonly test: Test };

export type Test =
  | { readonly kind: 'number'; readonly operator: NumberOperator; readonly value: number }
  /** `=`, `!=`, `IN` and `NOT IN`: whether the text is one of these. */
  | { readonly kind: 'oneOf'; readonly negated: boolean; readonly values: readonly string[] }
  | { readonly kind: 'like'; readonly ignoreCase: boolean; readonly pattern: string }
  /** `IS NOT NULL`, and negated `IS NULL`. */
  | { readonly kind: 'present'; readonly negated: boolean };

export type NumberOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

const comparisonsMax = 100;
const valuesMax = 1000;

/**
 * Parses a filter of MLflow's search language.
 * ```
 * filter     := comparison ( AND comparison )*
 * comparison := name operator value  |  name [NOT] IN ( text [, text]* )  |  name IS [NOT] NULL
 * name       := [entity "."] key            key: bare, `quoted` or "quoted"; see {@link takeField}
 * value      := number | 'text' | "text"    a doubled quote is one
 * ```
 * Keywords may be in any case. Where MLflow lets upper-case values of an `IN` fall under the table, here
 * every value counts.
 * @example parseFilter("metrics.loss < 0.5 AND tags.`mlflow.user` ILIKE 'a%'", runsTable)
 * @throws CairnError `invalid` with `field` "filter" and the position of what is wrong
 */
export function parseFilter(text: string | undefined, table: Table): Filter {
  const tokens = new Tokens(tokenize(text ?? '', 'filter'), 'filter');
  if (tokens.peek().kind === 'end') return [];
  const comparisons = [comparison(tokens, table)];
  while (tokens.takeWords('AND')) {
    if (comparisons.length === comparisonsMax)
      throw tokens.invalid(tokens.peek(), `A filter may have at most ${comparisonsMax} comparisons`);
    comparisons.push(comparison(tokens, table));
  }
  const rest = tokens.peek();
  if (rest.kind !== 'end') throw invalidClause(tokens, rest);
  return comparisons;
}

function comparison(tokens: Tokens, table: Table): Comparison {
  const first = tokens.peek();
  if (first.kind === 'punctuation' || ['AND', 'OR', 'NOT'].some((word) => isWord(first, word)))
    throw invalidClause(tokens, first);
  const field = takeField(tokens, table);
  const at = tokens.peek();
  const operator = takeOperator(tokens);
  const test = operator === undefined ? undefined : testOf(tokens, field, operator);
  const known = field.operators as readonly string[];
  if (operator !== undefined && test !== undefined && known.includes(operator)) return { field, test };
  throw tokens.invalid(at, `Invalid comparator '${operator ?? at.text}' not one of ${pythonSet(known)}`);
}

/** Undefined where there is one that the language does not have, such as `==`. */
function takeOperator(tokens: Tokens): Operator | undefined {
  if (tokens.takeWords('NOT', 'IN')) return 'NOT IN';
  if (tokens.takeWords('IS', 'NOT', 'NULL')) return 'IS NOT NULL';
  if (tokens.takeWords('IS', 'NULL')) return 'IS NULL';
  const token = tokens.take();
  const text = token.text.toUpperCase();
  switch (text) {
    case '=':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'LIKE':
    case 'ILIKE':
    case 'IN':
      return text;
  }
  if (token.kind === 'operator') return undefined;
  throw tokens.invalid(token, `Invalid comparison clause. Expected a comparator, found ${shown(token)}`);
}

/** Undefined where such a field cannot be asked that; the values are judged first, as MLflow does. */
function testOf(tokens: Tokens, field: Field, operator: Operator): Test | undefined {
  const { kind } = field.column;
  switch (operator) {
    case 'IS NULL':
    case 'IS NOT NULL':
      return { kind: 'present', negated: operator === 'IS NULL' };
    case 'IN':
    case 'NOT IN': {
      if (kind === 'number') throw badValue(tokens, tokens.peek(), field);
      const values = takeList(tokens);
      return { kind: 'oneOf', negated: operator === 'NOT IN', values };
    }
    case 'LIKE':
    case 'ILIKE':
      if (kind === 'number') throw badValue(tokens, tokens.peek(), field);
      return { kind: 'like', ignoreCase: operator === 'ILIKE', pattern: takeText(tokens, field) };
    default:
      if (field.column.kind === 'number')
        return { kind: 'number', operator, value: takeNumber(tokens, field, field.column) };
      return ordersNumbers(operator, takeText(tokens, field));
  }
}

function ordersNumbers(operator: NumberOperator, value: string): Test | undefined {
  if (operator !== '=' && operator !== '!=') return undefined;
  return { kind: 'oneOf', negated: operator === '!=', values: [value] };
}

function takeNumber(tokens: Tokens, field: Field, { quotable }: NumberColumn): number {
  const token = tokens.take();
  if (token.kind === 'number') return token.value;
  if (quotable && token.kind === 'quoted' && token.quote !== '`' && /^\s*[+-]?\d+\s*$/.test(token.value))
    return Number(token.value);
  throw badValue(tokens, token, field);
}

function takeText(tokens: Tokens, field: Field): string {
  const token = tokens.take();
  if (token.kind === 'quoted' && token.quote !== '`') return token.value;
  if (token.kind === 'quoted' || token.kind === 'word')
    throw tokens.invalid(
      token,
      `Parameter value is either not quoted or unidentified quote types used for string value ${token.text}. Use either single or double quotes`,
    );
  throw badValue(tokens, token, field);
}

function takeList(tokens: Tokens): string[] {
  const open = tokens.take();
  const values: string[] = [];
  let token = open;
  if (open.text !== '(') throw badList(tokens, open);
  do {
    token = tokens.take();
    if (token.kind !== 'quoted' || token.quote === '`') throw badList(tokens, token);
    if (values.length === valuesMax)
      throw tokens.invalid(token, `A list may have at most ${valuesMax} values`);
    values.push(token.value);
    token = tokens.take();
    // Python's tuple of one ends in a comma, and some callers print theirs.
  } while (token.text === ',' && tokens.peek().text !== ')');
  if (token.text === ',') token = tokens.take();
  if (token.text !== ')' || token.kind !== 'punctuation') throw badList(tokens, token);
  return values;
}

function badList(tokens: Tokens, token: Token): Error {
  return tokens.invalid(
    token,
    `While parsing a list in the query, expected a non-empty list of quoted string values, found ${shown(token)}`,
  );
}

/** What MLflow says of a value of the wrong kind, by what it was compared with. */
function badValue(tokens: Tokens, token: Token, { entity, key, column }: Field): Error {
  const isAttribute = entity.startsWith('attribute') || entity === 'dataset';
  const found = token.kind === 'end' ? 'the end' : token.text;
  if (column.kind === 'number')
    return tokens.invalid(
      token,
      `Expected numeric value type for ${isAttribute ? `numeric attribute: ${key}` : entity}. Found ${found}`,
    );
  if (isAttribute)
    return tokens.invalid(
      token,
      `Expected a quoted string value for ${entity === 'dataset' ? 'dataset ' : ''}attributes. Got value ${found}`,
    );
  return tokens.invalid(
    token,
    `Expected a quoted string value for ${entity} (e.g. 'my-value'). Got value ${found}`,
  );
}

function invalidClause(tokens: Tokens, token: Token): Error {
  const hint = isWord(token, 'OR') || token.text === '(' ? '; comparisons can only be joined by AND' : '';
  return tokens.invalid(token, `Invalid clause(s) in filter string: ${shown(token)}${hint}`);
}

/** A set as MLflow's messages print it, quotes around included. */
function pythonSet(items: readonly string[]): string {
  return `'{${pythonList(items).slice(1, -1)}}'`;
}
