/**
 * Every store the platform uses, declared once: the local stack creates what stands here, and
 * `infra/` is generated from it, so that neither can drift from what the code reads and writes.
 */

/** A composite index serves one ORDER BY over several properties. */
export type CompositeIndex = readonly { readonly path: string; readonly order: 'ascending' | 'descending' }[];

export type ContainerDeclaration = {
  /** Paths of the (hierarchical) partition key, first level first. */
  readonly partitionKey: readonly string[];
  /** Indexed paths; everything else is excluded. A partition key is only indexed when it stands here. */
  readonly indexed: readonly string[];
  readonly composite?: readonly CompositeIndex[];
  /** `-1`: items expire only where they carry their own `ttl`. Absent: nothing expires. */
  readonly ttlSeconds?: number;
};

export const cosmosDatabase = 'cairn';

/** What every container indexes: the envelope, and the outbox flag the event sweep looks for. */
const envelope = ['/workspace/?', '/type/?', '/pending/?'];

export const containers = {
  /** Experiments and the name documents that keep experiment names unique. */
  experiments: {
    partitionKey: ['/workspace'],
    indexed: [
      ...envelope,
      '/name/?',
      '/createdAt/?',
      '/updatedAt/?',
      '/lifecycle/*',
      '/experimentId/?',
      '/tags/*',
    ],
    composite: [
      [
        { path: '/createdAt', order: 'descending' },
        { path: '/experimentId', order: 'ascending' },
      ],
    ],
  },
  /** Run documents and their metric points. */
  runs: {
    partitionKey: ['/experimentId', '/runId'],
    indexed: [
      ...envelope,
      '/experimentId/?',
      '/runId/?',
      '/name/?',
      '/userId/?',
      '/status/?',
      '/artifactUri/?',
      '/startTime/?',
      '/endTime/?',
      '/lifecycle/*',
      '/params/*',
      '/tags/*',
      '/m/*',
      '/datasets/[]/name/?',
      '/datasets/[]/digest/?',
      '/datasets/[]/context/?',
    ],
    composite: [
      [
        { path: '/startTime', order: 'descending' },
        { path: '/runId', order: 'ascending' },
      ],
    ],
  },
  /** Logged models of MLflow 3 and what was measured of them. */
  'logged-models': {
    partitionKey: ['/experimentId', '/modelId'],
    indexed: [
      ...envelope,
      '/experimentId/?',
      '/modelId/?',
      '/name/?',
      '/modelType/?',
      '/status/?',
      '/sourceRunId/?',
      '/createdAt/?',
      '/updatedAt/?',
      '/lifecycle/*',
      '/params/*',
      '/tags/*',
      '/metrics/[]/key/?',
      '/metrics/[]/value/?',
      '/metrics/[]/dataset/name/?',
      '/m/*',
      '/md/*',
    ],
    composite: [
      [
        { path: '/createdAt', order: 'descending' },
        { path: '/modelId', order: 'ascending' },
      ],
    ],
  },
  /** Registered models (root), their versions and alias history; name documents map name to model id. */
  models: {
    partitionKey: ['/workspace', '/modelId'],
    indexed: [
      ...envelope,
      '/modelId/?',
      '/name/?',
      '/createdAt/?',
      '/updatedAt/?',
      '/version/?',
      '/runId/?',
      '/ref/?',
      '/source/?',
      '/tags/*',
    ],
    composite: [
      [
        { path: '/name', order: 'ascending' },
        { path: '/version', order: 'descending' },
      ],
    ],
  },
  /** Webhooks and what was delivered to them; a delivery expires by its own `ttl`. */
  webhooks: {
    partitionKey: ['/workspace', '/webhookId'],
    indexed: [...envelope, '/webhookId/?', '/createdAt/?', '/state/dueAt/?'],
    composite: [
      [
        { path: '/createdAt', order: 'descending' },
        { path: '/webhookId', order: 'ascending' },
      ],
      [
        { path: '/createdAt', order: 'descending' },
        { path: '/deliveryId', order: 'ascending' },
      ],
    ],
    ttlSeconds: -1,
  },
  /** The lineage graph: each edge once in the partition of either node, so that neighbours are one query. */
  lineage: {
    partitionKey: ['/workspace', '/node'],
    indexed: [...envelope, '/node/?', '/side/?', '/at/?'],
  },
  /** Real-time endpoints. */
  endpoints: {
    partitionKey: ['/workspace'],
    indexed: [...envelope, '/name/?', '/modelId/?', '/deployments/[]/modelId/?'],
  },
  /** Monitors and their results, alerts, incidents and silences; what other systems tell expires by its own `ttl`. */
  monitors: {
    partitionKey: ['/workspace', '/monitorId'],
    indexed: [
      ...envelope,
      '/monitorId/?',
      '/endpoint/?',
      '/windowEnd/?',
      '/state/?',
      '/fingerprint/?',
      '/since/?',
      '/openedAt/?',
    ],
    composite: [
      [
        { path: '/since', order: 'descending' },
        { path: '/fingerprint', order: 'ascending' },
      ],
      [
        { path: '/openedAt', order: 'descending' },
        { path: '/monitorId', order: 'ascending' },
        { path: '/number', order: 'descending' },
      ],
    ],
    ttlSeconds: -1,
  },
  /** Batch jobs with their chunks, retraining jobs, and the agenda of the timer. */
  jobs: {
    partitionKey: ['/jobId'],
    indexed: [
      ...envelope,
      '/jobId/?',
      '/kind/?',
      '/endpoint/?',
      '/status/?',
      '/createdAt/?',
      '/deletedAt/?',
      '/owner/type/?',
      '/owner/id/?',
      '/model/modelId/?',
      '/index/?',
      '/file/?',
    ],
    composite: [
      [
        { path: '/createdAt', order: 'descending' },
        { path: '/jobId', order: 'ascending' },
      ],
    ],
  },
  /** Principals, groups, grants, trusts, workspaces and tokens: few, and all in the partition `*`. */
  access: {
    partitionKey: ['/workspace'],
    indexed: [...envelope, '/principalId/?', '/createdAt/?', '/tokenId/?', '/expiresAt/?'],
    composite: [
      [
        { path: '/createdAt', order: 'descending' },
        { path: '/tokenId', order: 'ascending' },
      ],
    ],
    ttlSeconds: -1,
  },
  /** The audit log, a partition for each hour (`YYYY-MM-DDTHH`): its head and its entries; where it goes on; and what waits to be entered. */
  audit: {
    partitionKey: ['/segment'],
    indexed: [
      ...envelope,
      '/segment/?',
      '/entry/seq/?',
      '/entry/at/?',
      '/entry/action/?',
      '/entry/actor/?',
      '/entry/aggregate/?',
      '/entry/outcome/?',
      '/entry/request_id/?',
    ],
    composite: [
      [
        { path: '/entry/at', order: 'descending' },
        { path: '/entry/seq', order: 'descending' },
      ],
    ],
    ttlSeconds: -1,
  },
  /** What was used, by workspace and month (`YYYY-MM`): a document for each principal. */
  usage: {
    partitionKey: ['/workspace', '/month'],
    indexed: [...envelope, '/month/?', '/principalId/?'],
    ttlSeconds: -1,
  },
} as const satisfies Record<string, ContainerDeclaration>;

export type ContainerName = keyof typeof containers;

/**
 * Blob containers. Paths inside begin with the workspace, but for uploads, which begin with the endpoint.
 * `overflow` takes metadata that is too long for a document; `models` what the registry keeps of a version
 * (what is served, manifests, signatures), which no client writes; `profiles` what is counted of calls and of their rows, which tells of nobody; `audit` the signed segments of the audit log,
 * which in Azure nobody can change or remove.
 */
export const blobContainers = [
  'artifacts',
  'overflow',
  'models',
  'predictions',
  'profiles',
  'monitoring',
  'batch-input',
  'batch-output',
  'audit',
] as const;
export type BlobContainerName = (typeof blobContainers)[number];

/**
 * Blob containers that a lifecycle rule empties of what is older than anything may be kept: rows of people. What data
 * policies say is done by the platform; this is the cap behind it.
 */
export const cappedContainers = [
  'predictions',
  'monitoring',
  'batch-input',
  'batch-output',
] as const satisfies readonly BlobContainerName[];

/** Queues: blob events from Event Grid, batch chunks, logged predictions, and all other work by kind. */
export const queues = ['blob-events', 'batch-chunks', 'predictions', 'work'] as const;
export type QueueName = (typeof queues)[number];
