import { expect, test } from 'vitest';
import { formatTrace, newTrace, parseTrace } from './trace-context.ts';

test('a traceparent is read and written as W3C has it; what is none is none', () => {
  const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const parsed = parseTrace(given);
  expect(parsed).toEqual({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    isSampled: true,
  });
  expect(parsed && formatTrace(parsed)).toBe(given);
  // Of the flags only the first is ours.
  expect(parseTrace(given.replace(/01$/, '03'))?.isSampled).toBe(true);
  expect(parseTrace(given.replace(/01$/, '02'))?.isSampled).toBe(false);
  for (const bad of [
    undefined,
    null,
    '',
    'x',
    given.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32)),
    given.replace('00f067aa0ba902b7', '0'.repeat(16)),
    given.toUpperCase(),
    given.slice(0, -1),
  ])
    expect(parseTrace(bad)).toBeUndefined();
});

test('a new trace is one of its own, which is not recorded', () => {
  const [one, other] = [parseTrace(newTrace()), parseTrace(newTrace())];
  expect(one?.isSampled).toBe(false);
  expect(one?.traceId).not.toBe(other?.traceId);
});
