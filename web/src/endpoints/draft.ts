import {
  type Deployment,
  type Durability,
  type Endpoint,
  type Execution,
  type NonFinite,
} from '../api/endpoints.ts';
import type { DeploymentBody, EndpointBody } from './body.ts';
import { faultOf as trafficFault, type ShareText, sharesOf } from './traffic.ts';

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

const mebibyte = 1024 * 1024;
const mirrorMax = 50;

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

/** What is sent for a draft. Throws an `Error` in words where it cannot be. */
export function bodyOf(draft: Draft): EndpointBody {
  const fault = faultOf(draft);
  if (fault !== undefined) throw new Error(fault);
  return {
    name: draft.name.trim(),
    deployments: draft.deployments.map(deploymentBody),
    traffic: sharesOf(trafficOf(draft)),
    mirror: Object.fromEntries(
      draft.deployments
        .map(({ name, mirror }) => [name, Number(mirror)] as const)
        .filter(([, share]) => share > 0),
    ),
    sticky:
      draft.stickyBy === 'none'
        ? null
        : draft.stickyBy === 'header'
          ? { header: draft.stickyName.trim() }
          : { input: draft.stickyName.trim() },
    limits: {
      rows_max: Number(draft.rowsMax),
      timeout_seconds: Number(draft.timeoutSeconds),
      body_bytes_max: Math.round(Number(draft.bodyMebibytes) * mebibyte),
    },
    logging: {
      sample_rate: rounded(Number(draft.samplePercent) / 100),
      durability: draft.durability,
      masked_columns: wordsOf(draft.maskedColumns, '\n'),
      ...(draft.retentionDays.trim() === '' ? {} : { retention_days: Number(draft.retentionDays) }),
    },
    non_finite: draft.nonFinite === 'protocol' ? null : draft.nonFinite,
    rollout: {
      plan: planOf(draft.plan),
      hold_seconds: Math.round(Number(draft.holdMinutes) * 60),
      guards: {
        requests_min: Number(draft.requestsMin),
        alpha: Number(draft.alpha),
        error_ratio_max: Number(draft.errorRatioMax),
        latency_ratio_max: Number(draft.latencyRatioMax),
        score_distance_max: draft.scoreDistanceMax.trim() === '' ? null : Number(draft.scoreDistanceMax),
      },
    },
    labels: Object.fromEntries(draft.labels.map(({ name, value }) => [name.trim(), value])),
  };
}

/** The shares of the deployments, as sliders take them. */
export function trafficOf({ deployments }: Draft): ShareText[] {
  return deployments.map(({ name, traffic, mirror }) => ({
    name,
    text: traffic,
    // What has a share of its own keeps it until that is taken to 0, whatever copies it is to get.
    isFixed: Number(mirror) > 0 && Number(traffic) === 0,
  }));
}

/** Percent of each step, as `1, 5, 25` says them. */
export function planOf(text: string): number[] {
  return wordsOf(text).map((word) => Number(word.replace(/\s*%$/, '')));
}

/** Why a draft cannot be sent, in words; what an input says by itself is not among it. */
export function faultOf(draft: Draft): string | undefined {
  const names = draft.deployments.map(({ name }) => name.trim());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `Two deployments are named ${twice}; each needs a name of its own.`;
  const nameless = draft.deployments.find(({ source, model }) => source !== 'external' && model === '');
  if (nameless) return `Choose a model for the deployment ${nameless.name} from the list.`;
  const labels = draft.labels.map(({ name }) => name.trim());
  const label = labels.find((name, at) => labels.indexOf(name) !== at);
  if (label !== undefined) return `Two labels are named ${label}.`;
  return trafficFault(trafficOf(draft)) ?? mirrorFault(draft) ?? planFault(draft.plan);
}

/** Copies are at most half as many as calls, and go to who gets no calls. */
export function mirrorFault({ deployments }: Draft): string | undefined {
  const both = deployments.find(({ mirror, traffic }) => Number(mirror) > 0 && Number(traffic) > 0);
  if (both) return `${both.name} gets calls, so it cannot get copies of them, too; set one of the two to 0.`;
  const sum = rounded(deployments.reduce((all, { mirror }) => all + (Number(mirror) || 0), 0));
  if (sum <= mirrorMax) return undefined;
  return `Copies of ${sum} % of the calls are asked for; at most ${mirrorMax} % together can be.`;
}

export function planFault(text: string): string | undefined {
  const plan = planOf(text);
  const grows = plan.every((percent, at) => percent > (plan[at - 1] ?? 0));
  if (plan.length > 0 && grows && plan.at(-1) === 100) return undefined;
  return 'The plan must be percentages that grow and end with 100, such as 1, 5, 25, 50, 100.';
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

function deploymentBody(draft: DeploymentDraft): DeploymentBody {
  const name = draft.name.trim();
  const { source, model, execution } = draft;
  const settings = { execution, micro_batch_rows: Number(draft.microBatchRows) };
  switch (source) {
    case 'external':
      // Left out, the secret stays that it has; an empty one takes it away.
      return {
        name,
        url: draft.url.trim(),
        ...(draft.secret !== '' || draft.dropsSecret ? { secret: draft.secret } : {}),
      };
    case 'alias':
      return { name, model, alias: draft.alias.trim(), settings };
    case 'version':
      return { name, model, version: Number(draft.version), settings };
  }
}

function wordsOf(text: string, separator = ','): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Without what a multiplication of decimals leaves behind. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function freeName(taken: readonly string[]): string {
  const usual = ['challenger', ...Array.from({ length: taken.length }, (_, at) => `challenger-${at + 2}`)];
  return usual.find((name) => !taken.includes(name)) ?? '';
}

function nextKey(lines: readonly { readonly key: number }[]): number {
  return Math.max(-1, ...lines.map(({ key }) => key)) + 1;
}
