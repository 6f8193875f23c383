import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Block, type Inline, parseMarkdown, withoutFrontMatter } from './parse.ts';

describe('blocks of Markdown', () => {
  test('are headings, paragraphs, code, rules and quotes', () => {
    expect(parseMarkdown('# One\ntwo\nthree\n\n```py\n# not a heading\n```\n---\n> said **so**')).toEqual([
      { kind: 'heading', level: 1, parts: [text('One')] },
      { kind: 'paragraph', parts: [text('two\nthree')] },
      { kind: 'code', text: '# not a heading' },
      { kind: 'rule' },
      {
        kind: 'quote',
        blocks: [{ kind: 'paragraph', parts: [text('said '), { kind: 'strong', parts: [text('so')] }] }],
      },
    ]);
  });

  test('are lists, each item of blocks of its own', () => {
    const [list] = parseMarkdown('- one\n- two\n  - inner\n\n1. first') as [Extract<Block, { kind: 'list' }>];
    expect(list.ordered).toBe(false);
    expect(list.items).toHaveLength(2);
    expect(list.items[1]?.[1]).toMatchObject({ kind: 'list', items: [[{ kind: 'paragraph' }]] });
    expect(parseMarkdown('1. a\n2. b')).toMatchObject([{ kind: 'list', ordered: true }]);
  });

  test('are tables, whose rows have as many cells as their head', () => {
    expect(parseMarkdown('| a | b |\n|---|:-:|\n| 1 \\| 2 | `x` | more |\n| 3 |')).toEqual([
      {
        kind: 'table',
        head: [[text('a')], [text('b')]],
        rows: [
          [[text('1 | 2')], [{ kind: 'code', text: 'x' }]],
          [[text('3')], []],
        ],
      },
    ]);
  });
});

describe('within a line', () => {
  test('HTML is text, and so is a link that would run something', () => {
    const source = '<img src=x onerror=alert(1)> [press](javascript:alert(1)) [or](data:text/html,x)';
    expect(parseMarkdown(source)).toEqual([{ kind: 'paragraph', parts: expect.any(Array) as Inline[] }]);
    expect(links(parseMarkdown(source))).toEqual([]);
    expect(plain(parseMarkdown(source))).toBe(source);
  });

  test('links lead to the web and to pages of this one', () => {
    expect(
      links(parseMarkdown('[a](https://example.org/x_(y)) [b](#/models/m) <http://c.example/>')),
    ).toEqual(['https://example.org/x_(y)', '#/models/m', 'http://c.example/']);
  });

  test('names with underscores and lone stars stay as they are', () => {
    expect(plain(parseMarkdown('snake_case_name, 2 * 3 * 4 and \\*escaped\\*'))).toBe(
      'snake_case_name, 2 * 3 * 4 and *escaped*',
    );
  });
});

test('any text is read, and quickly', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('*', '_', '`', '[', '](', ')', '\n', '- ', '> ', '|', 'a', ' ')),
      (parts) => {
        parseMarkdown(parts.join(''));
      },
    ),
  );
  const start = performance.now();
  for (const unit of ['> ', '- ', '**a', '[', '`', '_a', '|-']) parseMarkdown(unit.repeat(2000));
  expect(performance.now() - start).toBeLessThan(2000);
});

test('front matter is left out, a rule within the text is not', () => {
  expect(withoutFrontMatter('---\ntags:\n- a\n---\n# Card\n---\nend')).toBe('# Card\n---\nend');
  expect(withoutFrontMatter('# Card\n\n---\nend')).toBe('# Card\n\n---\nend');
  expect(withoutFrontMatter('---\nnever closed')).toBe('---\nnever closed');
});

function text(said: string): Inline {
  return { kind: 'text', text: said };
}

function inlines(blocks: readonly Block[]): Inline[] {
  const within = (parts: readonly Inline[]): Inline[] =>
    parts.flatMap((part) => ('parts' in part ? [part, ...within(part.parts)] : [part]));
  return blocks.flatMap((block) => ('parts' in block ? within(block.parts) : []));
}

function links(blocks: readonly Block[]): string[] {
  return inlines(blocks).flatMap((part) => (part.kind === 'link' ? [part.href] : []));
}

function plain(blocks: readonly Block[]): string {
  return inlines(blocks)
    .map((part) => ('text' in part ? part.text : ''))
    .join('');
}
