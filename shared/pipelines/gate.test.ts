import { describe, expect, test } from 'vitest';
import { judge } from './gate.ts';

const figures = (version: number, accuracy: number, logLoss: number | null) => ({
  version,
  digest: `sha256:${version}`,
  accuracy,
  logLoss,
});
const verdict = (champion: [number, number | null], challenger: [number, number | null], margin = 0) =>
  judge({ predictionIds: ['a', 'b'] }, margin, figures(1, ...champion), figures(2, ...challenger)).verdict;

describe('the gate', () => {
  test('lets a more accurate challenger through and no less accurate one', () => {
    expect(verdict([0.8, 0.5], [0.81, 0.9])).toBe('challenger');
    expect(verdict([0.8, 0.5], [0.79, 0.1])).toBe('champion');
  });

  test('asks for the margin: a lead of the margin alone needs the lower log loss', () => {
    expect(verdict([0.8, 0.5], [0.84, 0.1], 0.05)).toBe('champion');
    expect(verdict([0.8, 0.5], [0.86, 0.9], 0.05)).toBe('challenger');
    expect(verdict([0.8, 0.5], [0.85, 0.4], 0.05)).toBe('challenger');
    expect(verdict([0.8, 0.5], [0.85, 0.5], 0.05)).toBe('champion');
  });

  test('breaks a tie by log loss, and leaves every doubt to the champion', () => {
    expect(verdict([0.8, 0.5], [0.8, 0.4])).toBe('challenger');
    expect(verdict([0.8, 0.5], [0.8, 0.5])).toBe('champion');
    expect(verdict([0.8, null], [0.8, 0.1])).toBe('champion');
    expect(verdict([0.8, 0.5], [0.8, null])).toBe('champion');
  });

  test('says which rows it saw', () => {
    const gate = (ids: string[]) => judge({ predictionIds: ids }, 0, figures(1, 1, 0), figures(2, 1, 0));
    expect(gate(['a', 'b'])).toMatchObject({ rows: 2, rowsDigest: gate(['a', 'b']).rowsDigest });
    expect(gate(['a', 'c']).rowsDigest).not.toBe(gate(['a', 'b']).rowsDigest);
  });
});
