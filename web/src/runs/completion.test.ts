import { describe, expect, test } from 'vitest';
import { complete, tokenAt } from './completion.ts';

const known = {
  metrics: ['accuracy', 'val/auc', 'train time'],
  params: ['learning_rate', 'model'],
  tags: ['phase'],
};

/** The suggestions at the bar in a text. */
function at(marked: string): string[] {
  const caret = marked.indexOf('|');
  return complete(marked.replace('|', ''), caret, known).suggestions.map(({ text }) => text);
}

/** The text once the first suggestion is taken. */
function taken(marked: string): string {
  const caret = marked.indexOf('|');
  const text = marked.replace('|', '');
  const { from, to, suggestions } = complete(text, caret, known);
  return `${text.slice(0, from)}${suggestions[0]?.text ?? ''}${text.slice(to)}`;
}

describe('completion of a filter', () => {
  test('begins with fields, each key quoted where it is more than a word', () => {
    expect(at('|')).toContain('metrics.`val/auc` ');
    expect(at('|')).toContain('metrics.accuracy ');
    expect(at('|')).toContain('datasets.name ');
  });

  test('finds a key by its beginning, without its kind', () => {
    expect(at('lear|')[0]).toBe('params.learning_rate ');
    expect(at('AUC|')[0]).toBe('metrics.`val/auc` ');
  });

  test('takes the place of what was typed, also inside an open quote', () => {
    expect(taken('acc|')).toBe('metrics.accuracy ');
    expect(taken('metrics.`train t|')).toBe('metrics.`train time` ');
    expect(taken("params.model = 'a' AND ph|")).toBe("params.model = 'a' AND tags.phase ");
  });

  test('offers the operators of a field', () => {
    expect(at('metrics.accuracy |')).toEqual(['> ', '>= ', '< ', '<= ', '= ', '!= ']);
    expect(at('metrics.`train time` |')).toContain('>= ');
    expect(at('params.model |')).toEqual(['= ', '!= ', 'LIKE ', 'ILIKE ']);
    expect(at('datasets.name |')).toContain('IN ');
    expect(at('attributes.start_time |')).not.toContain('LIKE ');
    expect(taken('params.model li|')).toBe('params.model LIKE ');
  });

  test('offers the values of a status, and nothing where any value may stand', () => {
    expect(at('attributes.status = |')).toContain("'FAILED' ");
    expect(taken("status != 'fi|")).toBe("status != 'FINISHED' ");
    expect(at('metrics.accuracy > |')).toEqual([]);
  });

  test('goes on with AND, also after a list', () => {
    expect(at('metrics.accuracy > 0.5 |')).toEqual(['AND ']);
    expect(at("datasets.name NOT IN ('a', 'b') |")).toEqual(['AND ']);
    expect(at("datasets.name IN ('a', |")).toEqual([]);
    expect(at('metrics.accuracy > 0.5 AND |')).toContain('params.model ');
  });

  test('says no word that already stands there', () => {
    expect(at('params.model|')).toEqual([]);
  });
});

describe('the token at a position', () => {
  const text = "metrics.`a b` > 1 AN params.x = 'y'";
  test.each([
    [0, 'metrics.`a b`'],
    [18, 'AN'],
    [21, 'params.x'],
    [text.length, "'"],
  ])('at %i is %s', (position, token) => {
    expect(text.slice(...tokenAt(text, position))).toBe(token);
  });

  test('of an empty text is nothing', () => {
    expect(tokenAt('', 0)).toEqual([0, 0]);
  });
});
