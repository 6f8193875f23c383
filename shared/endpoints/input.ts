import type { DeploymentSettings } from './deployment.ts';
import type { Limits, Logging, NonFinite, Shares, Sticky } from './endpoint.ts';
import type { Guards, RolloutPolicy } from './rollout.ts';
import { onlyDeployment } from './upcast.ts';

/** A deployment as callers give it. */
export type NewDeployment =
  | {
      /** The only one, said by fields of the endpoint itself: errors name those, not `deployments[0]`. */
      readonly unlisted?: true;
      readonly name: string;
      /** Name of a registered model. */
      readonly model: string;
      readonly follows: { readonly alias: string } | { readonly version: number };
      readonly settings?: Partial<DeploymentSettings>;
    }
  | {
      readonly name: string;
      readonly url: string;
      /** Sent along as bearer token. Left out, that of the deployment before stays; `''` takes it away. */
      readonly secret?: unknown;
    };

/** What is logged, and what the data policy says of it. */
export type LoggingChange = Partial<Logging> & {
  /** Columns that are masked in the log: these and no others. */
  readonly maskedColumns?: readonly string[];
  readonly retentionDays?: number;
};

type RolloutPolicyChange = Partial<Omit<RolloutPolicy, 'guards'>> & { readonly guards?: Partial<Guards> };

/**
 * What of an endpoint is to be another. Absent stays. Lists, shares and labels are given as a whole; limits, logging
 * and the rollout policy field by field; `null` takes away.
 */
export type EndpointChange = {
  readonly deployments?: readonly NewDeployment[];
  readonly traffic?: Shares;
  readonly mirror?: Shares;
  readonly sticky?: Sticky | null;
  readonly limits?: Partial<Limits>;
  readonly logging?: LoggingChange;
  readonly nonFinite?: NonFinite | null;
  readonly rollout?: RolloutPolicyChange;
  readonly labels?: Readonly<Record<string, string>>;
};

/** Without `traffic` the first deployment gets everything. */
export type NewEndpoint = EndpointChange & {
  readonly name: string;
  readonly deployments: readonly NewDeployment[];
};

/** The one deployment of an endpoint that has no other, which follows an alias of a model. */
export function following(model: string, alias: string): NewDeployment {
  return { name: onlyDeployment, model, follows: { alias }, unlisted: true };
}
