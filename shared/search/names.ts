import { invalidAt, type Token } from './lexer.ts';
import type { Attribute, Entity, Field, Table } from './table.ts';

/** The tokens of one text, taken from left to right. */
export class Tokens {
  readonly #tokens: readonly Token[];
  /** What the text is, for messages: `filter`. */
  readonly what: string;
  #at = 0;

  constructor(tokens: readonly Token[], what: string) {
    this.#tokens = tokens;
    this.what = what;
  }

  /** The token that is next, or one of those behind it. The end is followed by itself. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
  }

  take(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  /** Takes these words, in any case, if they are next. */
  takeWords(...words: readonly string[]): boolean {
    const found = words.every((text, i) => isWord(this.peek(i), text));
    if (found) this.#at += words.length;
    return found;
  }

  /** An error about a token: the position is where it begins. */
  invalid({ start }: { readonly start: number }, message: string): Error {
    return invalidAt(this.what, start, message);
  }
}

export function isWord(token: Token, text: string): boolean {
  return token.kind === 'word' && token.text.toUpperCase() === text;
}

/** A token as messages show it. */
export function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : `'${token.text}'`;
}

/**
 * The field that the next tokens name: `entity.key`, the key quoted where it holds what a word cannot, or
 * a bare attribute. The first dot parts the two; a key may hold more of them.
 * @throws CairnError `invalid`, with position
 */
export function takeField(tokens: Tokens, table: Table): Field {
  const token = tokens.peek();
  // Where a value belongs, 'x' is a text; a name is quoted the other ways.
  if (token.kind !== 'word' && !(token.kind === 'quoted' && token.quote !== "'"))
    throw tokens.invalid(token, `Invalid comparison clause. Expected a name, found ${shown(token)}`);
  tokens.take();
  if (token.kind === 'quoted') return fieldOf(tokens, token, table, undefined, token.value);
  const dot = token.text.indexOf('.');
  if (dot < 0) return fieldOf(tokens, token, table, undefined, token.text);
  const key = token.text.slice(dot + 1);
  const behind = tokens.peek();
  const isQuoted = behind.kind === 'quoted' && behind.start === token.end;
  if (isQuoted && key === '') tokens.take();
  else if (isQuoted || key === '')
    throw tokens.invalid(behind, 'Expected a key behind the dot, in quotes as a whole or not at all');
  return fieldOf(tokens, token, table, token.text.slice(0, dot), isQuoted ? behind.value : key);
}

function fieldOf(tokens: Tokens, at: Token, table: Table, prefix: string | undefined, key: string): Field {
  const wanted = prefix ?? table.bare;
  const entity = table.entities.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
  if (!entity)
    throw tokens.invalid(
      at,
      `Invalid entity type '${wanted}'. Valid values are ${pythonList(table.entities.map(({ name }) => name))}`,
    );
  const field = resolved(entity, key);
  if (field) return field;
  throw tokens.invalid(at, unknownKey(entity, key));
}

function resolved(entity: Entity, key: string): Field | undefined {
  if (entity.keys === 'any') {
    const { name, operators, ordered = true } = entity;
    return { entity: name, key, column: entity.column(key), operators, ordered };
  }
  const found = Object.entries(entity.keys).find(
    ([name, attribute]) => name === key || attribute.aliases?.includes(key),
  );
  if (!found) return undefined;
  const [name, { column, operators, ordered }] = found;
  return { entity: entity.name, key: name, column, operators, ordered: ordered ?? entity.ordered ?? true };
}

function unknownKey(entity: Entity, key: string): string {
  const valid = Object.entries(entity.keys as Readonly<Record<string, Attribute>>).flatMap(
    ([name, { aliases = [] }]) => [name, ...aliases],
  );
  return `Invalid ${entity.name} key '${key}' specified. Valid keys are ${pythonList(valid)}`;
}

/** A list as MLflow's messages print it. */
export function pythonList(items: readonly string[]): string {
  return `[${items.map((item) => `'${item}'`).join(', ')}]`;
}
