import { describe, expect, test } from 'vitest';
import type { RunRow } from '../api/runRows.ts';
import { arrange, type Arrangement, type Line } from './arrange.ts';

function run(id: string, tags: Record<string, string> = {}, params: Record<string, string> = {}): RunRow {
  return {
    run_id: id,
    experiment_id: '1',
    name: id,
    user_id: '',
    status: 'FINISHED',
    start_time: 0,
    stage: 'active',
    datasets: [],
    metrics: {},
    params,
    tags,
  };
}

const child = (id: string, parent: string) => run(id, { 'mlflow.parentRunId': parent });
const plain: Arrangement = { pins: new Set(), hidden: new Set(), folded: new Set(), nested: false };

/** Each line as its id, indented by its depth; groups in brackets with their count. */
function said(runs: readonly RunRow[], how: Partial<Arrangement>, pinned: readonly RunRow[] = []): string[] {
  const lines: Line[] = arrange(
    pinned.map((each) => ({ run: each, source: 'pins' })),
    runs.map((each) => ({ run: each, source: 0 })),
    { ...plain, ...how },
  );
  return lines.map((line) =>
    line.kind === 'group' ? `[${line.title} ${line.count}]` : `${'  '.repeat(line.depth)}${line.id}`,
  );
}

describe('the lines of the table of runs', () => {
  test('keep the order of the server', () => {
    expect(said([run('b'), run('a'), run('c')], {})).toEqual(['b', 'a', 'c']);
  });

  test('show pinned runs first and once, and hidden ones not at all', () => {
    const runs = [run('a'), run('b'), run('c')];
    expect(
      said(runs, { pins: new Set(['c', 'far']), hidden: new Set(['a']) }, [run('c'), run('far')]),
    ).toEqual(['c', 'far', 'b']);
  });

  test('show no run as pinned that no longer is', () => {
    expect(said([run('a')], {}, [run('a')])).toEqual(['a']);
  });

  test('stand in groups of one value, which fold', () => {
    const runs = [run('a', {}, { m: 'x' }), run('b', {}, { m: 'x' }), run('c', {}, { m: 'y' })];
    const groupOf = ({ params }: RunRow) => params['m'] ?? '';
    expect(said(runs, { groupOf })).toEqual(['[x 2]', 'a', 'b', '[y 1]', 'c']);
    expect(said(runs, { groupOf, folded: new Set(['group:x']) })).toEqual(['[x 2]', '[y 1]', 'c']);
  });

  test('stand below their parents where those have come, and fold with them', () => {
    const runs = [child('c1', 'p'), child('g', 'c1'), child('far', 'not here'), run('p'), child('c2', 'p')];
    expect(said(runs, { nested: true })).toEqual(['far', 'p', '  c1', '    g', '  c2']);
    expect(said(runs, { nested: true, folded: new Set(['p']) })).toEqual(['far', 'p']);
  });

  test('lose no run whose parents run in a circle', () => {
    const runs = [child('a', 'b'), child('b', 'a'), child('self', 'self'), child('c', 'a')];
    expect(said(runs, { nested: true }).toSorted()).toEqual(['  c', 'a', 'b', 'self']);
  });
});
