import type { Resource, ResourceType, Role } from '../../shared/access/index.ts';

/** The names of one of each thing that rules are about, and of what belongs to it. */
export type Things = {
  readonly experiment: string;
  readonly experimentName: string;
  readonly run: string;
  readonly loggedModel: string;
  /** The path of an artifact of the run. */
  readonly file: string;
  /** The name of a registered model, and its id. */
  readonly model: string;
  readonly modelId: string;
  readonly endpoint: string;
  readonly monitor: string;
  readonly batchJob: string;
  readonly batchOutput: string;
  readonly batchJobOfModel: string;
  readonly retraining: string;
  readonly incident: string;
  readonly silence: string;
};

export type Input = Readonly<Record<string, unknown>>;
type Fill = (mine: Things, other: Things) => Input;

/** What a route is about, by which the outcome of every cell is told: written down here, and found out nowhere. */
export type Entry =
  | { readonly about: 'public' | 'signed-in' | 'deployment' | 'workspace' }
  | { readonly among: readonly ResourceType[] }
  | {
      readonly about: ResourceType;
      /** Whether the role is needed in the workspace, too. */
      readonly inWorkspace?: true;
      /** Inputs that name `mine` in each way there is; a part of the path by its name. */
      readonly naming: readonly Fill[];
      /** Inputs that name `mine`, and besides refer to `other`, on which they need a role. */
      readonly referring?: readonly { readonly fill: Fill; readonly needs: Role }[];
      /** Inputs that name `mine` of another type instead, which the route may just as well be about. */
      readonly also?: { readonly about: ResourceType; readonly naming: readonly Fill[] };
    };

/** The resource of each type that rules about these things are about. */
export function resourceOf(type: ResourceType, things: Things): Resource {
  const ids = { experiment: things.experiment, model: things.modelId, endpoint: things.endpoint };
  return { type, id: ids[type] };
}

const everyType: readonly ResourceType[] = ['experiment', 'model', 'endpoint'];
const open: Entry = { about: 'public' };
const signedIn: Entry = { about: 'signed-in' };
const deployment: Entry = { about: 'deployment' };
const workspace: Entry = { about: 'workspace' };
const among = (...types: readonly ResourceType[]): Entry => ({ among: types });
const of =
  (about: ResourceType) =>
  (...naming: readonly Fill[]): Entry => ({ about, naming });

const experiment = of('experiment');
const model = of('model');
const endpoint = of('endpoint');

/** A run by either of its names. */
const run = (more: Input = {}) =>
  experiment(
    ({ run: run_id }) => ({ run_id, ...more }),
    ({ run: run_uuid }) => ({ run_uuid, ...more }),
  );
const byExperiment = (more: Input = {}) =>
  experiment(({ experiment: experiment_id }) => ({ experiment_id, ...more }));
const loggedModel = (more: Input = {}) => experiment(({ loggedModel: model_id }) => ({ model_id, ...more }));
const artifact = (more: Input = {}) => experiment(({ file: path }) => ({ path, ...more }));
const inParts = (more: Input = {}) =>
  experiment(({ experiment: id, run: run_id }) => ({
    folder: `${id}/${run_id}/artifacts`,
    path: 'part.bin',
    ...more,
  }));
const named = (more: Input = {}) => model(({ model: name }) => ({ name, ...more }));
const m = (more: Input = {}) => model(({ model: name }) => ({ m: name, ...more }));
const served = (more: Input = {}) => endpoint(({ endpoint: name }) => ({ name, ...more }));
const monitor = (more: Input = {}) => endpoint(({ monitor: name }) => ({ name, ...more }));

/** An entry that also refers to something of the other's. */
function referring(entry: Entry, ...refers: readonly { fill: Fill; needs: Role }[]): Entry {
  return { ...entry, referring: refers } as Entry;
}

/** An entry of the endpoint's, which may just as well be one of the model's. */
function orModel(entry: Entry, naming: Fill): Entry {
  return { ...entry, also: { about: 'model', naming: [naming] } } as Entry;
}
const batchJob = () =>
  orModel(
    endpoint(({ batchJob: id }) => ({ id })),
    ({ batchJobOfModel: id }) => ({ id }),
  );

