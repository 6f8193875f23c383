import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CairnError } from '../http/index.ts';
import { hourOf, parsePredictionId, predictionIds } from './prediction-id.ts';

const buffer = '00112233445566ff';

describe('prediction ids', () => {
  test('an id leads back to the hour, buffer and row it was made for', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
        fc.integer({ min: 0, max: 99_999 }),
        fc.integer({ min: 1, max: 20 }),
        (date, firstRow, rows) => {
          const hour = hourOf(date.getTime());
          predictionIds('default/a', hour, buffer, firstRow, rows).forEach((id, i) =>
            expect(parsePredictionId('default/a', id, 'id')).toEqual({ hour, buffer, row: firstRow + i }),
          );
        },
      ),
    );
  });

  test('the form is fixed: labels may come years later', () => {
    expect(predictionIds('default/iris', '2026010203', buffer, 7, 2)).toEqual([
      '2026010203-00112233445566ff-7-dfbe81d6',
      '2026010203-00112233445566ff-8-030fe331',
    ]);
  });

  test('any single character changed, another endpoint or another workspace is refused by name', () => {
    const [id = ''] = predictionIds('default/iris', '2026010203', buffer, 7, 1);
    const refused = (owner: string, given: string) =>
      expect(() => parsePredictionId(owner, given, 'labels[3].prediction_id')).toThrow(
        expect.objectContaining({ code: 'invalid', field: 'labels[3].prediction_id' }) as CairnError,
      );
    for (let at = 0; at < id.length; at++)
      refused('default/iris', `${id.slice(0, at)}${id[at] === '1' ? '2' : '1'}${id.slice(at + 1)}`);
    refused('default/other', id);
    refused('other/iris', id);
    for (const text of [
      '',
      'x',
      id.toUpperCase(),
      ` ${id}`,
      `${id}\n`,
      id.replace('2026010203', '2026139903'),
      'a'.repeat(1e5),
    ])
      refused('default/iris', text);
  });
});
