import type { BinaryOperator, Expr, OrderItem, Query, Select, Source } from './ast.ts';
import { syntaxError, type Token, tokenize } from './lexer.ts';

/** Deeper nesting is refused, so that a hostile query cannot exhaust the stack. */
const NESTING_MAX = 200;

/** Binary operators from the loosest to the tightest; NOT sits between AND and the comparisons. */
const PRECEDENCE: readonly (readonly string[])[] = [
  ['||'],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>', '>>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const COMPARISONS = new Set(['=', '!=', '<>', '<', '<=', '>', '>=']);

/**
 * Parses one query. Recursive descent without backtracking: the time is linear in the text.
 *
 * @throws CosmosError 400 with line, column and offset of the first fault
 */
export function parseQuery(text: string): Query {
  const parser = new Parser(text);
  const query = parser.query();
  parser.expectEnd();
  return query;
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  expectEnd(): void {
    if (this.#token.kind !== 'end') throw this.#unexpected('the end of the query');
  }

  query(): Query {
    return this.#nested(() => {
      this.#expectKeyword('SELECT');
      const distinct = this.#takeKeyword('DISTINCT');
      const top = this.#takeKeyword('TOP') ? this.#primary() : undefined;
      const select = this.#select();
      const from = this.#takeKeyword('FROM') ? this.#from() : [];
      const where = this.#takeKeyword('WHERE') ? this.#expression() : undefined;
      const groupBy = this.#takeKeyword('GROUP') ? this.#groupBy() : [];
      const orderBy = this.#takeKeyword('ORDER') ? this.#orderBy() : [];
      let offset: Expr | undefined;
      let limit: Expr | undefined;
      if (this.#takeKeyword('OFFSET')) {
        offset = this.#primary();
        this.#expectKeyword('LIMIT');
        limit = this.#primary();
      }
      return { distinct, top, select, from, where, groupBy, orderBy, offset, limit };
    });
  }

  #select(): Select {
    if (this.#takeOperator('*')) return { kind: 'all' };
    if (this.#takeKeyword('VALUE')) return { kind: 'value', expr: this.#expression() };
    const items: { expr: Expr; name: string }[] = [];
    let unnamed = 0;
    do {
      const expr = this.#expression();
      const explicit = this.#optionalAlias();
      items.push({ expr, name: explicit ?? inferName(expr) ?? `$${++unnamed}` });
    } while (this.#takeOperator(','));
    return { kind: 'list', items };
  }

  #from(): Source[] {
    const sources = [this.#source(true)];
    while (this.#takeKeyword('JOIN')) sources.push(this.#source(false));
    return sources;
  }

  #source(isFirst: boolean): Source {
    if (this.#isOperator('(')) {
      const query = this.#subquery();
      const alias = this.#optionalAlias();
      if (alias === undefined) throw this.#unexpected('AS and a name for the subquery');
      return { kind: 'query', query, alias, iterate: false };
    }
    const name = this.#identifier('a name after FROM or JOIN');
    if (this.#takeKeyword('IN')) {
      if (this.#isOperator('('))
        return { kind: 'query', query: this.#subquery(), alias: name, iterate: true };
      return { kind: 'path', path: this.#path(), alias: name, iterate: true };
    }
    const path = this.#pathTail({ kind: 'alias', name });
    const alias = this.#optionalAlias();
    if (isFirst && path.kind === 'alias') return { kind: 'root', alias: alias ?? name };
    return { kind: 'path', path, alias: alias ?? inferName(path) ?? name, iterate: false };
  }

  #path(): Expr {
    return this.#pathTail({ kind: 'alias', name: this.#identifier('a path') });
  }

  #groupBy(): Expr[] {
    this.#expectKeyword('BY');
    return this.#list(() => this.#expression());
  }

  #orderBy(): OrderItem[] {
    this.#expectKeyword('BY');
    return this.#list(() => {
      const expr = this.#expression();
      const descending = this.#takeKeyword('DESC');
      if (!descending) this.#takeKeyword('ASC');
      return { expr, descending };
    });
  }

  #expression(): Expr {
    return this.#nested(() => {
      const condition = this.#coalesce();
      if (!this.#takeOperator('?')) return condition;
      const whenTrue = this.#expression();
      this.#expectOperator(':');
      return { kind: 'conditional', condition, whenTrue, otherwise: this.#expression() };
    });
  }

  #coalesce(): Expr {
    let left = this.#or();
    while (this.#takeOperator('??')) left = { kind: 'binary', operator: '??', left, right: this.#or() };
    return left;
  }

  #or(): Expr {
    let left = this.#and();
    while (this.#takeKeyword('OR')) left = { kind: 'binary', operator: 'OR', left, right: this.#and() };
    return left;
  }

  #and(): Expr {
    let left = this.#not();
    while (this.#takeKeyword('AND')) left = { kind: 'binary', operator: 'AND', left, right: this.#not() };
    return left;
  }

  #not(): Expr {
    let negations = 0;
    while (this.#isKeyword('NOT')) {
      this.#at++;
      negations++;
    }
    let expr = this.#comparison();
    for (; negations > 0; negations--) expr = { kind: 'unary', operator: 'NOT', operand: expr };
    return expr;
  }

  #comparison(): Expr {
    let left = this.#binary(0);
    for (;;) {
      const token = this.#token;
      if (token.kind === 'operator' && COMPARISONS.has(token.text)) {
        this.#at++;
        const operator = (token.text === '<>' ? '!=' : token.text) as BinaryOperator;
        left = { kind: 'binary', operator, left, right: this.#binary(0) };
        continue;
      }
      const negated = this.#isKeyword('NOT') && this.#nextIsKeyword('IN', 'BETWEEN', 'LIKE');
      if (negated) this.#at++;
      if (this.#takeKeyword('IN')) left = this.#in(left, negated);
      else if (this.#takeKeyword('BETWEEN')) left = this.#between(left, negated);
      else if (this.#takeKeyword('LIKE')) left = this.#like(left, negated);
      else return left;
    }
  }

  #in(operand: Expr, negated: boolean): Expr {
    this.#expectOperator('(');
    const list = this.#list(() => this.#expression());
    this.#expectOperator(')');
    return { kind: 'in', negated, operand, list };
  }

  #between(operand: Expr, negated: boolean): Expr {
    const low = this.#binary(0);
    this.#expectKeyword('AND');
    return { kind: 'between', negated, operand, low, high: this.#binary(0) };
  }

  #like(operand: Expr, negated: boolean): Expr {
    const pattern = this.#binary(0);
    const escape = this.#takeKeyword('ESCAPE') ? this.#primary() : undefined;
    return { kind: 'like', negated, operand, pattern, escape };
  }

  #binary(level: number): Expr {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const token = this.#token;
      if (token.kind !== 'operator' || !operators.includes(token.text)) return left;
      this.#at++;
      left = { kind: 'binary', operator: token.text as BinaryOperator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expr {
    const token = this.#token;
    if (token.kind === 'operator' && (token.text === '-' || token.text === '+' || token.text === '~')) {
      this.#at++;
      const operator = token.text;
      const operand = this.#nested(() => this.#unary());
      if (operator === '-' && operand.kind === 'constant' && typeof operand.value === 'number') {
        return { kind: 'constant', value: -operand.value };
      }
      return { kind: 'unary', operator, operand };
    }
    return this.#pathTail(this.#primary());
  }

  #pathTail(start: Expr): Expr {
    let object = start;
    for (;;) {
      if (this.#takeOperator('.')) {
        const value = this.#identifier('a property name');
        object = { kind: 'member', object, property: { kind: 'constant', value } };
      } else if (this.#takeOperator('[')) {
        const property = this.#expression();
        this.#expectOperator(']');
        object = { kind: 'member', object, property };
      } else {
        return object;
      }
    }
  }

  #primary(): Expr {
    const token = this.#token;
    switch (token.kind) {
      case 'number':
      case 'string':
        this.#at++;
        return { kind: 'constant', value: token.value };
      case 'parameter':
        this.#at++;
        return { kind: 'parameter', name: token.text };
      case 'identifier':
        this.#at++;
        return this.#isOperator('(')
          ? this.#call(token.text.toUpperCase())
          : { kind: 'alias', name: token.text };
      case 'keyword':
        return this.#keywordPrimary(token.text);
      case 'operator':
        return this.#bracketed(token.text);
      case 'end':
        throw this.#unexpected('an expression');
    }
  }

  #keywordPrimary(keyword: string): Expr {
    switch (keyword) {
      case 'NULL':
        this.#at++;
        return { kind: 'constant', value: null };
      case 'TRUE':
      case 'FALSE':
        this.#at++;
        return { kind: 'constant', value: keyword === 'TRUE' };
      case 'UNDEFINED':
        this.#at++;
        return { kind: 'constant', value: undefined };
      case 'EXISTS':
      case 'ARRAY':
        this.#at++;
        return { kind: 'subquery', form: keyword === 'EXISTS' ? 'exists' : 'array', query: this.#subquery() };
      case 'UDF':
        throw syntaxError(this.#text, this.#token.start, 'user defined functions are not supported');
      default:
        throw this.#unexpected('an expression');
    }
  }

  #bracketed(operator: string): Expr {
    if (operator === '(') {
      if (this.#nextIsKeyword('SELECT')) return { kind: 'subquery', form: 'scalar', query: this.#subquery() };
      this.#at++;
      const inner = this.#expression();
      this.#expectOperator(')');
      return inner;
    }
    if (this.#takeOperator('[')) {
      if (this.#takeOperator(']')) return { kind: 'array', items: [] };
      const items = this.#list(() => this.#expression());
      this.#expectOperator(']');
      return { kind: 'array', items };
    }
    if (this.#takeOperator('{')) {
      if (this.#takeOperator('}')) return { kind: 'object', members: [] };
      const members = this.#list(() => this.#member());
      this.#expectOperator('}');
      return { kind: 'object', members };
    }
    throw this.#unexpected('an expression');
  }

  #member(): { key: string; value: Expr } {
    const token = this.#token;
    const key = token.kind === 'string' ? token.value : token.kind === 'identifier' ? token.text : undefined;
    if (key === undefined) throw this.#unexpected('a property name');
    this.#at++;
    this.#expectOperator(':');
    return { key, value: this.#expression() };
  }

  #call(name: string): Expr {
    this.#expectOperator('(');
    if (this.#takeOperator(')')) return { kind: 'call', name, args: [] };
    const args = this.#list(() => this.#expression());
    this.#expectOperator(')');
    return { kind: 'call', name, args };
  }

  #subquery(): Query {
    this.#expectOperator('(');
    const query = this.query();
    this.#expectOperator(')');
    return query;
  }

  #list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.#takeOperator(',')) items.push(item());
    return items;
  }

  #optionalAlias(): string | undefined {
    if (this.#takeKeyword('AS')) return this.#identifier('a name after AS');
    return this.#token.kind === 'identifier' ? this.#identifier('a name') : undefined;
  }

  #identifier(expected: string): string {
    const token = this.#token;
    if (token.kind === 'keyword') {
      const reason = `'${token.text}' is a reserved word; write ["${token.text.toLowerCase()}"] to reach such a property`;
      throw syntaxError(this.#text, token.start, reason);
    }
    if (token.kind !== 'identifier') throw this.#unexpected(expected);
    this.#at++;
    return token.text;
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > NESTING_MAX) {
      throw syntaxError(
        this.#text,
        this.#token.start,
        `the query is nested deeper than ${NESTING_MAX} levels`,
      );
    }
    const result = parse();
    this.#depth--;
    return result;
  }

  get #token(): Token {
    return this.#tokens[this.#at];
  }

  #isKeyword(text: string): boolean {
    return this.#token.kind === 'keyword' && this.#token.text === text;
  }

  #nextIsKeyword(...texts: string[]): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === 'keyword' && texts.includes(next.text);
  }

  #isOperator(text: string): boolean {
    return this.#token.kind === 'operator' && this.#token.text === text;
  }

  #takeKeyword(text: string): boolean {
    const found = this.#isKeyword(text);
    if (found) this.#at++;
    return found;
  }

  #takeOperator(text: string): boolean {
    const found = this.#isOperator(text);
    if (found) this.#at++;
    return found;
  }

  #expectKeyword(text: string): void {
    if (!this.#takeKeyword(text)) throw this.#unexpected(text);
  }

  #expectOperator(text: string): void {
    if (!this.#takeOperator(text)) throw this.#unexpected(`'${text}'`);
  }

  #unexpected(expected: string): Error {
    const { kind, text, start } = this.#token;
    return syntaxError(
      this.#text,
      start,
      `expected ${expected}, found ${kind === 'end' ? text : `'${text}'`}`,
    );
  }
}

function inferName(expr: Expr): string | undefined {
  if (expr.kind === 'alias') return expr.name;
  if (
    expr.kind === 'member' &&
    expr.property.kind === 'constant' &&
    typeof expr.property.value === 'string'
  ) {
    return expr.property.value;
  }
  return undefined;
}
