import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvError, NumericRows, numberOf, readCsv, rowStarts, wholeRows, writeCsv } from './index.ts';

const runs = process.env['CAIRN_TEST'] === 'long' ? 5000 : 300;

const cell = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('"', ',', ';', '\n', '\r', '\r\n', 'a', ' ', '\uFEFF', 'é', ''),
    maxLength: 8,
  }),
);
const rowsOf = <T>(value: fc.Arbitrary<T>) =>
  fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width }), { maxLength: 12 }));

/** The bytes in pieces of these sizes, over and over. */
function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const read = async (text: string | Buffer, sizes: readonly number[] = [1 << 20], delimiter = ',') =>
  Readable.from(readCsv(Readable.from(cut(Buffer.from(text), sizes)), { delimiter })).toArray();

const problemOf = async (act: () => unknown) => {
  try {
    await act();
  } catch (error) {
    if (error instanceof CsvError) return error.problem;
    throw error;
  }
  throw new Error('expected a CsvError');
};

describe('reading CSV', () => {
  test('what was written is read back, whatever the cells, the delimiter and the cut of the bytes', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        rowsOf(cell),
        sizes,
        fc.constantFrom(',', ';', '\t', '|'),
        async (rows, pieces, delimiter) => {
          expect(await read(writeCsv(rows, { delimiter }), pieces, delimiter)).toEqual(rows);
        },
      ),
      { numRuns: runs },
    );
  });

  test.each([
    ['CR LF', 'a,b\r\n1,2\r\n'],
    ['no final line end', 'a,b\n1,2'],
    ['a byte order mark', '\uFEFFa,b\n1,2\n'],
    ['a byte order mark before a quote', '\uFEFF"a",b\n1,2\n'],
    ['empty lines', '\n\r\na,b\n\n1,2\r\n\r\n'],
    ['quotes without need', '"a","b"\r\n"1","2"'],
  ])('%s changes nothing', async (_, text) => {
    expect(await read(text)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(await read(text, [1])).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
  });

  test('a lone carriage return is part of its value', async () => {
    expect(await read('a\rb,c\n')).toEqual([['a\rb', 'c']]);
  });

  test.each([
    ['a\nx"y\n', { row: 1, reason: expect.stringContaining('not quoted') as string }],
    ['a\n1\n"x"y\n', { row: 2, reason: expect.stringContaining('behind a closing quote') as string }],
    ['a\n"x\n', { row: 1, reason: expect.stringContaining('no closing one') as string }],
  ])('quotes out of place are refused: %j', async (text, problem) => {
    expect(await problemOf(() => read(text))).toEqual(problem);
  });

  test('text that is not UTF-8 is refused with its row', async () => {
    expect(await problemOf(() => read(Buffer.from('a\nfür\n', 'latin1')))).toMatchObject({
      row: 1,
      value: 'für',
    });
    expect(await problemOf(() => read(Buffer.from('\uFEFFa\n', 'utf16le')))).toMatchObject({
      reason: expect.stringContaining('UTF-16') as string,
    });
  });

  test('a quote that never closes does not take the whole file into memory', async () => {
    const endless = Readable.from(
      (function* () {
        yield Buffer.from('a\n"');
        for (;;) yield Buffer.alloc(1 << 20, 'x\n');
      })(),
    );
    expect(await problemOf(() => Readable.from(wholeRows(endless)).toArray())).toMatchObject({
      reason: expect.stringContaining('closing quote') as string,
    });
  });
});

describe('whole rows', () => {
  test('blocks end at row ends and name the start of every row', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsOf(cell),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 40 }),
        async (rows, size, bytesMin) => {
          const bytes = Buffer.from(writeCsv(rows));
          const blocks = (await Readable.from(
            wholeRows(Readable.from(cut(bytes, [size])), bytesMin),
          ).toArray()) as Buffer[];
          expect(Buffer.concat(blocks)).toEqual(bytes);
          const starts: number[] = [];
          let offset = 0;
          for (const block of blocks) {
            for (const start of rowStarts(block)) starts.push(offset + start);
            offset += block.length;
          }
          expect(starts).toEqual(rows.map((_, i) => Buffer.byteLength(writeCsv(rows.slice(0, i)))));
        },
      ),
      { numRuns: runs },
    );
  });
});