const point = { key: 'm', value: 1, timestamp: 1 };
const interval = experiment(({ run: id }) => ({ run_ids: [id, id], metric_key: 'm' }));
const withInterval = referring(interval, {
  needs: 'viewer',
  fill: (mine, other) => ({ run_ids: [mine.run, other.run], metric_key: 'm' }),
});
const modelsOf = (mine: Things, other: Things) => ({
  run_id: mine.run,
  models: [{ model_id: mine.loggedModel }, { model_id: other.loggedModel }],
});

const tracking: Readonly<Record<string, Entry>> = {
  'POST /api/2.0/mlflow/experiments/create': {
    about: 'experiment',
    inWorkspace: true,
    naming: [({ experiment: id }) => ({ name: 'new', artifact_location: `mlflow-artifacts:/${id}/sub` })],
  },
  'GET /api/2.0/mlflow/experiments/get': byExperiment(),
  'GET /api/2.0/mlflow/experiments/get-by-name': among('experiment'),
  'POST /api/2.0/mlflow/experiments/delete': byExperiment(),
  'POST /api/2.0/mlflow/experiments/restore': byExperiment(),
  'POST /api/2.0/mlflow/experiments/update': byExperiment({ new_name: 'renamed' }),
  'POST /api/2.0/mlflow/experiments/set-experiment-tag': byExperiment({ key: 'k', value: 'v' }),
  'POST /api/2.0/mlflow/experiments/delete-experiment-tag': byExperiment({ key: 'k' }),
  'POST /api/2.0/mlflow/runs/create': byExperiment(),
  'GET /api/2.0/mlflow/runs/get': run(),
  'POST /api/2.0/mlflow/runs/update': run({ status: 'RUNNING' }),
  'POST /api/2.0/mlflow/runs/delete': run(),
  'POST /api/2.0/mlflow/runs/restore': run(),
  'POST /api/2.0/mlflow/runs/log-metric': referring(run(point), {
    needs: 'contributor',
    fill: (mine, other) => ({ run_id: mine.run, ...point, model_id: other.loggedModel }),
  }),
  'POST /api/2.0/mlflow/runs/log-parameter': run({ key: 'k', value: 'v' }),
  'POST /api/2.0/mlflow/runs/set-tag': run({ key: 'k', value: 'v' }),
  'POST /api/2.0/mlflow/runs/delete-tag': run({ key: 'k' }),
  'POST /api/2.0/mlflow/runs/log-batch': referring(run({ metrics: [point] }), {
    needs: 'contributor',
    fill: (mine, other) => ({
      run_id: mine.run,
      metrics: [point, { ...point, model_id: other.loggedModel }],
    }),
  }),
  'POST /api/2.0/mlflow/runs/log-model': run({ model_json: '{}' }),
  'POST /api/2.0/mlflow/runs/log-inputs': referring(run(), { needs: 'viewer', fill: modelsOf }),
  'POST /api/2.0/mlflow/runs/outputs': referring(run({ models: [] }), { needs: 'viewer', fill: modelsOf }),
  'GET /api/2.0/mlflow/experiments/search': among('experiment'),
  'POST /api/2.0/mlflow/experiments/search': among('experiment'),
  'POST /api/2.0/mlflow/runs/search': among('experiment'),
  'POST /api/2.0/mlflow/experiments/search-datasets': among('experiment'),
  'GET /api/2.0/mlflow/metrics/get-history': run({ metric_key: 'm' }),
  'GET /api/2.0/mlflow/metrics/get-history-bulk': referring(
    experiment(({ run: run_id }) => ({ run_id, metric_key: 'm' })),
    { needs: 'viewer', fill: (mine, other) => ({ run_id: [mine.run, other.run], metric_key: 'm' }) },
  ),
  'GET /api/2.0/mlflow/metrics/get-history-bulk-interval': withInterval,
  'POST /api/2.0/mlflow/metrics/get-history-bulk-interval': withInterval,
  'POST /api/2.0/mlflow/logged-models': referring(byExperiment(), {
    needs: 'viewer',
    fill: (mine, other) => ({ experiment_id: mine.experiment, source_run_id: other.run }),
  }),
  'POST /api/2.0/mlflow/logged-models/search': among('experiment'),
  'GET /api/2.0/mlflow/logged-models/{model_id}': loggedModel(),
  'PATCH /api/2.0/mlflow/logged-models/{model_id}': loggedModel({ status: 'LOGGED_MODEL_READY' }),
  'DELETE /api/2.0/mlflow/logged-models/{model_id}': loggedModel(),
  'PATCH /api/2.0/mlflow/logged-models/{model_id}/tags': loggedModel({ tags: [] }),
  'DELETE /api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key*}': loggedModel({ tag_key: 'k' }),
  'POST /api/2.0/mlflow/logged-models/{model_id}/params': loggedModel({ params: [] }),
  'POST /api/v1/runs/search': among('experiment'),
  'GET /api/v1/runs/columns': among('experiment'),
  'POST /api/v1/purge': experiment(
    ({ experiment: id }) => ({ experiment_ids: [id] }),
    ({ run: id }) => ({ run_ids: [id] }),
    ({ loggedModel: id }) => ({ logged_model_ids: [id] }),
  ),
  'POST /graphql': among('experiment', 'model'),
};

