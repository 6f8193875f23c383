import type { Endpoint, Execution } from '../api/endpoints.ts';

type Settings = { readonly execution: Execution; readonly micro_batch_rows: number };

export type DeploymentBody = { readonly name: string } & (
  | { readonly model: string; readonly alias: string; readonly settings: Settings }
  | { readonly model: string; readonly version: number; readonly settings: Settings }
  | { readonly url: string; readonly secret?: string }
);

type Logging = Endpoint['logging'];

/** An endpoint as `POST /api/v1/endpoints` takes it; `PATCH` takes any part of it but the name. */
export type EndpointBody = Pick<
  Endpoint,
  'name' | 'traffic' | 'mirror' | 'sticky' | 'limits' | 'non_finite' | 'rollout' | 'labels'
> & {
  readonly deployments: readonly DeploymentBody[];
  /** Left out, the days that rows are kept stay as they are. */
  readonly logging: Omit<Logging, 'retention_days'> & { readonly retention_days?: number };
};

/** The parts of an endpoint in which `after` is another than `before`; its name is none of them. */
export function changesOf(before: EndpointBody, after: EndpointBody): Partial<EndpointBody> {
  const { name: _, ...parts } = after;
  return Object.fromEntries(
    Object.entries(parts).filter(
      ([part, value]) => JSON.stringify(value) !== JSON.stringify(before[part as keyof EndpointBody]),
    ),
  );
}

/** What there is nothing of is not said of a new endpoint. */
export function withoutNulls(body: EndpointBody): Partial<EndpointBody> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** Parts that only make sense together: a share is of a deployment. */
const together: readonly (keyof EndpointBody)[] = ['deployments', 'traffic', 'mirror'];

/** Whether two states of an endpoint differ in what `changes` is about. */
export function differ(before: EndpointBody, now: EndpointBody, changes: Partial<EndpointBody>): boolean {
  const changed = Object.keys(changesOf(before, now));
  const parts = Object.keys(changes);
  const isShared = together.some((part) => parts.includes(part));
  return changed.some((part) => parts.includes(part) || (isShared && together.some((each) => each === part)));
}
