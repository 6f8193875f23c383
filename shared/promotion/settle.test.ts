import { describe, expect, test } from 'vitest';
import type { GateResult } from './model.ts';
import { settled } from './settle.ts';

const gate = (key: string, status: GateResult['status']): GateResult => ({
  gate: 'schema',
  key,
  status,
  says: '',
  inputs: {},
  at: 1,
});
const override = (...gates: string[]) => ({ by: 'root', at: 1, reason: 'it burns', gates });

describe('all gates together', () => {
  test.each([
    [['passed', 'passed'], 'passed'],
    [['passed', 'waiting'], 'waiting'],
    [['failed', 'waiting'], 'refused'],
    [['error', 'passed'], 'refused'],
    [[], 'passed'],
  ] as const)('%j is %s', (statuses, verdict) => {
    expect(
      settled(
        statuses.map((status, i) => gate(String(i), status)),
        undefined,
      ).verdict,
    ).toBe(verdict);
  });

  test('an override lets pass the gates it names, and no other that fails later', () => {
    const gates = [gate('a', 'failed'), gate('b', 'waiting'), gate('c', 'passed')];
    const after = settled(gates, override('a', 'b'));
    expect(after.verdict).toBe('passed');
    expect(after.gates.map(({ status }) => status)).toEqual(['overridden', 'overridden', 'passed']);
    expect(settled([...gates, gate('d', 'failed')], override('a', 'b')).verdict).toBe('refused');
    expect(settled([gate('c', 'passed')], override('c')).gates[0]?.status).toBe('passed');
  });
});
