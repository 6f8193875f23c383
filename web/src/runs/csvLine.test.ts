import { expect, test } from 'vitest';
import { line } from './csvLine.ts';

test('fields with commas, quotes or line ends are quoted, so that they come back as they were', () => {
  expect(line(['plain', 'a,b', 'say "x"', 'two\nlines', ''])).toBe(
    'plain,"a,b","say ""x""","two\nlines",\r\n',
  );
});