const artifacts: Readonly<Record<string, Entry>> = {
  'GET /api/2.0/mlflow-artifacts/artifacts': artifact(),
  'GET /api/2.0/mlflow-artifacts/artifacts/{path*}': artifact(),
  'PUT /api/2.0/mlflow-artifacts/artifacts/{path*}': artifact(),
  'DELETE /api/2.0/mlflow-artifacts/artifacts/{path*}': artifact(),
  'POST /api/2.0/mlflow-artifacts/mpu/create/{folder*}': inParts({ num_parts: 1 }),
  'POST /api/2.0/mlflow-artifacts/mpu/complete/{folder*}': inParts({ upload_id: 'u', parts: [] }),
  'POST /api/2.0/mlflow-artifacts/mpu/abort/{folder*}': inParts({ upload_id: 'u' }),
  'GET /api/2.0/mlflow-artifacts/presigned/{path*}': artifact(),
  'POST /api/2.0/mlflow/artifacts/presigned-upload-url': experiment(
    ({ run: run_id }) => ({ run_id, path: 'f' }),
    ({ loggedModel: model_id }) => ({ model_id, path: 'f' }),
  ),
  'POST /api/2.0/mlflow/artifacts/presigned-download-url': experiment(({ run: run_id }) => ({
    run_id,
    path: 'f',
  })),
  'GET /api/2.0/mlflow/artifacts/list': run(),
  'GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/directories': loggedModel(),
  'GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/files': loggedModel({ artifact_file_path: 'f' }),
  'GET /get-artifact': run({ path: 'f' }),
  'GET /model-versions/get-artifact': named({ version: 1, path: 'f' }),
  'POST /api/2.0/mlflow/upload-artifact': experiment(({ run: run_uuid }) => ({ run_uuid, path: 'f' })),
};

