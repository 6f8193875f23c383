import { describe, expect, test } from 'vitest';
import { parseYaml } from './yaml.ts';

// The texts are what PyYAML 6's safe_dump(value, default_flow_style=False) writes for the values.
describe('parseYaml', () => {
  test('reads nested maps and lists, with lists at the indent of their key', () => {
    const text =
      'flavors:\n  sklearn:\n    code: null\n    sklearn_version: 1.9.1\nl:\n- 1\n- - 2\n  - 3\n- a: x\n  b: []\nempty: {}\n';
    expect(parseYaml(text)).toEqual({
      flavors: { sklearn: { code: null, sklearn_version: '1.9.1' } },
      l: [1, [2, 3], { a: 'x', b: [] }],
      empty: {},
    });
  });

  test('joins quoted scalars over lines: a signature is JSON again', () => {
    const text = `signature:
  inputs: '[{"type": "double", "name": "it''s long", "required":
    true}, {"type": "double", "name": "b", "required": true}]'
  outputs: '[{"type": "double", "required": true}]'
model_uuid: x
`;
    const { signature } = parseYaml(text) as { signature: { inputs: string } };
    expect(JSON.parse(signature.inputs)).toEqual([
      { type: 'double', name: "it's long", required: true },
      { type: 'double', name: 'b', required: true },
    ]);
  });

  test('keeps line breaks and escapes of scalars', () => {
    expect(parseYaml("note: 'it''s: a #test\n\n  of lines'\n")).toEqual({ note: "it's: a #test\nof lines" });
    expect(parseYaml('a: "tab\\there \\xE9 \\u6F22 \\U0001F642\\\n  \\ end"\n')).toEqual({
      a: 'tab\there é 漢 🙂 end',
    });
    expect(parseYaml('a: plain words that\n  go on\nb: 1\n')).toEqual({ a: 'plain words that go on', b: 1 });
  });

  test('tells numbers, booleans and null from the texts that look like them, as YAML 1.1 does', () => {
    expect(
      parseYaml(
        "a: 1\nb: -2.5\nc: 1.0e-07\nd: 1e3\ne: '1'\nf: 0123\ng: true\nh: 'true'\ni: null\nj: 1.9.1\n",
      ),
    ).toEqual({
      a: 1,
      b: -2.5,
      c: 1e-7,
      d: '1e3',
      e: '1',
      f: '0123',
      g: true,
      h: 'true',
      i: null,
      j: '1.9.1',
    });
  });

  test('reads keys with spaces, colons and quotes, comments and an empty text', () => {
    expect(parseYaml("# made by hand\nk 1: a\nk:2: b\n'a: b': c\n")).toEqual({
      'k 1': 'a',
      'k:2': 'b',
      'a: b': 'c',
    });
    expect(parseYaml('')).toBeNull();
  });

  test.each([
    'a: &id001\n- 1\nb: *id001\n',
    'a: |\n  block\n',
    'a: !!python/tuple\n- 1\n',
    'a: {b: 1}\n',
    "a: 'open\n",
    'a: 1\n   b: 2\nc\n',
  ])('refuses what it would misread: %j', (text) => {
    expect(() => parseYaml(text)).toThrow(SyntaxError);
  });
});
