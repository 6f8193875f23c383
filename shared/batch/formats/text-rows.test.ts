import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RowEnds, writeCsv } from '../../datasets/index.ts';
import { cutRows, type KnownCut } from '../cut.ts';
import { numericCsv } from './csv-rows.ts';
import { csvFormat } from './csv-text.ts';
import { JsonNumbers } from './json-numbers.ts';
import { type JsonColumns, jsonFormat } from './json-rows.ts';
import type { ReadOptions, RowBlock } from './rows.ts';
import { textBlocks } from './text-rows.ts';

const numRuns = process.env['CAIRN_TEST'] === 'long' ? 2000 : 150;
const columns = ['a', 'b', 'c'];
const port = { name: 'x', type: 'float32', shape: ['n', 2] } as const;

/** Everything that a block says of its rows, in a form that outlives it. */
const told = (block: RowBlock) => ({
  rows: Array.from({ length: block.rows }, (_, row) => ({
    number: block.number(row),
    isBad: block.unscored.has(row),
    text: Buffer.from(
      block.text?.bytes.subarray(block.text.starts[row], block.text.ends[row]) ?? [],
    ).toString(),
    cells: columns.map((_name, column) => block.cell(row, column)),
    json: columns.map((_name, column) => block.json?.(row, column)),
  })),
  problems: block.problems,
  read: block.read,
  position: block.position,
  feeds:
    block.feeds.kind === 'tensors'
      ? Object.values(block.feeds.tensors).map(({ dims, data }) => ({
          dims,
          data: Array.from(data as Float32Array),
        }))
      : [],
});

type Told = ReturnType<typeof told>;
type Reader = (source: AsyncIterable<Uint8Array>, options: ReadOptions) => AsyncIterable<RowBlock>;

async function read(reader: Reader, pieces: readonly Buffer[], options: ReadOptions): Promise<Told[]> {
  const blocks: Told[] = [];
  for await (const block of reader(Readable.from(pieces), options)) blocks.push(told(block));
  return blocks;
}

const cutAt = (bytes: Buffer, at: number[]) => {
  const ends = [...new Set(at.map((each) => each % (bytes.length + 1))), bytes.length].toSorted(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter((piece) => piece.length > 0);
};

const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', ';', '\n', '\r', 'ä', ' '), maxLength: 4 }),
  fc.constantFrom('', '1', '-2.5e3', 'NA', 'true', '007'),
);
const goodRow = fc
  .tuple(cell, fc.constantFrom('1', '', '2.5', 'true'), fc.constantFrom('3', '-1e-3', 'NaN'))
  .map((row) => writeCsv([row], { delimiter: ';' }));
const badRow = fc.constantFrom('1;2\n', '1;2;3;4\n', 'a "b" c;1;2\r\n', 'x;y;z\n', '\n', '\r\n');
const csvFile = fc
  .tuple(
    fc.array(fc.oneof({ arbitrary: goodRow, weight: 3 }, { arbitrary: badRow, weight: 1 }), {
      maxLength: 12,
    }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([lines, isLatin, hasEnd]) => {
    const text = Buffer.concat([
      Buffer.from(lines.join('')),
      isLatin ? Buffer.from([0xff, 0x3b, 0x31, 0x3b, 0x32, 0x0a]) : Buffer.alloc(0),
    ]);
    return hasEnd || text.at(-2) === 0x0d ? text : text.subarray(0, -1);
  });

const jsonCell = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('}', '\\"', 'ä'));
const jsonFile = fc
  .array(
    fc.oneof(
      {
        arbitrary: fc
          .record({ a: jsonCell, b: jsonCell, c: jsonCell }, { requiredKeys: [] })
          .map((each) => JSON.stringify(each)),
        weight: 4,
      },
      {
        arbitrary: fc.constantFrom(
          '',
          '  ',
          '[1]',
          '7',
          '{',
          '{"a":9007199254740993}',
          '{"d":1}',
          '{"p":1}',
          ' {"b": NaN} ',
        ),
        weight: 1,
      },
    ),
    { maxLength: 12 },
  )
  .map((lines) => Buffer.from(lines.join('\r\n')));
const jsonNumbersFile = fc
  .array(
    fc.tuple(jsonCell, fc.double({ noNaN: true }), fc.constantFrom('1', '-2.5e3', 'null', 'NaN', 'true')),
  )
  .map((rows) =>
    rows.map(([a, b, c]) => `{"a": ${JSON.stringify(a)}, "b": ${JSON.stringify(b)}, "c": ${c}}\n`),
  )
  .map((lines) => Buffer.from(lines.join('')));
const asTable: JsonColumns = { columns, areLists: false, needed: [], isFixed: true, added: ['p'] };