const registry: Readonly<Record<string, Entry>> = {
  'POST /api/2.0/mlflow/registered-models/create': workspace,
  'GET /api/2.0/mlflow/registered-models/get': named(),
  'POST /api/2.0/mlflow/registered-models/rename': model((mine, other) => ({
    name: mine.model,
    new_name: other.model,
  })),
  'PATCH /api/2.0/mlflow/registered-models/update': named({ description: 'd' }),
  'DELETE /api/2.0/mlflow/registered-models/delete': named(),
  'GET /api/2.0/mlflow/registered-models/search': among('model'),
  'POST /api/2.0/mlflow/registered-models/set-tag': named({ key: 'k', value: 'v' }),
  'DELETE /api/2.0/mlflow/registered-models/delete-tag': named({ key: 'k' }),
  'POST /api/2.0/mlflow/model-versions/create': named({ source: 's3://elsewhere/model' }),
  'GET /api/2.0/mlflow/model-versions/get': named({ version: '1' }),
  'PATCH /api/2.0/mlflow/model-versions/update': named({ version: '1', description: 'd' }),
  'DELETE /api/2.0/mlflow/model-versions/delete': named({ version: '1' }),
  'GET /api/2.0/mlflow/model-versions/search': among('model'),
  'GET /api/2.0/mlflow/model-versions/get-download-uri': named({ version: '1' }),
  'POST /api/2.0/mlflow/model-versions/set-tag': named({ version: '1', key: 'k', value: 'v' }),
  'DELETE /api/2.0/mlflow/model-versions/delete-tag': named({ version: '1', key: 'k' }),
  'GET /api/2.0/mlflow/registered-models/get-latest-versions': named(),
  'POST /api/2.0/mlflow/registered-models/get-latest-versions': named(),
  'POST /api/2.0/mlflow/model-versions/transition-stage': named({ version: '1', stage: 'Archived' }),
  'POST /api/2.0/mlflow/registered-models/alias': named({ alias: 'a', version: '1' }),
  'GET /api/2.0/mlflow/registered-models/alias': named({ alias: 'a' }),
  'DELETE /api/2.0/mlflow/registered-models/alias': named({ alias: 'a' }),
  'GET /api/v1/models/{m}': m(),
  'GET /api/v1/models/{m}/versions': m(),
  'GET /api/v1/models/{m}/versions/{v}': m({ v: '1' }),
  'GET /api/v1/models/{m}/versions/{v}/files': m({ v: '1' }),
  'POST /api/v1/models/{m}/versions/{v}/inspect': m({ v: '1' }),
  'POST /api/v1/models/{m}/versions/{v}/convert': m({ v: '1' }),
  'GET /api/v1/models/{m}/versions/{v}/conversion': m({ v: '1' }),
  'POST /api/v1/models/{m}/versions/{v}/sign': m({ v: '1' }),
  'GET /api/v1/models/{m}/versions/{v}/signature': m({ v: '1' }),
  'POST /api/v1/models/{m}/versions/{v}/verify': m({ v: '1' }),
  'GET /api/v1/models/{m}/versions/{v}/card': m({ v: '1' }),
  'GET /api/v1/models/{m}/versions/{v}/evidence': m({ v: '1' }),
  'GET /api/v1/signing-keys': workspace,
  'GET /api/v1/models/{m}/policy': m(),
  'PUT /api/v1/models/{m}/policy': m({ aliases: [], stages: [], gates: [] }),
  'DELETE /api/v1/models/{m}/policy': m(),
  'GET /api/v1/models/{m}/policies': m(),
  'POST /api/v1/models/{m}/promotions': m({ version: 1, alias: 'a' }),
  'GET /api/v1/models/{m}/promotions': m(),
  'GET /api/v1/models/{m}/promotions/{n}': m({ n: '1' }),
  'POST /api/v1/models/{m}/promotions/{n}/approve': m({ n: '1' }),
  'POST /api/v1/models/{m}/promotions/{n}/reject': m({ n: '1', reason: 'r' }),
  'POST /api/v1/models/{m}/promotions/{n}/override': m({ n: '1', reason: 'r' }),
  'POST /api/v1/models/{m}/promotions/{n}/cancel': m({ n: '1' }),
  'GET /api/v1/models/{m}/aliases/{alias}/history': m({ alias: 'a' }),
  'POST /api/v1/models/{m}/aliases/{alias}/rollback': m({ alias: 'a', reason: 'r' }),
};

const webhooks: Readonly<Record<string, Entry>> = {
  'POST /api/2.0/mlflow/webhooks': workspace,
  'GET /api/2.0/mlflow/webhooks': workspace,
  'GET /api/2.0/mlflow/webhooks/{webhook_id}': workspace,
  'PATCH /api/2.0/mlflow/webhooks/{webhook_id}': workspace,
  'DELETE /api/2.0/mlflow/webhooks/{webhook_id}': workspace,
  'POST /api/2.0/mlflow/webhooks/{webhook_id}/test': workspace,
  'GET /api/v1/webhooks/{webhook_id}/deliveries': workspace,
  'POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver': workspace,
};

