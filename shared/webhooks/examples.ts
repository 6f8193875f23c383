import type { WebhookEvent } from './events.ts';
import type { Body } from './model.ts';

const model = { name: 'example_model' };
const prompt = { name: 'example_prompt' };
const tag = { key: 'example_key', value: 'example_value' };
const tags = { [tag.key]: tag.value };
const alias = { alias: 'example_alias' };
const first = { version: '1' };
const rollout = {
  endpoint: 'example-endpoint',
  deployment: 'main',
  name: 'example_model',
  from_version: '1',
  version: '2',
  rollout_id: '0123456789abcdef',
  reason: null,
};

const batchJob = {
  job_id: 'batch-0123456789abcdef0123456789abcdef',
  owner: { type: 'endpoint', name: 'example-endpoint' },
  name: 'example_model',
  version: '1',
  rows: null,
  bad: null,
  input: 'batch-input/example-endpoint/rows.csv',
  output: null,
  errors: null,
  error: null,
  report: null,
  job: '/api/v1/batch-jobs/batch-0123456789abcdef0123456789abcdef',
};

const incident = {
  incident: 'example-monitor-1',
  monitor: 'example-monitor',
  endpoint: 'example-endpoint',
  severity: 'critical',
  title: 'example-monitor: accuracy and feature drift',
  text: 'Accuracy (critical since 2026-01-01T00:00:00.000Z, version 2): accuracy 0.71, bound at least 0.85. Feature drift (warning since 2026-01-01T01:00:00.000Z, version 2): drifted share 0.5, bound at most 0.3.',
  signals: ['performance', 'feature-drift'],
  versions: [2],
  opened_at: Date.UTC(2026, 0, 1),
  resolved_at: null,
  link: '/#/incidents/example-monitor-1',
};

/** What a test of a webhook sends: made up, in the shape of the real thing, and MLflow's own values where it has them. */
export const examples: Readonly<Record<WebhookEvent, Body['data']>> = {
  'registered_model.created': { ...model, tags, description: 'An example registered model' },
  'model_version.created': {
    ...model,
    ...first,
    source: 'models:/123',
    run_id: 'abcd1234abcd5678',
    tags,
    description: 'An example model version',
  },
  'model_version_tag.set': { ...model, ...first, ...tag },
  'model_version_tag.deleted': { ...model, ...first, key: tag.key },
  'model_version_alias.created': { ...model, ...alias, ...first },
  'model_version_alias.deleted': { ...model, ...alias },
  'prompt.created': { ...prompt, tags, description: 'An example prompt' },
  'prompt_version.created': {
    ...prompt,
    ...first,
    template: 'Hello {{name}}!',
    tags,
    description: 'An example prompt version',
  },
  'prompt_tag.set': { ...prompt, ...tag },
  'prompt_tag.deleted': { ...prompt, key: tag.key },
  'prompt_version_tag.set': { ...prompt, ...first, ...tag },
  'prompt_version_tag.deleted': { ...prompt, ...first, key: tag.key },
  'prompt_alias.created': { ...prompt, ...alias, ...first },
  'prompt_alias.deleted': { ...prompt, ...alias },
  'rollout.started': rollout,
  'rollout.advanced': { ...rollout, reason: 'Step 1 of 4 (1 %): nothing speaks against version 2.' },
  'rollout.finished': { ...rollout, reason: 'Step 4 of 4 (50 %): nothing speaks against version 2.' },
  'rollout.rolled_back': { ...rollout, reason: 'Step 1 of 4 (1 %): 9 % of the calls of version 2 fail.' },
  'rollout.stopped': { ...rollout, reason: 'An example reason' },
  'batch_job.succeeded': {
    ...batchJob,
    status: 'succeeded',
    rows: 1000,
    bad: 2,
    output: `batch-output/example-endpoint/${batchJob.job_id}/rows.csv`,
    errors: `batch-output/example-endpoint/${batchJob.job_id}/rows.csv.errors.jsonl`,
    report: `${batchJob.job}/report`,
  },
  'batch_job.failed': {
    ...batchJob,
    status: 'failed',
    error: { code: 'bad-input', reason: 'is no number', row: 7, column: 'example_column' },
  },
  'batch_job.cancelled': { ...batchJob, status: 'cancelled' },
  'incident.opened': { ...incident, why: 'performance: accuracy 0.71 (at least 0.85), version 2' },
  'incident.updated': { ...incident, why: 'feature-drift: drifted-share 0.5 (at most 0.3), version 2' },
  'incident.resolved': {
    ...incident,
    text: 'Accuracy (resolved since 2026-01-01T04:00:00.000Z, version 2): accuracy 0.91, bound at least 0.85. Feature drift (resolved since 2026-01-01T03:00:00.000Z, version 2): drifted share 0.1, bound at most 0.3.',
    resolved_at: Date.UTC(2026, 0, 1, 4),
    why: 'None of its alerts fires any more.',
  },
  'budget_policy.exceeded': {
    budget_policy_id: 'bp-abc123',
    budget_unit: 'USD',
    budget_amount: 100,
    current_spend: 105.5,
    duration_unit: 'MONTHS',
    duration_value: 1,
    target_scope: 'ENDPOINT',
    workspace: 'default',
    target_value: 'ep-abc123',
    window_start: 1_704_067_200_000,
  },
};
