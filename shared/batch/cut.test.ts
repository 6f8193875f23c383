import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeCsv } from '../datasets/index.ts';
import { type KnownCut, cutRows } from './cut.ts';

const cell = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', 'é'), maxLength: 6 });
const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 10 });

const cutsOf = (bytes: Buffer, rangeBytes: number, start = { first: 0, row: 1 }): Promise<KnownCut[]> =>
  Readable.from(cutRows(Readable.from([bytes]), start, rangeBytes)).toArray() as Promise<KnownCut[]>;

test('at every range size the cuts tile the file, lie at row starts, and number the rows', async () => {
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const starts = rows.map((_, i) => Buffer.byteLength(writeCsv(rows.slice(0, i))));
      const bytes = Buffer.from(writeCsv(rows));
      for (let rangeBytes = 1; rangeBytes <= bytes.length + 1; rangeBytes++) {
        const cuts = await cutsOf(bytes, rangeBytes);
        expect(cuts.map((cut) => cut.first)).toEqual([0, ...cuts.slice(0, -1).map((cut) => cut.end)]);
        expect(cuts.at(-1)?.end).toBe(bytes.length);
        for (const { first, end, row, rows: count } of cuts) {
          expect(starts[row - 1]).toBe(first);
          expect(starts[row - 1 + count] ?? bytes.length).toBe(end);
          // The rows that begin in the range, and no other.
          expect(starts[row - 2 + count]).toBeLessThan(first + rangeBytes);
          expect(end === bytes.length || end >= first + rangeBytes).toBe(true);
        }
      }
    }),
    { numRuns: process.env['CAIRN_TEST'] === 'long' ? 500 : 40 },
  );
});

test('a row that begins exactly at the end of a range belongs to the next', async () => {
  expect(await cutsOf(Buffer.from('1,2\n3,4\n5,6'), 4)).toEqual([
    { first: 0, end: 4, row: 1, rows: 1 },
    { first: 4, end: 8, row: 2, rows: 1 },
    { first: 8, end: 11, row: 3, rows: 1 },
  ]);
});

test('cutting goes on from any cut as if it had not stopped', async () => {
  const bytes = Buffer.from('a,1\n"x\ny",2\r\n\nb,3\nc,4\nd,5');
  const all = await cutsOf(bytes, 5);
  for (const [i, { first, row }] of all.entries())
    expect(await cutsOf(bytes.subarray(first), 5, { first, row })).toEqual(all.slice(i));
});
