import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Approval } from '../model.ts';
import { approvals, inspection, metric, requiredTags, signature } from './plain.ts';

const approval = (by: string): Approval => ({ by, at: 1, comment: '' });

describe('required tags', () => {
  test('must all be there and say something; those that are missing are named', () => {
    const spec = { gate: 'required-tags', tags: ['owner', 'ticket', 'constructor'] } as const;
    const verdict = requiredTags(spec, { owner: 'ada', ticket: ' ' });
    expect(verdict.status).toBe('failed');
    expect(verdict.inputs).toMatchObject({ found: { owner: 'ada' }, missing: ['ticket', 'constructor'] });
    expect(requiredTags({ ...spec, tags: ['owner'] }, { owner: 'ada' }).status).toBe('passed');
  });
});

describe('a metric', () => {
  const spec = { gate: 'metric', key: 'auc', atLeast: 0.8, atMost: 0.99 } as const;
  test.each([
    [0.8, 'passed'],
    [0.99, 'passed'],
    [0.79, 'failed'],
    [1, 'failed'],
    [Number.NaN, 'failed'],
    [Number.POSITIVE_INFINITY, 'failed'],
  ])('of %d against 0.8 to 0.99 has %s', (value, status) => {
    expect(metric(spec, { value, source: 'run:1' }).status).toBe(status);
  });

  test('that nobody logged, or that belongs to no run, fails', () => {
    expect(metric(spec, { source: 'run:1' })).toMatchObject({ status: 'failed', inputs: { value: null } });
    expect(metric(spec, { source: null })).toMatchObject({ status: 'failed', inputs: { source: null } });
  });

  test('leaves figures that JSON can hold', () => {
    const { inputs } = metric(spec, { value: Number.NaN, source: 'run:1' });
    expect(JSON.parse(JSON.stringify(inputs))).toMatchObject({ value: 'NaN' });
  });
});

describe('an inspection', () => {
  test('passes a version that is ready, waits for one that is being read, and fails with the reason else', () => {
    expect(inspection({ state: 'pending' }).status).toBe('waiting');
    const refused = inspection({ state: 'refused', reason: 'no ONNX file.', at: 1 });
    expect(refused).toMatchObject({ status: 'failed', says: 'The version cannot be served: no ONNX file.' });
  });
});

describe('a signature', () => {
  test('passes where it holds, and fails with the reason where it does not', () => {
    expect(signature({ valid: true, keyId: 'k', files: 3 }).status).toBe('passed');
    const broken = signature({ valid: false, keyId: null, files: 0, reason: 'It is not signed.' });
    expect(broken).toMatchObject({ status: 'failed', says: 'It is not signed.' });
  });
});

describe('approvals', () => {
  const spec = { gate: 'approvals', count: 2 } as const;
  const people = { author: 'ada', requestedBy: 'bob' };

  test('of the author, of who asked, and twice of one person do not count', () => {
    const given = ['ada', 'bob', 'cid', 'cid'].map(approval);
    expect(approvals(spec, { approvals: given, ...people })).toMatchObject({
      status: 'waiting',
      inputs: { approved_by: ['cid'] },
    });
    expect(approvals(spec, { approvals: [...given, approval('dan')], ...people }).status).toBe('passed');
  });

  test('are as many different people as pass, whatever order they came in', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ada', 'bob', 'cid', 'dan', 'eve')), (names) => {
        const outside = new Set(names.filter((name) => name !== 'ada' && name !== 'bob'));
        const { status } = approvals(spec, { approvals: names.map(approval), ...people });
        expect(status).toBe(outside.size >= 2 ? 'passed' : 'waiting');
      }),
    );
  });
});
