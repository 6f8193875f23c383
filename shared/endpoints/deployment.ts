import { CairnError } from '../http/index.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndedRollout, Rollout } from './rollout.ts';

export type Deployment = ModelDeployment | ExternalDeployment;

/** A registered model: the version that an alias holds, by way of a rollout, or one version for good. */
export type ModelDeployment = {
  readonly kind: 'model';
  readonly name: string;
  readonly modelId: string;
  /** The model's name when the deployment was made; `modelId` is what counts. */
  readonly model: string;
  readonly follows: { readonly alias: string } | { readonly version: number };
  /** The version that answers; absent until one was ready. */
  readonly stable?: Pinned;
  /** On the way to the version that the alias holds now. */
  readonly rollout?: Rollout;
  readonly lastRollout?: EndedRollout;
  readonly settings: DeploymentSettings;
};

/** A server elsewhere that takes what MLflow's scoring server takes; what it answers is passed on. */
export type ExternalDeployment = {
  readonly kind: 'external';
  readonly name: string;
  /** Where calls are sent by POST. */
  readonly url: string;
  /** What goes along as bearer token, sealed. It is unsealed to be sent, and shown to nobody. */
  readonly secret?: string;
};

/** The version that answers, by number and by the digest of its bytes. */
export type Pinned = { readonly version: number; readonly digest: string };

export type DeploymentSettings = {
  /**
   * Where the model runs: in the thread that answers (`inline`), in a thread of its own (`worker`), or in a
   * process of its own that is killed when it takes too long (`process`). `auto` measures, and decides.
   */
  readonly execution: 'auto' | 'inline' | 'worker' | 'process';
  /** Rows that calls which meet are run together by; 1 runs each alone. */
  readonly microBatchRows: number;
};

export const deploymentSettingsDefault: DeploymentSettings = { execution: 'auto', microBatchRows: 64 };

/**
 * The model deployment that stands for the endpoint wherever it needs one model, as batch jobs and monitors do:
 * the one that gets most calls, the first among equals. `undefined` where all are elsewhere.
 */
export function mainOf({
  deployments,
  traffic,
}: Pick<Endpoint, 'deployments' | 'traffic'>): ModelDeployment | undefined {
  const share = ({ name }: Deployment) => traffic[name] ?? 0;
  return deployments
    .filter((each): each is ModelDeployment => each.kind === 'model')
    .reduce<ModelDeployment | undefined>(
      (most, each) => (most === undefined || share(each) > share(most) ? each : most),
      undefined,
    );
}

/** The same, where there has to be one. Throws `conflict`. */
export function requireMain(endpoint: Endpoint): ModelDeployment {
  const main = mainOf(endpoint);
  if (main) return main;
  throw new CairnError(
    'conflict',
    `All deployments of endpoint '${endpoint.name}' are elsewhere; this needs a registered model.`,
    { field: 'endpoint' },
  );
}

export function aliasOf({ follows }: ModelDeployment): string | undefined {
  return 'alias' in follows ? follows.alias : undefined;
}

/** The registered models of an endpoint, each once. */
export function modelIdsOf({ deployments }: Pick<Endpoint, 'deployments'>): string[] {
  return [...new Set(deployments.flatMap((each) => (each.kind === 'model' ? [each.modelId] : [])))];
}

/** Every version that an endpoint may answer with now. */
export function pinnedOf({
  deployments,
}: Pick<Endpoint, 'deployments'>): { modelId: string; pinned: Pinned }[] {
  return deployments.flatMap((each) =>
    each.kind === 'model'
      ? [each.stable, each.rollout?.to].flatMap((pinned) =>
          pinned === undefined ? [] : [{ modelId: each.modelId, pinned }],
        )
      : [],
  );
}
