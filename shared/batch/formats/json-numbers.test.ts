import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Port } from '../../sessions/index.ts';
import { fedBy, rowTensors } from '../../serving/index.ts';
import type { VersionReady } from '../../registry/index.ts';
import { JsonNumbers } from './json-numbers.ts';
import { jsonFormat } from './json-rows.ts';
import type { RowBlock } from './rows.ts';
import { textBlocks } from './text-rows.ts';

const numRuns = process.env['CAIRN_TEST'] === 'long' ? 20_000 : 1_000;
const columns = ['id', 'a', 'ä "b"', 'n'];
const features = ['n', 'a'];
const ports = (['float32', 'float64'] as const).map((type): Port => ({ name: 'x', type, shape: ['', 2] }));
const how = { columns, areLists: false, needed: features, isFixed: false, added: [] };
const ready = {
  signature: { inputs: [{ name: 'x', elementType: 'float32', shape: [null, 2] }], outputs: [] },
  features,
} as unknown as VersionReady;

/** Whether the reader of numbers takes a line, and what it makes of it. */
function taken(port: Port, line: Buffer): Float32Array | Float64Array | undefined {
  const numbers = new JsonNumbers({ columns, features, port, rowsMax: 2 });
  const block = Buffer.concat([line, Buffer.from('\r\n{"id":1}\n')]);
  if (!numbers.take(block, 0, line.length, 1)) return undefined;
  const { data } = numbers.tensors(2)['x'] ?? {};
  return (data as Float32Array | undefined)?.slice(2);
}

/** The same of the reader that makes values; throws what it throws. */
function read(port: Port, line: Buffer): Float32Array | Float64Array {
  const row = jsonFormat(how).parse(line, 1);
  return rowTensors({ ...fedBy(ready), inputs: [port] }, jsonFormat(how).rows([row]))['x']
    ?.data as Float32Array;
}

const digits = fc.string({
  unit: fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'),
  minLength: 1,
  maxLength: 20,
});
const plain = fc.oneof(
  fc.double().map((value) => JSON.stringify(value)),
  fc.float().map((value) => JSON.stringify(value)),
  fc.integer().map(String),
);
const odd = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    digits,
    fc.constantFrom('', '.', '.0', '.25', 'e3', 'E-30', 'e+400', '.5e'),
  )
  .map((parts) => parts.join(''));
const other = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc
    .string({ unit: fc.constantFrom('\\', 'u', '0', 'f', 'G', '"', 'n', '\t', '}', 'ä'), maxLength: 6 })
    .map((text) => `"${text}"`),
  fc.constantFrom(
    'null',
    'NaN',
    'true',
    'false',
    'Infinity',
    '-NaN',
    'nul',
    '[1]',
    '{"a":1}',
    '',
    '"',
    '-',
    '.5',
  ),
);
const blank = fc.oneof(
  { arbitrary: fc.constantFrom('', ' ', '\t', '\r'), weight: 200 },
  fc.constantFrom('\f', '\u00a0'),
);
const anyValue = fc.oneof({ arbitrary: plain, weight: 20 }, { arbitrary: odd, weight: 2 }, other);
const keys = fc.oneof(
  { arbitrary: fc.constant(columns), weight: 8 },
  { arbitrary: fc.shuffledSubarray([...columns, 'z']), weight: 1 },
);
const line = fc
  .tuple(
    keys,
    fc.array(fc.tuple(anyValue, blank, blank), {
      minLength: 5,
      maxLength: 5,
    }),
    blank,
    fc.constantFrom(...new Array<string>(12).fill(''), '}', ' x', ','),
  )
  .map(([names, values, space, tail]) => {
    const fields = names.map((name, i) => {
      const [value, before, behind] = values[i] ?? ['', '', ''];
      return `${before}${JSON.stringify(name)}${behind}:${before}${value}${behind}`;
    });
    return `${space}{${fields.join(',')}}${space}${tail}`;
  });
/** A byte of a line that is another one. */
const broken = fc.tuple(line, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([text, at, byte]) => {
  const bytes = Buffer.from(text);
  bytes[at % bytes.length] = byte === 10 ? 0 : byte;
  return bytes;
});

test.each(ports)(
  'what is taken as numbers of $type is what values of the same rows would be, to the bit',
  (port) => {
    let count = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          line.map((text) => Buffer.from(text)),
          broken,
        ),
        (bytes) => {
          const numbers = taken(port, bytes);
          if (!numbers) return;
          count++;
          expect(numbers).toEqual(read(port, bytes));
        },
      ),
      { numRuns },
    );
    expect(count).toBeGreaterThan(numRuns / 20);
  },
);

test.each([
  '{"id":"x\\u00e9","a":1,"ä \\"b\\"":true,"n":2}',
  ' { "id" : 7 , "a" : -0.5 , "ä \\"b\\"" : null , "n" : null } ',
  '{"id":12345678901234567890,"a":0.12345678901234567,"ä \\"b\\"":1e400,"n":NaN}',
  '{"id":false,"a":1e-7,"ä \\"b\\"":"","n":-0}',
])('%s is taken', (text) => {
  for (const port of ports) expect(taken(port, Buffer.from(text))).toEqual(read(port, Buffer.from(text)));
});

test('rows among which one is not taken become values all together', async () => {
  const [port] = ports as [Port];
  const lines = [1, 2, 3].map(
    (value) => `{"id":${value},"a":${value},"ä \\"b\\"":0,"n":${value === 2 ? 'true' : 0}}`,
  );
  const format = jsonFormat({ ...how, numbers: new JsonNumbers({ columns, features, port, rowsMax: 2 }) });
  const blocks: string[] = [];
  const cells: unknown[] = [];
  const source = Readable.from([Buffer.from(lines.join('\n'))]);
  for await (const block of textBlocks(source, format, {
    rowsMax: 2,
    row: 1,
    position: 0,
    badRows: 'fail',
  })) {
    blocks.push(block.feeds.kind);
    cells.push(...ofRows(block));
  }
  expect(blocks).toEqual(['frame', 'tensors']);
  expect(cells).toEqual([1, 0, 2, true, 3, 0]);
});

const ofRows = (block: RowBlock) =>
  Array.from({ length: block.rows }, (_, row) => [block.cell(row, 0), block.cell(row, 3)]).flat();