test.each<[string, Reader, fc.Arbitrary<Buffer>, RowEnds]>([
  ['CSV as text', (source, how) => textBlocks(source, csvFormat(columns, ';'), how), csvFile, 'unquoted'],
  [
    'CSV as numbers',
    (source, how) => numericCsv(source, { columns, features: ['c', 'b'], port, delimiter: ';' }, how),
    csvFile,
    'unquoted',
  ],
  ['JSON Lines', (source, how) => textBlocks(source, jsonFormat(asTable), how), jsonFile, 'every'],
  [
    'JSON Lines as numbers',
    (source, how) => {
      const table = { columns, features: ['c', 'b'], port, rowsMax: how.rowsMax };
      return textBlocks(source, jsonFormat({ ...asTable, numbers: new JsonNumbers(table) }), how);
    },
    fc.oneof(jsonNumbersFile, jsonFile),
    'every',
  ],
])(
  'rows of %s are the same however their bytes come, and from wherever the reading goes on',
  async (_of, reader, file, ends) => {
    await fc.assert(
      fc.asyncProperty(
        file,
        fc.array(fc.nat(), { maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('skip' as const, 'null' as const),
        async (bytes, pieces, rowsMax, badRows) => {
          const how = { rowsMax, badRows };
          const whole = await read(reader, [bytes], { ...how, row: 1, position: 0 });
          expect(await read(reader, cutAt(bytes, pieces), { ...how, row: 1, position: 0 })).toEqual(whole);
          let row = 1;
          for (const [at, { position, read: taken }] of whole.entries()) {
            row += taken;
            const rest = cutAt(bytes.subarray(position), pieces);
            expect(await read(reader, rest, { ...how, row, position })).toEqual(whole.slice(at + 1));
          }
          const cuts = await Readable.from(
            cutRows(Readable.from([bytes]), { first: 0, row: 1 }, 9, ends),
          ).toArray();
          expect((cuts as KnownCut[]).reduce((sum, { rows }) => sum + rows, 0)).toBe(row - 1);
          const numbers = whole.flatMap(({ rows, problems }) => [
            ...rows.filter(({ isBad }) => !isBad).map(({ number }) => number),
            ...problems.map((problem) => problem.row),
          ]);
          expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: row - 1 }, (_, i) => i + 1));
        },
      ),
      { numRuns },
    );
  },
);

test('a bad row does not hide one before it that is found when it is scored', async () => {
  const reader = textBlocks(Readable.from([Buffer.from('1;2;3\n4;5\n')]), csvFormat(columns, ';'), {
    rowsMax: 9,
    row: 1,
    position: 0,
    badRows: 'fail',
  });
  const { value } = (await reader.next()) as { value: RowBlock };
  expect(value).toMatchObject({ rows: 1, position: 6 });
  await expect(reader.next()).rejects.toMatchObject({ problem: { row: 2 } });
});

test('whole numbers beyond 2^53 and the spelling of numbers are kept', async () => {
  const [csv] = await read(
    (source, how) => textBlocks(source, csvFormat(columns, ','), how),
    [Buffer.from('1.50,00501,\n')],
    { rowsMax: 9, row: 1, position: 0, badRows: 'fail' },
  );
  expect(csv?.rows[0]?.json).toEqual(['1.50', '"00501"', 'null']);
  const format = jsonFormat({ columns, areLists: false, needed: [], isFixed: false, added: [] });
  const [json] = await read(
    (source, how) => textBlocks(source, format, how),
    [Buffer.from('{"a":9007199254740993,"b":[12345678901234567890],"z":0}\n')],
    { rowsMax: 9, row: 1, position: 0, badRows: 'fail' },
  );
  expect(json?.rows[0]?.json).toEqual(['9007199254740993', '[12345678901234567890]', 'null']);
  expect(json?.rows[0]?.cells).toEqual(['9007199254740993', '[12345678901234567890]', null]);
});

test.each<[string, Reader, string]>([
  ['CSV as text', (source, how) => textBlocks(source, csvFormat(columns, ','), how), '1,2,3\n'],
  [
    'CSV as numbers',
    (source, how) => numericCsv(source, { columns, features: ['c', 'b'], port, delimiter: ',' }, how),
    '1,2,3\n',
  ],
  ['JSON Lines', (source, how) => textBlocks(source, jsonFormat(asTable), how), '{"a":1,"b":2,"c":3}\n'],
])('how far %s is read is told in the midst of many empty lines, too', async (_of, reader, line) => {
  const megabytes = 18;
  const empty = Buffer.from('\r\n'.repeat((1 << 20) / 2));
  const rows = Buffer.from(line.repeat(3));
  const gap = Array.from({ length: megabytes }, () => empty);
  const how = { rowsMax: 4096, row: 1, position: 0, badRows: 'fail' } as const;
  const blocksOf = async (pieces: readonly Buffer[]) => {
    const blocks: { read: number; position: number }[] = [];
    for await (const block of reader(Readable.from(pieces), how))
      blocks.push({ read: block.read, position: block.position });
    return blocks;
  };
  const blocks = await blocksOf([rows, ...gap, rows, ...gap]);
  const bytes = 2 * (rows.length + megabytes * empty.length);
  const steps = blocks.map(({ position }, i) => position - (blocks[i - 1]?.position ?? 0));
  expect(Math.max(...steps)).toBeLessThan(17 * empty.length);
  expect(bytes - (blocks.at(-1)?.position ?? 0)).toBeLessThan(17 * empty.length);
  // However the bytes come, the same rows are scored together.
  const groups = (of: typeof blocks) => of.map(({ read: taken }) => taken).filter((taken) => taken > 0);
  expect(groups(blocks)).toEqual([3, 3]);
  const parts = [
    Buffer.concat([rows, ...gap.slice(1)]),
    ...cutAt(Buffer.concat([empty, rows]), [5, 700_001]),
  ];
  expect(groups(await blocksOf(parts))).toEqual([3, 3]);
});
