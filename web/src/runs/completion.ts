import type { RunColumns } from '../api/runRows.ts';
import { fieldText } from './columns.ts';

export type Suggestion = { readonly text: string; readonly hint: string };
/** What could stand between two places of a text. */
export type Completion = {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
};

type Expected = 'field' | 'operator' | 'value' | 'and';
type Token = {
  readonly text: string;
  readonly from: number;
  readonly kind: 'field' | 'operator' | 'value' | 'other';
};

const suggestionsMax = 40;
const numeric = ['>', '>=', '<', '<=', '=', '!='];
const textual = ['=', '!=', 'LIKE', 'ILIKE'];
const listed = [...textual, 'IN', 'NOT IN'];
const statuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];
const numericAttributes = ['start_time', 'end_time'];
const textAttributes = ['status', 'run_name', 'run_id', 'user_id', 'artifact_uri'];
const datasetFields = ['name', 'digest', 'context'];

/** A name with its quoted key, a text, a sign, or a word. */
const tokenPattern =
  /[A-Za-z_]+\.(?:`[^`]*`?|"[^"]*"?)|'[^']*'?|"[^"]*"?|`[^`]*`?|[!=<>]+|[(),]|[^\s!=<>(),'"`]+/g;

/**
 * What can follow before the caret in a filter over runs: fields with the keys that are known, the operators
 * of a field, the values of a status, AND.
 *
 * @example complete('metrics.acc', 11, known).suggestions → [{ text: 'metrics.accuracy ', … }]
 */
export function complete(text: string, caret: number, known: RunColumns): Completion {
  const tokens = tokensOf(text.slice(0, caret));
  const last = tokens.at(-1);
  const touching =
    last !== undefined && last.from + last.text.length === caret && !/^[!=<>(),]/.test(last.text);
  const before = touching ? tokens.slice(0, -1) : tokens;
  const partial = touching ? last.text : '';
  const from = caret - partial.length;
  const suggestions = suggest(expectedAfter(before), fieldOf(before), known)
    .filter(matching(partial))
    .toSorted((a, b) => rank(a, partial) - rank(b, partial))
    .slice(0, suggestionsMax);
  return { from, to: caret, suggestions };
}

/** The token that begins at or holds a position: what an error there is about. */
export function tokenAt(text: string, position: number): readonly [from: number, to: number] {
  for (const { text: token, from } of tokensOf(text))
    if (position < from + token.length) return [from, from + token.length];
  return [Math.max(0, text.length - 1), text.length];
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(tokenPattern)) {
    const expected = expectedAfter(tokens);
    const kind = expected === 'field' || expected === 'operator' || expected === 'value' ? expected : 'other';
    tokens.push({ text: match[0], from: match.index, kind });
  }
  return tokens;
}

/** Walks comparisons joined by AND; a list in parentheses is one value. */
function expectedAfter(tokens: readonly Token[]): Expected {
  let expected: Expected = 'field';
  let isInList = false;
  for (const { text } of tokens) {
    if (isInList) {
      isInList = text !== ')';
      if (!isInList) expected = 'and';
    } else if (expected === 'field') expected = 'operator';
    else if (expected === 'operator') expected = text.toUpperCase() === 'NOT' ? 'operator' : 'value';
    else if (expected === 'value') {
      isInList = text === '(';
      if (!isInList) expected = 'and';
    } else expected = 'field';
  }
  return expected;
}

function fieldOf(tokens: readonly Token[]): string {
  return tokens.findLast(({ kind }) => kind === 'field')?.text ?? '';
}

function suggest(expected: Expected, field: string, known: RunColumns): Suggestion[] {
  switch (expected) {
    case 'field':
      return fields(known);
    case 'operator':
      return operators(field).map((text) => ({ text: `${text} `, hint: '' }));
    case 'value':
      return /^(attributes\.)?status$/.test(field)
        ? statuses.map((status) => ({ text: `'${status}' `, hint: 'status' }))
        : [];
    case 'and':
      return [{ text: 'AND ', hint: '' }];
  }
}

function fields(known: RunColumns): Suggestion[] {
  const of = (kind: string, keys: readonly string[], hint: string) =>
    keys.map((key) => ({ text: `${fieldText(kind, key)} `, hint }));
  return [
    ...of('metrics', known.metrics, 'metric'),
    ...of('params', known.params, 'param'),
    ...of('attributes', [...textAttributes, ...numericAttributes], 'attribute'),
    ...of('tags', known.tags, 'tag'),
    ...of('datasets', datasetFields, 'dataset'),
  ];
}

function operators(field: string): readonly string[] {
  const key = field.replace(/^attributes\./, '');
  if (/^metrics?\./.test(field) || numericAttributes.includes(key)) return numeric;
  return /^datasets?\./.test(field) || key === 'run_id' ? listed : textual;
}

function matching(partial: string) {
  const wanted = plain(partial);
  return ({ text }: Suggestion) => plain(text).includes(wanted) && plain(text) !== wanted;
}

/** What begins as it was typed comes first, then what has a key that does. */
function rank({ text }: Suggestion, partial: string): number {
  const wanted = plain(partial);
  const whole = plain(text);
  if (whole.startsWith(wanted)) return 0;
  return whole.slice(whole.indexOf('.') + 1).startsWith(wanted) ? 1 : 2;
}

function plain(text: string): string {
  return text.replaceAll(/[`"'\s]/g, '').toLowerCase();
}
