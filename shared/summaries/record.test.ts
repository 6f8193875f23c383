import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeRecords, encodeRecord, type SummaryRecord } from './record.ts';
import { mergeSummaries, type Summary } from './summary.ts';

const golden = readFileSync(new URL('golden/record-1.jsonl', import.meta.url), 'utf8');

const stable: Summary = {
  at: 1_790_000_000_123,
  deployment: 'main',
  variant: 'stable',
  version: 3,
  digest: `sha256:${'ab'.repeat(32)}`,
  calls: { '2xx': 7, '4xx': 2, '429': 1, '500': 0, '504': 1 },
  rows: 70,
  runs: 3,
  runRows: 72,
  latency: new Map([
    [200, 6],
    [35, 1],
    [700, 1],
  ]),
  nonFinite: 1,
  scores: new Map([
    [100_007, 4],
    [-12, 3],
  ]),
  dropped: 0,
};
const elsewhere: Summary = {
  ...stable,
  deployment: 'partner',
  variant: 'mirror',
  version: null,
  digest: null,
  latency: new Map(),
  scores: new Map(),
  dropped: 5,
};
const record: SummaryRecord = { instance: '00112233aabbccdd', seq: 42, windows: [stable, elsewhere] };

describe('records of format 1', () => {
  test('are written as they have been since it began, and read back whole', () => {
    expect(encodeRecord(record)).toBe(golden);
    expect(decodeRecords(golden)).toEqual([record]);
  });

  test('one that is there twice counts once; torn ones, later formats and other lines are passed over', () => {
    const torn = golden.slice(0, 150);
    const others = ['null', '[]', '{"v":2,"instance":"a","seq":1,"windows":[]}', '{"v":1,"seq":1}', '7'];
    const second = encodeRecord({ ...record, seq: 43 });
    expect(decodeRecords(`${golden}${golden}${torn}\n${others.join('\n')}\n\n${second}${torn}`)).toEqual([
      record,
      { ...record, seq: 43 },
    ]);
  });

  test('one with a count that is none is passed over as a whole', () => {
    for (const [from, to] of [
      ['"rows":70', '"rows":-1'],
      ['"504":1', '"504":null'],
      ['[35,1,', '[35,'],
      ['"variant":"mirror"', '"variant":"other"'],
    ] as const)
      expect(decodeRecords(golden.replace(from, to))).toEqual([]);
  });
});

test('summaries merge by span and what answered, in any order and grouping', () => {
  const later = { ...stable, at: stable.at + 10_000 };
  const canary = { ...stable, variant: 'canary', version: 4 } as const;
  const parts = [stable, later, canary, elsewhere, { ...stable, at: stable.at + 120_000 }];
  const merged = mergeSummaries(parts, 60_000);
  expect(merged.map(({ at, variant, rows }) => [at - stable.at, variant, rows])).toEqual([
    [0, 'canary', 70],
    [0, 'stable', 140],
    [0, 'mirror', 70],
    [120_000, 'stable', 70],
  ]);
  expect(merged[1]?.latency).toEqual(
    new Map([
      [200, 12],
      [35, 2],
      [700, 2],
    ]),
  );
  const twice = mergeSummaries([...mergeSummaries(parts.slice(2), 60_000), later, stable], 60_000);
  expect(twice).toEqual(merged);
});
