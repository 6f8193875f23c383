import { features } from '../serving/support.ts';
import type { World } from './world.ts';

/** A call that names things of a world. */
export type Sample = {
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

const mlflow = '/api/2.0/mlflow';
const query = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString();
const own = (path: string) => (w: World) => ({ path: `/api/v1/models/${w.model}${path}` });
const ownPost =
  (path: string, body: unknown = {}) =>
  (w: World) => ({ path: `/api/v1/models/${w.model}${path}`, body });
const read = (path: string, fields: (w: World) => Record<string, string>) => (w: World) => ({
  path: `${mlflow}/${path}?${query(fields(w))}`,
});
const write = (path: string, fields: (w: World) => Record<string, unknown>) => (w: World) => ({
  path: `${mlflow}/${path}`,
  body: fields(w),
});
const version = (w: World) => ({ name: w.model, version: '1' });
const tag = { key: 'a', value: 'b' };
const infer = {
  inputs: [{ name: 'X', datatype: 'FP32', shape: [1, features.length], data: features.map(() => 1) }],
};

/** For each route that names something of a model or an endpoint, a call of it: valid where the thing is there. */
export const samples: Readonly<Record<string, (w: World) => Sample>> = {
  'GET registered-models/get': read('registered-models/get', (w) => ({ name: w.model })),
  'POST registered-models/rename': write('registered-models/rename', (w) => ({
    name: w.model,
    new_name: 'Taken',
  })),
  'PATCH registered-models/update': write('registered-models/update', (w) => ({
    name: w.model,
    description: 'mine',
  })),
  'DELETE registered-models/delete': write('registered-models/delete', (w) => ({ name: w.model })),
  'POST registered-models/set-tag': write('registered-models/set-tag', (w) => ({ name: w.model, ...tag })),
  'DELETE registered-models/delete-tag': write('registered-models/delete-tag', (w) => ({
    name: w.model,
    key: 'a',
  })),
  'POST model-versions/create': write('model-versions/create', (w) => ({
    name: w.model,
    source: 'https://example.com/model',
  })),
  'GET model-versions/get': read('model-versions/get', version),
  'PATCH model-versions/update': write('model-versions/update', (w) => ({ ...version(w), description: 'x' })),
  'DELETE model-versions/delete': write('model-versions/delete', version),
  'GET model-versions/get-download-uri': read('model-versions/get-download-uri', version),
  'POST model-versions/set-tag': write('model-versions/set-tag', (w) => ({ ...version(w), ...tag })),
  'DELETE model-versions/delete-tag': write('model-versions/delete-tag', (w) => ({
    ...version(w),
    key: 'word',
  })),
  'GET registered-models/get-latest-versions': read('registered-models/get-latest-versions', (w) => ({
    name: w.model,
  })),
  'POST registered-models/get-latest-versions': write('registered-models/get-latest-versions', (w) => ({
    name: w.model,
  })),
  'POST model-versions/transition-stage': write('model-versions/transition-stage', (w) => ({
    ...version(w),
    stage: 'Archived',
  })),
  'POST registered-models/alias': write('registered-models/alias', (w) => ({ ...version(w), alias: 'mine' })),
  'GET registered-models/alias': read('registered-models/alias', (w) => ({ name: w.model, alias: w.alias })),
  'DELETE registered-models/alias': write('registered-models/alias', (w) => ({
    name: w.model,
    alias: w.alias,
  })),
  'GET getModel': own(''),
  'GET listModelVersions': own('/versions'),
  'GET getModelVersion': own('/versions/1'),
  'GET listVersionFiles': own('/versions/1/files'),
  'POST inspectVersion': ownPost('/versions/1/inspect'),
  'POST convertModelVersion': ownPost('/versions/1/convert'),
  'GET getModelVersionConversion': own('/versions/1/conversion'),
  'POST signModelVersion': ownPost('/versions/1/sign'),
  'GET getModelVersionSignature': own('/versions/1/signature'),
  'POST verifyModelVersion': ownPost('/versions/1/verify'),
  'GET getPolicy': own('/policy'),
  'PUT putPolicy': ownPost('/policy', { aliases: ['champion'], gates: [{ gate: 'inspection' }] }),
  'DELETE endPolicy': ownPost('/policy'),
  'GET listPolicies': own('/policies'),
  'POST createPromotion': ownPost('/promotions', { version: 2, stage: 'Production' }),
  'GET listPromotions': own('/promotions'),
  'GET getPromotion': (w) => own(`/promotions/${w.promotion}`)(w),
  'POST approvePromotion': (w) => ownPost(`/promotions/${w.promotion}/approve`)(w),
  'POST rejectPromotion': (w) => ownPost(`/promotions/${w.promotion}/reject`, { reason: 'no' })(w),
  'POST overridePromotion': (w) => ownPost(`/promotions/${w.promotion}/override`, { reason: 'yes' })(w),
  'POST cancelPromotion': (w) => ownPost(`/promotions/${w.promotion}/cancel`)(w),
  'GET listAliasMoves': own('/aliases/champion/history'),
  'POST rollbackAlias': ownPost('/aliases/champion/rollback', { reason: 'back' }),
  'GET getModelCard': own('/versions/1/card'),
  'GET getModelEvidence': own('/versions/1/evidence'),
  'GET webhooks/{webhook_id}': (w) => ({ path: `${mlflow}/webhooks/${w.webhook}` }),
  'PATCH webhooks/{webhook_id}': (w) => ({
    path: `${mlflow}/webhooks/${w.webhook}`,
    body: { status: 'DISABLED' },
  }),
  'DELETE webhooks/{webhook_id}': (w) => ({ path: `${mlflow}/webhooks/${w.webhook}`, body: {} }),
  'POST webhooks/{webhook_id}/test': (w) => ({ path: `${mlflow}/webhooks/${w.webhook}/test`, body: {} }),
  'GET listWebhookDeliveries': (w) => ({ path: `/api/v1/webhooks/${w.webhook}/deliveries` }),
  'POST redeliverWebhookDelivery': (w) => ({
    path: `/api/v1/webhooks/${w.webhook}/deliveries/${w.delivery}/redeliver`,
    body: {},
  }),
  'GET getLineage': (w) => ({ path: `/api/v1/lineage?${query({ node: `version:${w.model}/1` })}` }),
  'GET getLineageFacets': (w) => ({
    path: `/api/v1/lineage/facets?${query({ node: `version:${w.model}/1` })}`,
  }),
  'POST recordLineage': (w) => ({
    path: '/api/v1/lineage/record',
    body: { node: `version:${w.model}/1` },
  }),
  'POST createEndpoint': (w) => ({
    path: '/api/v1/endpoints',
    body: { name: 'stolen', model: w.model, alias: w.alias },
  }),
  'PATCH updateEndpoint': (w) => ({
    path: `/api/v1/endpoints/${w.endpoint}`,
    body: { limits: { rows_max: 5 } },
  }),
  'DELETE deleteEndpoint': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}` }),
  'GET getEndpoint': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}` }),
  'POST finishRollout': (w) => ({
    path: `/api/v1/endpoints/${w.endpoint}/deployments/main/rollout/finish`,
    body: { reason: 'mine' },
  }),
  'POST stopRollout': (w) => ({
    path: `/api/v1/endpoints/${w.endpoint}/deployments/main/rollout/stop`,
    body: { reason: 'mine' },
  }),
  'GET getEndpointMetrics': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}/metrics` }),
  'GET getEndpointExample': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}/example` }),
  'GET getEndpointOpenApi': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}/openapi.json` }),
  'GET getEndpointSnippets': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}/snippets` }),
  'GET getDataPolicy': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}/data-policy` }),
  'PUT putDataPolicy': (w) => ({
    path: `/api/v1/endpoints/${w.endpoint}/data-policy`,
    body: { purpose: 'mine', retention_days: 1, pii: {} },
  }),
  'POST recordFeedback': (w) => ({
    path: '/api/v1/feedback',
    body: { endpoint: w.endpoint, labels: [{ prediction_id: 'p', label: 'x' }] },
  }),
  'POST invoke': (w) => ({
    path: `/endpoints/${w.endpoint}/invocations`,
    body: { dataframe_split: { columns: features, data: [features.map(() => 1)] } },
  }),
  'GET pingEndpoint': (w) => ({ path: `/endpoints/${w.endpoint}/ping` }),
  'GET endpointHealth': (w) => ({ path: `/endpoints/${w.endpoint}/health` }),
  'GET endpointVersion': (w) => ({ path: `/endpoints/${w.endpoint}/version` }),
  'POST loadModel': (w) => ({ path: `/v2/repository/models/${w.endpoint}/load`, body: {} }),
  'POST unloadModel': (w) => ({ path: `/v2/repository/models/${w.endpoint}/unload`, body: {} }),
  'GET modelMetadata': (w) => ({ path: `/v2/models/${w.endpoint}` }),
  'GET modelReady': (w) => ({ path: `/v2/models/${w.endpoint}/ready` }),
  'POST infer': (w) => ({ path: `/v2/models/${w.endpoint}/infer`, body: infer }),
  'GET modelMetadata-version': (w) => ({ path: `/v2/models/${w.endpoint}/versions/1` }),
  'GET modelReady-version': (w) => ({ path: `/v2/models/${w.endpoint}/versions/1/ready` }),
  'POST infer-version': (w) => ({ path: `/v2/models/${w.endpoint}/versions/1/infer`, body: infer }),
  'POST createBatchJob': (w) => ({
    path: '/api/v1/batch-jobs',
    body: { endpoint: w.endpoint, input: w.input },
  }),
  'GET getBatchJob': (w) => ({ path: `/api/v1/batch-jobs/${w.job}` }),
  'GET listBatchJobFiles': (w) => ({ path: `/api/v1/batch-jobs/${w.job}/files` }),
  'GET getBatchJobReport': (w) => ({ path: `/api/v1/batch-jobs/${w.job}/report` }),
  'GET watchBatchJob': (w) => ({ path: `/api/v1/batch-jobs/${w.job}/events` }),
  'POST retryBatchJob': (w) => ({ path: `/api/v1/batch-jobs/${w.job}/retry`, body: {} }),
  'DELETE deleteBatchJob': (w) => ({ path: `/api/v1/batch-jobs/${w.job}` }),
  'POST createBatchUpload': (w) => ({
    path: '/api/v1/batch-uploads',
    body: { endpoint: w.endpoint, name: 'planted.csv', bytes: 1 },
  }),
  'POST cancelBatchJob': (w) => ({ path: `/api/v1/batch-jobs/${w.job}/cancel`, body: {} }),
  'PUT uploadBatchInput': (w) => ({
    path: `/api/v1/batch-inputs/${w.endpoint}/planted.csv`,
    body: {},
  }),
  'GET getBatchOutput': (w) => ({ path: `/api/v1/batch-outputs/${encodeURI(w.output)}` }),
  'GET getMonitor': (w) => ({ path: `/api/v1/monitors/${w.monitor}` }),
  'PUT putMonitor': (w) => ({ path: `/api/v1/monitors/${w.monitor}`, body: { min_rows: 77 } }),
  'POST checkMonitor': (w) => ({ path: `/api/v1/monitors/${w.monitor}/check`, body: {} }),
  'GET listMonitorResults': (w) => ({ path: `/api/v1/monitors/${w.monitor}/results` }),
  'GET getMonitorResultDetail': (w) => ({ path: `/api/v1/monitors/${w.monitor}/results/1/detail` }),
  'GET getMonitorHistory': (w) => ({ path: `/api/v1/monitors/${w.monitor}/history?signal=latency` }),
  'POST backfillMonitor': (w) => ({
    path: `/api/v1/monitors/${w.monitor}/backfill`,
    body: { from: 1, to: 2 },
  }),
  'GET getMonitorResult': (w) => ({ path: `/api/v1/monitors/${w.monitor}/results/1` }),
  'GET getIncident': (w) => ({ path: `/api/v1/incidents/${w.incident}` }),
  'POST acknowledgeIncident': (w) => ({ path: `/api/v1/incidents/${w.incident}/acknowledge`, body: {} }),
  'POST resolveIncident': (w) => ({ path: `/api/v1/incidents/${w.incident}/resolve`, body: {} }),
  'POST addIncidentNote': (w) => ({ path: `/api/v1/incidents/${w.incident}/notes`, body: { text: 'seen' } }),
  'POST createSilence': (w) => ({
    path: '/api/v1/silences',
    body: { monitor: w.monitor, until: Date.UTC(2100, 0) },
  }),
  'DELETE endSilence': (w) => ({ path: `/api/v1/silences/${w.silence}` }),
  'GET getLabelledRows': (w) => ({ path: `/api/v1/endpoints/${w.endpoint}/labelled?from=0&to=1` }),
  'GET getRetrainingJob': (w) => ({ path: `/api/v1/retraining-jobs/${w.retraining}` }),
  'POST createRetrainingJob': (w) => ({
    path: '/api/v1/retraining-jobs',
    body: { monitor: w.monitor, reason: 'asked' },
  }),
  'POST cancelRetrainingJob': (w) => ({ path: `/api/v1/retraining-jobs/${w.retraining}/cancel`, body: {} }),
  'POST retrainingHeartbeat': (w) => ({
    path: `/api/v1/retraining-jobs/${w.retraining}/heartbeat`,
    body: {},
  }),
  'POST reportRetraining': (w) => ({
    path: `/api/v1/retraining-jobs/${w.retraining}/report`,
    body: { status: 'failed' },
  }),
};

/** Lists and searches, and what makes new things: they name nothing that is there. */
export const namingNothing: readonly string[] = [
  'POST registered-models/create',
  'GET registered-models/search',
  'GET model-versions/search',
  'GET listSigningKeys',
  'POST webhooks',
  'GET webhooks',
  'POST postOpenLineageEvent',
  'POST postOpenLineageBatch',
  'GET listEndpoints',
  'GET inferenceServer',
  'GET listServedModels',
  'POST repositoryIndex',
  'GET inferenceLive',
  'GET inferenceReady',
  'GET listBatchJobs',
  'GET listMonitors',
  'GET listAlerts',
  'GET listIncidents',
  'GET listSilences',
  'POST receiveAlerts',
  'GET listRetrainingJobs',
  'GET listExecutors',
  // Who proves nothing learns of nothing by it.
  'POST retrainingToken',
];