/** Numbers in all the spellings that files have, and things that are none. */
const numberText = fc.oneof(
  fc.double().map(String),
  fc.float().map(String),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc
    .tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 0, max: 20 }))
    .map(([x, n]) => x.toExponential(n)),
  fc
    .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.integer({ min: 0, max: 25 }))
    .map(([x, n]) => x.toFixed(n)),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789.eE+-')), minLength: 1, maxLength: 24 }),
  fc.constantFrom(
    '',
    ' ',
    ' 7 ',
    '"8"',
    '" 9"',
    'nan',
    'NA',
    'null',
    '-inf',
    'Infinity',
    '+1',
    '.5',
    '5.',
    '-',
    '.',
    'e5',
    '0x10',
    '1_0',
    'abc',
    '-0',
    '١',
  ),
);

/** float32 halfway points and their neighbours: where a careless parser rounds twice. */
const halfway = fc
  .tuple(
    fc.integer({ min: 1 << 23, max: (1 << 24) - 1 }),
    fc.integer({ min: -60, max: 60 }),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([mantissa, exponent, nudge]) => {
    const exact = (mantissa + 0.5) * 2 ** exponent;
    return String(exact * (1 + nudge * Number.EPSILON));
  });

function parseNumbers(
  text: string,
  columns: readonly string[],
  selected: readonly string[],
  rowsMax: number,
  isDouble = false,
) {
  const rows = new NumericRows(columns, selected, { rowsMax, isDouble });
  const block = Buffer.from(text);
  const out: number[][] = [];
  const texts: string[] = [];
  for (let at = 0; ; ) {
    at = rows.fill(block, at);
    for (let i = 0; i < rows.rows; i++) {
      out.push([...rows.features.subarray(i * selected.length, (i + 1) * selected.length)]);
      texts.push(Buffer.from(rows.text.subarray(rows.starts[i], rows.ends[i])).toString());
    }
    rows.clear();
    if (at === block.length) return { out, texts };
  }
}

/** The number of the middle column. */
function middleOf(line: string, isDouble: boolean): number | 'refused' {
  try {
    return parseNumbers(line, ['a', 'b', 'c'], ['b'], 4, isDouble).out[0][0];
  } catch (error) {
    if (error instanceof CsvError) return 'refused';
    throw error;
  }
}

describe('the numeric parser', () => {
  test('gives, for every spelling, the float32 or double of the slow path, and refuses what it refuses', () => {
    fc.assert(
      fc.property(fc.oneof(numberText, halfway), (text) => {
        const expected = numberOf(text.startsWith('"') ? text.slice(1, -1) : text) ?? 'refused';
        const line = `x,${text},y\n`;
        expect(middleOf(line, false)).toBe(expected === 'refused' ? expected : Math.fround(expected));
        expect(middleOf(line, true)).toBe(expected);
      }),
      { numRuns: runs * 20 },
    );
  });

  test('takes the columns by name in the order asked, keeps the bytes of the rows, and fills at most rowsMax', () => {
    const text = 'x,1,"q, ""z""\n",2.5\r\n\n\r\ny,-3,,\n,4e2,t,NA';
    for (const rowsMax of [1, 2, 3, 10]) {
      const { out, texts } = parseNumbers(text, ['name', 'b', 'note', 'a'], ['a', 'b'], rowsMax);
      expect(out).toEqual([
        [2.5, 1],
        [Number.NaN, -3],
        [Number.NaN, 400],
      ]);
      expect(texts).toEqual(['x,1,"q, ""z""\n",2.5', 'y,-3,,', ',4e2,t,NA']);
    }
  });

  test.each([
    ['1,2\n3,x y\n', { row: 2, column: 'b', value: 'x y', reason: 'is not a number' }],
    ['1,2\n\n3\n', { row: 2, reason: 'The row has 1 values, but the header has 2' }],
    ['1,2,3\n', { row: 1, reason: 'The row has 3 values, but the header has 2' }],
    ['"1,2\n', { row: 1, reason: expect.stringContaining('no closing one') as string }],
  ])('says where and what is wrong: %j', async (text, problem) => {
    expect(await problemOf(() => parseNumbers(text, ['a', 'b'], ['b', 'a'], 8))).toEqual(problem);
  });

  test('a selected column must be in the header, once', async () => {
    expect(await problemOf(() => new NumericRows(['a', 'b'], ['c'], { rowsMax: 1 }))).toMatchObject({
      row: 0,
      column: 'c',
    });
    expect(await problemOf(() => new NumericRows(['a', 'b', 'a'], ['a'], { rowsMax: 1 }))).toMatchObject({
      row: 0,
      column: 'a',
    });
    expect(() => new NumericRows(['a', 'b', 'b'], ['a'], { rowsMax: 1 })).not.toThrow();
  });
});