const serving: Readonly<Record<string, Entry>> = {
  'POST /api/v1/endpoints': workspace,
  'GET /api/v1/endpoints': among('endpoint'),
  'GET /api/v1/endpoints/{name}': served(),
  'PATCH /api/v1/endpoints/{name}': served(),
  'DELETE /api/v1/endpoints/{name}': served(),
  'GET /api/v1/endpoints/{name}/metrics': served(),
  'POST /api/v1/endpoints/{name}/deployments/{deployment}/rollout/finish': served({
    deployment: 'main',
    reason: 'r',
  }),
  'POST /api/v1/endpoints/{name}/deployments/{deployment}/rollout/stop': served({
    deployment: 'main',
    reason: 'r',
  }),
  'GET /api/v1/endpoints/{name}/example': served(),
  'GET /api/v1/endpoints/{name}/openapi.json': served(),
  'GET /api/v1/endpoints/{name}/snippets': served(),
  'POST /api/v1/feedback': endpoint(({ endpoint: name }) => ({
    endpoint: name,
    labels: [{ prediction_id: 'p', label: 'l' }],
  })),
  'POST /endpoints/{name}/invocations': served(),
  'GET /endpoints/{name}/ping': served(),
  'GET /endpoints/{name}/health': served(),
  'GET /endpoints/{name}/version': served(),
  'GET /v2': among('endpoint'),
  'GET /v2/': among('endpoint'),
  'GET /v2/health/live': open,
  'GET /v2/health/ready': open,
  'GET /v2/models': among('endpoint'),
  'POST /v2/repository/index': among('endpoint'),
  'POST /v2/repository/models/{name}/load': served(),
  'POST /v2/repository/models/{name}/unload': served(),
  'GET /v2/models/{name}': served(),
  'GET /v2/models/{name}/ready': served(),
  'POST /v2/models/{name}/infer': served(),
  'GET /v2/models/{name}/versions/{version}': served({ version: '1' }),
  'GET /v2/models/{name}/versions/{version}/ready': served({ version: '1' }),
  'POST /v2/models/{name}/versions/{version}/infer': served({ version: '1' }),
  'GET /api/v1/batch-jobs': among('endpoint', 'model'),
  'POST /api/v1/batch-jobs': orModel(
    endpoint(({ endpoint: name }) => ({ endpoint: name, input: `${name}/1/data.csv` })),
    ({ model: name }) => ({ model: name, input: `${name}/1/data.csv` }),
  ),
  'GET /api/v1/batch-jobs/{id}': batchJob(),
  'GET /api/v1/batch-jobs/{id}/files': batchJob(),
  'GET /api/v1/batch-jobs/{id}/report': batchJob(),
  'GET /api/v1/batch-jobs/{id}/events': batchJob(),
  'POST /api/v1/batch-jobs/{id}/cancel': batchJob(),
  'POST /api/v1/batch-jobs/{id}/retry': batchJob(),
  'DELETE /api/v1/batch-jobs/{id}': batchJob(),
  'POST /api/v1/batch-uploads': orModel(
    endpoint(({ endpoint: name }) => ({ endpoint: name, name: 'a.csv', bytes: 1 })),
    ({ model: name }) => ({ model: name, name: 'a.csv', bytes: 1 }),
  ),
  'PUT /api/v1/batch-inputs/{endpoint}/{path*}': orModel(
    endpoint(({ endpoint: name }) => ({ endpoint: name, path: 'data.csv' })),
    ({ modelId }) => ({ endpoint: `model-${modelId}`, path: 'data.csv' }),
  ),
  'GET /api/v1/batch-outputs/{path*}': orModel(
    endpoint(({ batchOutput: path }) => ({ path })),
    ({ modelId }) => ({ path: `model-${modelId}/job/data.csv` }),
  ),
  'GET /api/v1/monitors': among('endpoint'),
  'GET /metrics': among('endpoint', 'model'),
  'GET /api/v1/prometheus/targets': signedIn,
  'GET /api/v1/monitors/{name}': monitor(),
  'PUT /api/v1/monitors/{name}': referring(monitor(), {
    needs: 'operator',
    fill: (mine, other) => ({ name: mine.monitor, endpoint: other.endpoint }),
  }),
  'POST /api/v1/monitors/{name}/check': monitor(),
  'GET /api/v1/monitors/{name}/results': monitor(),
  'GET /api/v1/monitors/{name}/results/{windowEnd}': monitor({ windowEnd: '1' }),
  'GET /api/v1/monitors/{name}/results/{windowEnd}/detail': monitor({ windowEnd: '1' }),
  'GET /api/v1/monitors/{name}/history': monitor({ signal: 'latency' }),
  'POST /api/v1/monitors/{name}/backfill': monitor({ from: 1, to: 2 }),
  'GET /api/v1/alerts': among('endpoint'),
  'GET /api/v1/incidents': among('endpoint'),
  'GET /api/v1/incidents/{id}': endpoint(({ incident: id }) => ({ id })),
  'POST /api/v1/incidents/{id}/acknowledge': endpoint(({ incident: id }) => ({ id })),
  'POST /api/v1/incidents/{id}/resolve': endpoint(({ incident: id }) => ({ id })),
  'POST /api/v1/incidents/{id}/notes': endpoint(({ incident: id }) => ({ id, text: 'seen' })),
  'POST /api/v1/alertmanager': workspace,
  'GET /api/v1/silences': among('endpoint'),
  'POST /api/v1/silences': endpoint(({ monitor: name }) => ({ monitor: name, until: 1 })),
  'DELETE /api/v1/silences/{id}': endpoint(({ silence: id }) => ({ id })),
  'GET /api/v1/endpoints/{name}/labelled': served({ from: '1', to: '2' }),
  'GET /api/v1/executors': among('endpoint'),
  'GET /api/v1/retraining-jobs': among('endpoint'),
  'GET /api/v1/retraining-jobs/{id}': endpoint(({ retraining: id }) => ({ id })),
  'POST /api/v1/retraining-jobs': endpoint(
    ({ monitor: name }) => ({ monitor: name, reason: 'asked' }),
    ({ endpoint: name }) => ({ endpoint: name, executor: 'none', reason: 'asked' }),
  ),
  'POST /api/v1/retraining-jobs/{id}/cancel': endpoint(({ retraining: id }) => ({ id })),
  'POST /api/v1/retraining-jobs/{id}/heartbeat': endpoint(({ retraining: id }) => ({ id })),
  'POST /api/v1/retraining-jobs/{id}/report': endpoint(({ retraining: id }) => ({ id, status: 'failed' })),
  'POST /api/v1/retraining-jobs/{id}/token': open,
};

