import { describe, expect, test } from 'vitest';
import { parseTable } from '../../datasets/index.ts';
import { type DataSet, evaluationDrift } from './drift.ts';

const spec = { gate: 'evaluation-drift', threshold: 0.2 } as const;
const setOf = async (uri: string, lines: readonly (readonly (string | number)[])[]): Promise<DataSet> => ({
  uri,
  digest: `sha256:${uri}`,
  table: await parseTable(Buffer.from(lines.map((line) => line.join(',')).join('\n'))),
});
/** Rows whose number lies `shift` higher, and of which a share of `red` is red. */
const rows = (shift: number, red: number) =>
  Array.from({ length: 500 }, (_, i) => [
    (i % 100) / 100 + shift,
    (i * 7) % 500 < red * 500 ? 'red' : 'blue',
  ]);
const header = ['x', 'colour'];

describe('drift of the evaluation set', () => {
  test('passes the same distribution and names the features that moved, the worst first', async () => {
    const reference = await setOf('reference', [header, ...rows(0, 0.5)]);
    const same = evaluationDrift(spec, await setOf('same', [header, ...rows(0, 0.5)]), reference, header);
    expect(same).toMatchObject({ status: 'passed', inputs: { features: [{ psi: 0 }, { psi: 0 }] } });
    const moved = evaluationDrift(spec, await setOf('moved', [header, ...rows(2, 0.9)]), reference, header);
    expect(moved.status).toBe('failed');
    expect(moved.inputs['features']).toMatchObject([{ feature: 'x' }, { feature: 'colour' }]);
  });

  test('is no verdict where a feature is missing or of another kind', async () => {
    const reference = await setOf('reference', [header, ...rows(0, 0.5)]);
    const other = await setOf('other', [['x'], ['a'], ['b']]);
    expect(evaluationDrift(spec, other, reference, header).status).toBe('error');
    expect(evaluationDrift(spec, other, reference, ['x']).status).toBe('error');
    expect(evaluationDrift(spec, other, reference, []).status).toBe('error');
  });
});
