import {
  type Deployment,
  type Durability,
  type Endpoint,
  type Execution,
  type NonFinite,
} from '../api/endpoints.ts';

/** What a deployment answers with: what an alias holds, one version, or a server elsewhere. */
export const sources = ['alias', 'version', 'external'] as const;
export type Source = (typeof sources)[number];

/** A deployment as it is being written. */
export type DeploymentDraft = {
  readonly key: number;
  readonly name: string;
  readonly source: Source;
  readonly model: string;
  readonly alias: string;
  readonly version: string;
  readonly url: string;
  readonly secret: string;
  /** Whether a secret of it is kept, which is not shown. */
  readonly hasSecret: boolean;
  readonly dropsSecret: boolean;
  readonly execution: Execution;
  readonly microBatchRows: string;
  readonly traffic: string;
  readonly mirror: string;
};

export type LabelDraft = { readonly key: number; readonly name: string; readonly value: string };

/** An endpoint as it is being written: what is typed is text until it is sent. */
export type Draft = {
  readonly name: string;
  readonly deployments: readonly DeploymentDraft[];
  readonly stickyBy: 'none' | 'header' | 'input';
  readonly stickyName: string;
  readonly rowsMax: string;
  readonly timeoutSeconds: string;
  readonly bodyMebibytes: string;
  readonly samplePercent: string;
  readonly durability: Durability;
  /** A name a line: names may hold commas. */
  readonly maskedColumns: string;
  readonly retentionDays: string;
  /** Whether it has a data policy, which says for how long predictions are kept. */
  readonly hasPolicy: boolean;
  readonly nonFinite: NonFinite | 'protocol';
  readonly plan: string;
  readonly holdMinutes: string;
  readonly requestsMin: string;
  readonly alpha: string;
  readonly errorRatioMax: string;
  readonly latencyRatioMax: string;
  readonly scoreDistanceMax: string;
  readonly labels: readonly LabelDraft[];
};

export const mebibyte = 1024 * 1024;

/** A new endpoint with what is usual: one deployment that follows the champion. */
export function newDraft(): Draft {
  return {
    name: '',
    deployments: [{ ...newDeployment([]), traffic: '100' }],
    stickyBy: 'none',
    stickyName: '',
    rowsMax: '10000',
    timeoutSeconds: '60',
    bodyMebibytes: '16',
    samplePercent: '100',
    durability: 'buffer',
    maskedColumns: '',
    retentionDays: '',
    hasPolicy: false,
    nonFinite: 'protocol',
    plan: '1, 5, 25, 50, 100',
    holdMinutes: '5',
    requestsMin: '200',
    alpha: '0.01',
    errorRatioMax: '1',
    latencyRatioMax: '1.5',
    scoreDistanceMax: '0.3',
    labels: [],
  };
}

/** One more deployment beside those there are; it gets no calls yet. */
export function newDeployment(beside: readonly DeploymentDraft[]): DeploymentDraft {
  const first = beside[0];
  return {
    key: nextKey(beside),
    name: first ? freeName(beside.map(({ name }) => name)) : 'main',
    source: 'alias',
    model: first?.model ?? '',
    alias: first ? '' : 'champion',
    version: '',
    url: '',
    secret: '',
    hasSecret: false,
    dropsSecret: false,
    execution: 'auto',
    microBatchRows: '64',
    traffic: '0',
    mirror: '0',
  };
}

export function newLabel(beside: readonly LabelDraft[]): LabelDraft {
  return { key: nextKey(beside), name: '', value: '' };
}

/** An endpoint as its form begins. */
export function draftOf(endpoint: Endpoint): Draft {
  const { limits, logging, rollout, sticky } = endpoint;
  const { guards } = rollout;
  return {
    ...newDraft(),
    name: endpoint.name,
    deployments: endpoint.deployments.map((each, key) => deploymentDraft(endpoint, each, key)),
    stickyBy: sticky ? ('header' in sticky ? 'header' : 'input') : 'none',
    stickyName: sticky ? ('header' in sticky ? sticky.header : sticky.input) : '',
    rowsMax: String(limits.rows_max),
    timeoutSeconds: String(limits.timeout_seconds),
    bodyMebibytes: String(limits.body_bytes_max / mebibyte),
    samplePercent: String(rounded(logging.sample_rate * 100)),
    durability: logging.durability,
    maskedColumns: logging.masked_columns.join('\n'),
    retentionDays: logging.retention_days === null ? '' : String(logging.retention_days),
    hasPolicy: logging.retention_days !== null,
    nonFinite: endpoint.non_finite ?? 'protocol',
    plan: rollout.plan.join(', '),
    holdMinutes: String(rollout.hold_seconds / 60),
    requestsMin: String(guards.requests_min),
    alpha: String(guards.alpha),
    errorRatioMax: String(guards.error_ratio_max),
    latencyRatioMax: String(guards.latency_ratio_max),
    scoreDistanceMax: guards.score_distance_max === null ? '' : String(guards.score_distance_max),
    labels: Object.entries(endpoint.labels).map(([name, value], key) => ({ key, name, value })),
  };
}

function deploymentDraft(endpoint: Endpoint, deployment: Deployment, key: number): DeploymentDraft {
  const { name } = deployment;
  const usual = {
    ...newDeployment([]),
    key,
    name,
    traffic: String(endpoint.traffic[name] ?? 0),
    mirror: String(endpoint.mirror[name] ?? 0),
  };
  if (deployment.kind === 'external')
    return { ...usual, source: 'external', url: deployment.url, hasSecret: deployment.has_secret };
  const { model, alias, version, settings } = deployment;
  return {
    ...usual,
    model,
    source: alias === undefined ? 'version' : 'alias',
    alias: alias ?? '',
    version: version === undefined ? '' : String(version),
    execution: settings.execution,
    microBatchRows: String(settings.micro_batch_rows),
  };
}

/** Without what a multiplication of decimals leaves behind. */
export function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function freeName(taken: readonly string[]): string {
  const usual = ['challenger', ...Array.from({ length: taken.length }, (_, at) => `challenger-${at + 2}`)];
  return usual.find((name) => !taken.includes(name)) ?? '';
}

function nextKey(lines: readonly { readonly key: number }[]): number {
  return Math.max(-1, ...lines.map(({ key }) => key)) + 1;
}