const platform: Readonly<Record<string, Entry>> = {
  'GET /health': open,
  'GET /health/live': open,
  'GET /health/ready': open,
  'GET /version': open,
  'GET /api/3.0/mlflow/server-info': open,
  'GET /mlflow': open,
  'GET /mlflow/{path*}': open,
  'GET /': open,
  'GET /frame': open,
  'GET /assets/{name}': open,
  'GET /openapi.json': open,
  'GET /api/v1/lineage': among(...everyType),
  'GET /api/v1/lineage/facets': among(...everyType),
  'POST /api/v1/lineage/record': among('experiment', 'model'),
  'POST /api/v1/lineage': workspace,
  'POST /api/v1/lineage/batch': workspace,
  'GET /api/2.0/mlflow/gateway-proxy': among(...everyType),
  'POST /api/3.0/mlflow/traces/search': among(...everyType),
  'POST /api/3.0/mlflow/traces/metrics': among(...everyType),
  'GET /api/3.0/mlflow/datasets/search': among(...everyType),
  'POST /api/3.0/mlflow/datasets/search': among(...everyType),
};

const governance: Readonly<Record<string, Entry>> = {
  'GET /api/v1/sign-in': open,
  'GET /api/v1/session': signedIn,
  'GET /api/v1/tokens': signedIn,
  'POST /api/v1/tokens': signedIn,
  'DELETE /api/v1/tokens/{id}': signedIn,
  'GET /api/v1/endpoints/{name}/data-policy': served(),
  'PUT /api/v1/endpoints/{name}/data-policy': served({ purpose: 'p', retention_days: 1, pii: {} }),
  'GET /api/v1/hash-keys': workspace,
  'POST /api/v1/hash-keys': workspace,
  'GET /api/v1/access/principals': workspace,
  'POST /api/v1/access/principals': deployment,
  'GET /api/v1/access/principals/{id*}': workspace,
  'PATCH /api/v1/access/principals/{id*}': deployment,
  'DELETE /api/v1/access/principals/{id*}': deployment,
  'GET /api/v1/access/groups': workspace,
  'GET /api/v1/access/groups/{name}': workspace,
  'PUT /api/v1/access/groups/{name}': deployment,
  'DELETE /api/v1/access/groups/{name}': deployment,
  'GET /api/v1/access/grants': among(...everyType),
  'POST /api/v1/access/grants': among(...everyType),
  'DELETE /api/v1/access/grants/{id}': among(...everyType),
  'GET /api/v1/access/trusts': deployment,
  'GET /api/v1/access/trusts/{name}': deployment,
  'PUT /api/v1/access/trusts/{name}': deployment,
  'DELETE /api/v1/access/trusts/{name}': deployment,
  'GET /api/v1/workspaces': signedIn,
  'POST /api/v1/workspaces': deployment,
  'GET /api/v1/workspaces/{name}': signedIn,
  'PATCH /api/v1/workspaces/{name}': deployment,
  'DELETE /api/v1/workspaces/{name}': deployment,
  'GET /api/v1/audit': workspace,
  'GET /api/v1/audit/export': workspace,
  'GET /api/v1/audit/state': workspace,
  'GET /api/v1/audit/segments': deployment,
  'GET /api/v1/audit/segments/{name*}': deployment,
  'POST /api/v1/audit/verify': deployment,
  'GET /api/v1/access/review': workspace,
  'GET /api/v1/usage': signedIn,
  'POST /api/v1/erasure': workspace,
  'GET /api/v1/erasure': workspace,
  'GET /api/v1/erasure/{id}': workspace,
  'POST /api/v1/holds': workspace,
  'GET /api/v1/holds': workspace,
  'DELETE /api/v1/holds/{id}': workspace,
};

