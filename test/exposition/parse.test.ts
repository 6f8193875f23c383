import { describe, expect, test } from 'vitest';
import { parseExposition, valueOf } from './parse.ts';

const histogram = [
  '# TYPE a_seconds histogram',
  'a_seconds_bucket{le="0.1"} 1',
  'a_seconds_bucket{le="+Inf"} 2',
  'a_seconds_sum 3.5',
  'a_seconds_count 2',
];
const text = (...lines: string[]) => `${lines.join('\n')}\n`;

describe('the parser that the expositions are held to', () => {
  test('reads what is right', () => {
    const parsed = parseExposition(
      text(
        '# TYPE a counter',
        '# HELP a With \\\\ and \\n and \\".',
        'a_total{b="x\\"y\\\\z\\n",c=""} 1.5e3',
        ...histogram,
        '# EOF',
      ),
      'openmetrics',
    );
    expect(valueOf(parsed, 'a_total', { b: 'x"y\\z\n' })).toBe(1500);
    expect(valueOf(parsed, 'a_seconds_count')).toBe(2);
  });

  test.each([
    ['no end of file', text('# TYPE a gauge', 'a 1'), /# EOF/],
    ['an end before the end', text('# EOF', '# TYPE a gauge', 'a 1', '# EOF'), /An end before/],
    ['no end of the last line', '# TYPE a gauge\na 1\n# EOF', /no end/],
    ['an empty line', text('# TYPE a gauge', '', 'a 1', '# EOF'), /No sample/],
    ['a series twice', text('# TYPE a gauge', 'a{b="1",c="2"} 1', 'a{c="2",b="1"} 2', '# EOF'), /twice/],
    [
      'a family in two places',
      text('# TYPE a gauge', 'a 1', '# TYPE b gauge', 'b 1', 'a{c="1"} 1', '# EOF'),
      /another/,
    ],
    ['metadata behind samples', text('# TYPE a gauge', 'a 1', '# HELP a b', '# EOF'), /behind/],
    ['a second type', text('# TYPE a gauge', '# TYPE a gauge', 'a 1', '# EOF'), /second TYPE/],
    ['a counter without _total', text('# TYPE a counter', 'a 1', '# EOF'), /another family/],
    ['a counter below 0', text('# TYPE a counter', 'a_total -1', '# EOF'), /below 0/],
    ['a unit that is not in the name', text('# TYPE a gauge', '# UNIT a seconds', 'a 1', '# EOF'), /unit/],
    ['a label twice', text('# TYPE a gauge', 'a{b="1",b="2"} 1', '# EOF'), /labels/],
    ['a quote that is not escaped', text('# TYPE a gauge', 'a{b="1"2"} 1', '# EOF'), /labels/],
    ['no number', text('# TYPE a gauge', 'a one', '# EOF'), /number/],
    ['buckets out of order', text(...histogram.with(1, 'a_seconds_bucket{le="0.1"} 3'), '# EOF'), /fall/],
    ['no last bucket', text(...histogram.toSpliced(2, 1), '# EOF'), /\+Inf/],
    ['another count', text(...histogram.with(4, 'a_seconds_count 3'), '# EOF'), /count/],
    ['no sum', text(...histogram.toSpliced(3, 1), '# EOF'), /sum/],
  ])('refuses %s', (_, wrong, why) => {
    expect(() => parseExposition(wrong, 'openmetrics')).toThrow(why);
  });

  test('knows no units, infos and ends in the older format', () => {
    expect(() => parseExposition(text('# UNIT a_seconds seconds'), 'text')).toThrow(/OpenMetrics/);
    expect(() => parseExposition(text('# TYPE a info'), 'text')).toThrow(/unknown/);
    expect(() => parseExposition(text('# TYPE a gauge', 'a 1', '# EOF'), 'text')).toThrow(/An end/);
  });
});
