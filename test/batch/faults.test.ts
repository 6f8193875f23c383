import { afterAll, describe, expect, test } from 'vitest';
import { classifier, features } from '../serving/support.ts';
import { badRows, expectExact, fileOf, numbers, run, server, strikeAll, wholeOf } from './faults.ts';
import { parsedOutput, scoredAtOnce } from './support.ts';
import { untold } from './instance.ts';

afterAll(() => server.close());

test('an undisturbed job gives what one process gives that scores all at once, and the rows that are bad', async () => {
  const { outputs, operations } = await wholeOf('csv');
  expect([...outputs.keys()]).toEqual(['data.csv', 'data.csv.errors.jsonl']);
  const good = fileOf(numbers(12).filter((i) => !badRows.includes(i)));
  expect(await parsedOutput(String(outputs.get('data.csv')))).toEqual(
    await scoredAtOnce(classifier(), features, good),
  );
  const errors = String(outputs.get('data.csv.errors.jsonl')).trimEnd().split('\n');
  expect(errors.map((each) => (JSON.parse(each) as { row: number }).row)).toEqual(badRows);
  expect(operations).toBeGreaterThan(50);
  const again = await run('csv', 'undisturbed');
  await expectExact('csv', again);
  expect(again.ledger.spent.batchRows).toBe(9);
});

describe('an operation on storage, whichever of a job it is,', () => {
  test.each(untold)('that %s changes nothing of the output', { timeout: 600_000 }, async (fault) => {
    expect(await strikeAll(fault)).toBeGreaterThan(0);
  });
});