const user = { username: 'ann' };
const permitted = { ...user, permission: 'READ' };

const mlflowAccess: Readonly<Record<string, Entry>> = {
  'POST /api/2.0/mlflow/users/create': deployment,
  'GET /api/2.0/mlflow/users/get': signedIn,
  'GET /api/2.0/mlflow/users/list': workspace,
  'GET /api/2.0/mlflow/users/current': signedIn,
  'PATCH /api/2.0/mlflow/users/update-password': signedIn,
  'PATCH /api/2.0/mlflow/users/update-admin': deployment,
  'DELETE /api/2.0/mlflow/users/delete': deployment,
  'GET /api/3.0/mlflow/users/current/permissions': signedIn,
  'GET /api/3.0/mlflow/users/permissions/list': signedIn,
  'GET /api/3.0/mlflow/users/permissions/get': signedIn,
  'POST /api/3.0/mlflow/users/permissions/grant': among('experiment', 'model'),
  'POST /api/3.0/mlflow/users/permissions/revoke': among('experiment', 'model'),
  'POST /api/2.0/mlflow/experiments/permissions/create': byExperiment(permitted),
  'GET /api/2.0/mlflow/experiments/permissions/get': byExperiment(user),
  'PATCH /api/2.0/mlflow/experiments/permissions/update': byExperiment(permitted),
  'DELETE /api/2.0/mlflow/experiments/permissions/delete': byExperiment(user),
  'POST /api/2.0/mlflow/registered-models/permissions/create': named(permitted),
  'GET /api/2.0/mlflow/registered-models/permissions/get': named(user),
  'PATCH /api/2.0/mlflow/registered-models/permissions/update': named(permitted),
  'DELETE /api/2.0/mlflow/registered-models/permissions/delete': named(user),
  'GET /api/3.0/mlflow/workspaces': signedIn,
  'POST /api/3.0/mlflow/workspaces': deployment,
  'GET /api/3.0/mlflow/workspaces/{workspace_name}': signedIn,
  'PATCH /api/3.0/mlflow/workspaces/{workspace_name}': deployment,
  'DELETE /api/3.0/mlflow/workspaces/{workspace_name}': deployment,
};

/** Every route by its method and path. `/ajax-api` is another way to the same. */
export const entries: Readonly<Record<string, Entry>> = {
  ...tracking,
  ...artifacts,
  ...registry,
  ...webhooks,
  ...serving,
  ...platform,
  ...governance,
  ...mlflowAccess,
};

export function entryOf({ method, path }: { method: string; path: string }): Entry | undefined {
  return entries[`${method} ${path.replace('/ajax-api/', '/api/')}`];
}
