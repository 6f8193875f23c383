import { describe, expect, test } from 'vitest';
import { toMessages } from './outputs.ts';
import type { TypedData } from './rpc.ts';

describe('the messages of an output', () => {
  test.each<[TypedData | null | undefined, string[]]>([
    [undefined, []],
    [null, []],
    [{ string: 'text' }, ['text']],
    [{ string: '' }, ['']],
    [{ string: '{"a":1}' }, ['{"a":1}']],
    [{ string: '["a",{"b":2},3]' }, ['a', '{"b":2}', '3']],
    [{ string: '[not json' }, ['[not json']],
    [{ json: '{"a":1}' }, ['{"a":1}']],
    [{ json: '[]' }, []],
    [{ json: 'true' }, ['true']],
    [{ int: 7 }, ['7']],
    [{ double: 1.5 }, ['1.5']],
    [{ bytes: Buffer.from('raw') }, ['raw']],
  ])('of %j are %j', (data, messages) => {
    expect(toMessages(data).map((message) => Buffer.from(message).toString())).toEqual(messages);
  });
});
