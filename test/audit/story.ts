import { type JsonObject, type TestServer } from '../support/server.ts';
import { keepIncident } from '../alerts/support.ts';
import { publish, classifier, features } from '../serving/support.ts';
import { pickledVersion } from '../conversion/support.ts';

/** A call of the story: the route that it is of, and the request id that it was made under. */
export type Told = { readonly route: string; readonly requestId: string };

const mlflow = '/api/2.0/mlflow';
const mlflow3 = '/api/3.0/mlflow';

/** Calls every route that changes something once, successfully, in an order that makes sense. */
export async function tellStory(server: TestServer): Promise<Told[]> {
  const told: Told[] = [];

  /** Calls `route` (`METHOD /path/{param}`), its parameters filled from `params`, in somebody's name. */
  async function call(
    route: string,
    body?: unknown,
    params: Readonly<Record<string, string>> = {},
    user = 'ada',
    query = '',
  ): Promise<JsonObject> {
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern.replaceAll(/\{(\w+)\*?\}/g, (_, name: string) => params[name] ?? '');
    const requestId = `story-${told.length}`;
    const response = await server.fetch(`${path}${query}`, {
      method,
      headers: {
        'x-request-id': requestId,
        authorization: `Basic ${Buffer.from(`${user}:`).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${route} answered ${response.status}: ${text}`);
    told.push({ route, requestId });
    return text === '' ? {} : (JSON.parse(text) as JsonObject);
  }
  const post = (path: string, body: unknown, user?: string) => call(`POST ${mlflow}/${path}`, body, {}, user);
  const id = (value: unknown) => String(value);

  // Experiments, runs, logged models.
  const experiment = id((await post('experiments/create', { name: 'story' }))['experiment_id']);
  await post('experiments/update', { experiment_id: experiment, new_name: 'the story' });
  await post('experiments/set-experiment-tag', { experiment_id: experiment, key: 'a', value: 'b' });
  await post('experiments/delete-experiment-tag', { experiment_id: experiment, key: 'a' });
  const { run } = await post('runs/create', { experiment_id: experiment, start_time: 1 });
  const runId = id(run?.['info']?.['run_id']);
  await post('runs/log-inputs', {
    run_id: runId,
    datasets: [{ dataset: { name: 'd', digest: 'd', source_type: 'http', source: '{}' }, tags: [] }],
  });
  await post('runs/update', { run_id: runId, status: 'FINISHED', end_time: 2 });
  await post('runs/delete', { run_id: runId });
  await post('runs/restore', { run_id: runId });
  const { model: logged } = await post('logged-models', { experiment_id: experiment, name: 'm' });
  const modelId = id(logged?.['info']?.['model_id']);
  await call(`DELETE ${mlflow}/logged-models/{model_id}`, undefined, { model_id: modelId });
  await post('experiments/delete', { experiment_id: experiment });
  await post('experiments/restore', { experiment_id: experiment });
  const doomed = id((await post('experiments/create', { name: 'doomed' }))['experiment_id']);
  await post('experiments/delete', { experiment_id: doomed });
  await server.drain();
  await call('POST /api/v1/purge', { experiment_ids: [doomed] });
  await server.drain();

  // The registry.
  await post('registered-models/create', { name: 'tree' });
  await call(`PATCH ${mlflow}/registered-models/update`, { name: 'tree', description: 'a tree' });
  await post('registered-models/set-tag', { name: 'tree', key: 'a', value: 'b' });
  await call(`DELETE ${mlflow}/registered-models/delete-tag`, { name: 'tree', key: 'a' });
  await post('registered-models/rename', { name: 'tree', new_name: 'oak' });
  for (let i = 0; i < 2; i++) await post('model-versions/create', { name: 'oak', source: 's3://a/b' });
  const version = { name: 'oak', version: '1' };
  await call(`PATCH ${mlflow}/model-versions/update`, { ...version, description: 'first' });
  await post('model-versions/set-tag', { ...version, key: 'a', value: 'b' });
  await call(`DELETE ${mlflow}/model-versions/delete-tag`, { ...version, key: 'a' });
  await post('model-versions/transition-stage', { ...version, stage: 'Staging' });
  await post('registered-models/alias', { ...version, alias: 'mine' });
  await call(`DELETE ${mlflow}/registered-models/alias`, { name: 'oak', alias: 'mine' });
  await call(`DELETE ${mlflow}/model-versions/delete`, version);
  await call(`DELETE ${mlflow}/registered-models/delete`, { name: 'oak' });

  // What is served.
  await publish(server, 'iris', classifier());
  await publish(server, 'iris', classifier(1), 'challenger');
  const model = '/api/v1/models/{m}';
  const iris = { m: 'iris', v: '1', alias: 'champion' };
  await call(`POST ${model}/versions/{v}/sign`, {}, iris);
  await pickledVersion(server, server.ctx, 'pickle');
  await call(`POST ${model}/versions/{v}/convert`, {}, { m: 'pickle', v: '1' });
  await call('POST /api/v1/endpoints', { name: 'iris', model: 'iris', alias: 'champion' });
  await server.drain();
  await call('PUT /api/v1/endpoints/{name}/data-policy', { purpose: 'test', pii: {} }, { name: 'iris' });
  await call('POST /api/v1/hash-keys', { reason: 'a test' });
  await call('PUT /api/v1/monitors/{name}', { min_rows: 50 }, { name: 'iris' });
  const incident = {
    id: await keepIncident(server.ctx, 'iris', 'iris', {
      incident: { seq: 0 },
      alerts: [{ seq: 0 }],
    }),
  };
  await call('POST /api/v1/incidents/{id}/acknowledge', { comment: 'I look' }, incident);
  await call('POST /api/v1/incidents/{id}/notes', { text: 'it was the upstream' }, incident);
  const silence = await call('POST /api/v1/silences', { monitor: 'iris', until: Date.UTC(2100, 0) });
  await call('DELETE /api/v1/silences/{id}', undefined, { id: id(silence['id']) });
  const down = { status: 'firing', labels: { alertname: 'Down' }, startsAt: '2026-01-01T00:00:00Z' };
  const received = await call('POST /api/v1/alertmanager', {
    ...{ version: '4', groupKey: '{}:{}', alerts: [down] },
  });
  await call('POST /api/v1/incidents/{id}/resolve', { comment: 'gone' }, { id: id(received['incident']) });
  const asked = { endpoint: 'iris', executor: 'train', reason: 'it is old' };
  const retraining = { id: id((await call('POST /api/v1/retraining-jobs', asked))['id']) };
  await call('POST /api/v1/retraining-jobs/{id}/cancel', { reason: 'too soon' }, retraining);

  // Promotions.
  const policy = { aliases: ['champion'], stages: [], gates: [{ gate: 'approvals', count: 1 }] };
  await call(`PUT ${model}/policy`, policy, iris);
  const promote = async () =>
    id((await call(`POST ${model}/promotions`, { version: 2, alias: 'champion' }, iris))['number']);
  const decide = async (what: string, body: unknown = {}) => {
    const n = await promote();
    await server.drain();
    await call(
      `POST ${model}/promotions/{n}/${what}`,
      body,
      { ...iris, n },
      what === 'cancel' ? 'ada' : 'bob',
    );
    await server.drain();
  };
  await decide('cancel');
  await decide('reject', { reason: 'not yet' });
  await decide('approve');
  const rollout = '/api/v1/endpoints/{name}/deployments/{deployment}/rollout';
  const main = { name: 'iris', deployment: 'main' };
  await call(`POST ${rollout}/finish`, { reason: 'nobody calls' }, main);
  await call(`POST ${model}/aliases/{alias}/rollback`, { reason: 'it was worse' }, iris);
  await server.drain();
  await decide('override', { reason: 'it must be' });
  await call(`POST ${rollout}/stop`, { reason: 'it was not' }, main);
  await call(`DELETE ${model}/policy`, undefined, iris);

  // Files.
  const csv = `${features.join(',')}\n1,2,3\n`;
  for (const name of ['a.csv', 'b.csv'])
    await server.ctx.stores.blobs('batch-input').write(`iris/${name}`, Buffer.from(csv));
  const input = (name: string) => ({ endpoint: 'iris', input: `iris/${name}` });
  const job = await call('POST /api/v1/batch-jobs', input('a.csv'));
  await call('POST /api/v1/batch-jobs/{id}/cancel', {}, { id: id(job['id']) });
  await call('POST /api/v1/batch-jobs/{id}/retry', {}, { id: id(job['id']) });
  await call('POST /api/v1/batch-jobs', input('b.csv'));
  await server.drain();
  await call('DELETE /api/v1/batch-jobs/{id}', undefined, { id: id(job['id']) });
  await server.drain();

  // Webhooks.
  const { webhook } = await post('webhooks', {
    name: 'w',
    url: 'https://example.com/hook',
    events: [{ entity: 'MODEL_VERSION', action: 'CREATED' }],
  });
  const hook = { webhook_id: id(webhook?.['webhook_id']) };
  await call(`PATCH ${mlflow}/webhooks/{webhook_id}`, { status: 'DISABLED' }, hook);
  await call(`DELETE ${mlflow}/webhooks/{webhook_id}`, undefined, hook);

  // Personal data.
  const subject = { column: features[0], value: '1' };
  const hold = await call('POST /api/v1/holds', { endpoint: 'iris', reason: 'a lawsuit' });
  await call('DELETE /api/v1/holds/{id}', { reason: 'over' }, { id: id(hold['id']) });
  await call(
    'PUT /api/v1/endpoints/{name}/data-policy',
    { purpose: 'test', pii: { [features[0]]: 'hash' }, subject_key: features[0] },
    { name: 'iris' },
  );
  await call('POST /api/v1/erasure', { subject, endpoint: 'iris', reason: 'asked' });
  await server.drain();

  // Endpoints are changed, and end.
  await call('PATCH /api/v1/endpoints/{name}', { limits: { rows_max: 100 } }, { name: 'iris' });
  await call('DELETE /api/v1/endpoints/{name}', undefined, { name: 'iris' });
  await server.drain();

  // Access.
  const access = '/api/v1/access';
  await call(`POST ${access}/principals`, { name: 'carl', kind: 'user' });
  await call(`PATCH ${access}/principals/{id*}`, { name: 'Carl' }, { id: 'carl' });
  await call(`PUT ${access}/groups/{name}`, { members: ['carl'] }, { name: 'team' });
  const grant = await call(`POST ${access}/grants`, {
    subject: 'group:team',
    workspace: 'default',
    effect: 'allow',
    role: 'viewer',
  });
  await call(`DELETE ${access}/grants/{id}`, undefined, { id: id(grant['id']) });
  await call(`DELETE ${access}/groups/{name}`, undefined, { name: 'team' });
  const trust = { issuer: 'github', conditions: { repository: 'octo/repo' } };
  await call(`PUT ${access}/trusts/{name}`, trust, { name: 'ci' });
  await call(`DELETE ${access}/trusts/{name}`, undefined, { name: 'ci' });
  const token = await call('POST /api/v1/tokens', { name: 't', principal: 'carl' });
  await call('DELETE /api/v1/tokens/{id}', undefined, { id: id(token['id']) });
  await call('POST /api/v1/workspaces', { name: 'other' });
  await call('PATCH /api/v1/workspaces/{name}', { description: 'another' }, { name: 'other' });
  await call('DELETE /api/v1/workspaces/{name}', undefined, { name: 'other' });
  await call(`DELETE ${access}/principals/{id*}`, undefined, { id: 'carl' });

  // The same in MLflow's words.
  const dora = { username: 'dora' };
  await post('users/create', { ...dora, password: 'a long password 1' });
  await call(`PATCH ${mlflow}/users/update-password`, { ...dora, password: 'a long password 2' });
  await call(`PATCH ${mlflow}/users/update-admin`, { ...dora, is_admin: true });
  for (const [kind, field] of [
    ['experiments', { experiment_id: experiment }],
    ['registered-models', { name: 'iris' }],
  ] as const) {
    await post(`${kind}/permissions/create`, { ...field, ...dora, permission: 'READ' });
    await call(`PATCH ${mlflow}/${kind}/permissions/update`, { ...field, ...dora, permission: 'EDIT' });
    await call(`DELETE ${mlflow}/${kind}/permissions/delete`, { ...field, ...dora });
  }
  const place = { ...dora, resource_type: 'registered_model', resource_id: 'iris' };
  await call(`POST ${mlflow3}/users/permissions/grant`, { ...place, permission: 'READ' });
  await call(`POST ${mlflow3}/users/permissions/revoke`, place);
  await call(`DELETE ${mlflow}/users/delete`, dora);
  await call(`POST ${mlflow3}/workspaces`, { name: 'third' });
  const third = { workspace_name: 'third' };
  await call(`PATCH ${mlflow3}/workspaces/{workspace_name}`, { description: 'x' }, third);
  await call(`DELETE ${mlflow3}/workspaces/{workspace_name}`, undefined, third);
  await server.drain();
  return told;
}
