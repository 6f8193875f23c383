import { expect, test } from 'vitest';
import type { Endpoint } from '../api/endpoints.ts';
import { changesOf } from './body.ts';
import { type Draft, draftOf, newDeployment, newDraft } from './draft.ts';
import { bodyOf } from './draft-body.ts';
import { planFault } from './draft-faults.ts';

const guards = {
  requests_min: 200,
  alpha: 0.01,
  error_ratio_max: 1,
  latency_ratio_max: 1.5,
  score_distance_max: null,
};
const endpoint: Endpoint = {
  name: 'flowers',
  model: 'iris',
  model_id: 'm-1',
  alias: 'champion',
  status: 'ready',
  stable: null,
  deployments: [
    {
      name: 'main',
      kind: 'model',
      model: 'iris',
      model_id: 'm-1',
      alias: 'champion',
      stable: null,
      rollout: null,
      last_rollout: null,
      settings: { execution: 'worker', micro_batch_rows: 8 },
    },
    { name: 'old', kind: 'external', url: 'https://scoring.example.org/', has_secret: true },
  ],
  traffic: { main: 99.5, old: 0.5 },
  mirror: {},
  sticky: { header: 'x-customer' },
  limits: { rows_max: 5, timeout_seconds: 0.5, body_bytes_max: 2 * 1024 * 1024 },
  logging: { sample_rate: 0.07, durability: 'queue', masked_columns: ['name'], retention_days: 30 },
  non_finite: 'text',
  rollout: { plan: [2.5, 100], hold_seconds: 90, guards },
  labels: { team: 'plants' },
  created_at: 1,
  updated_at: 2,
};

/** A draft of a new endpoint that can be sent. */
function sendable(changes: Partial<Draft> = {}): Draft {
  const draft = newDraft();
  const deployments = draft.deployments.map((each) => ({ ...each, model: 'iris' }));
  return { ...draft, name: 'flowers', deployments, ...changes };
}

test('an endpoint that is opened and sent unchanged stays as it is', () => {
  const body = bodyOf(draftOf(endpoint));
  expect(body).toEqual({
    name: 'flowers',
    deployments: [
      {
        name: 'main',
        model: 'iris',
        alias: 'champion',
        settings: { execution: 'worker', micro_batch_rows: 8 },
      },
      { name: 'old', url: 'https://scoring.example.org/' },
    ],
    traffic: endpoint.traffic,
    mirror: endpoint.mirror,
    sticky: endpoint.sticky,
    limits: endpoint.limits,
    logging: endpoint.logging,
    non_finite: 'text',
    rollout: endpoint.rollout,
    labels: endpoint.labels,
  });
  expect(changesOf(body, bodyOf(draftOf(endpoint)))).toEqual({});
});

test('only the parts that were changed are sent', () => {
  const before = draftOf(endpoint);
  const after = { ...before, samplePercent: '50', plan: '10, 100 %' };
  expect(changesOf(bodyOf(before), bodyOf(after))).toEqual({
    logging: { ...endpoint.logging, sample_rate: 0.5 },
    rollout: { plan: [10, 100], hold_seconds: 90, guards },
  });
});

test('a new endpoint follows the champion with all of the calls', () => {
  const body = bodyOf(sendable({ maskedColumns: 'name\nbirthday, as written\n', retentionDays: '30' }));
  expect(body.deployments).toEqual([
    {
      name: 'main',
      model: 'iris',
      alias: 'champion',
      settings: { execution: 'auto', micro_batch_rows: 64 },
    },
  ]);
  expect(body.traffic).toEqual({ main: 100 });
  expect(body.logging).toEqual({
    sample_rate: 1,
    durability: 'buffer',
    masked_columns: ['name', 'birthday, as written'],
    retention_days: 30,
  });
});

test('a draft that does not fit together is not sent, and says why', () => {
  const [main] = sendable().deployments;
  const deployments = main ? [main, { ...newDeployment([main]), alias: 'challenger' }] : [];
  const withSecond = (changes: object) =>
    sendable({ deployments: deployments.map((each, at) => (at === 1 ? { ...each, ...changes } : each)) });
  expect(() => bodyOf(withSecond({}))).not.toThrow();
  expect(() => bodyOf(withSecond({ name: 'main' }))).toThrow('named main');
  expect(() => bodyOf(withSecond({ traffic: '20' }))).toThrow('120 together');
  expect(() => bodyOf(withSecond({ mirror: '60' }))).toThrow('at most 50 %');
  expect(() => bodyOf(withSecond({ mirror: '10' }))).not.toThrow();
  expect(() => bodyOf(withSecond({ model: '' }))).toThrow('Choose a model for the deployment challenger');
  expect(() => bodyOf(sendable({ plan: '50, 5, 100' }))).toThrow('grow');
});

test('a plan grows and ends with everything', () => {
  expect(planFault('1, 5, 100')).toBeUndefined();
  expect(planFault('100')).toBeUndefined();
  for (const wrong of ['', '5, 1, 100', '1, 5', '1, x, 100', '0, 100', '5, 5, 100'])
    expect(planFault(wrong)).toBeDefined();
});
