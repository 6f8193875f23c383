import * as z from 'zod';
import {
  type EndpointChange,
  endpointName,
  following,
  type NewDeployment,
  type NewEndpoint,
  onlyDeployment,
} from '../../../shared/endpoints/index.ts';
import {
  alias,
  defined,
  deployment,
  deploymentName,
  deploymentOf,
  followsOne,
  model,
  type Named,
  type Refinement,
  refuse,
  version,
  whole,
} from './deployment-input.ts';

const shares = z.record(
  deploymentName,
  z.number({ error: 'must be a number of percent' }).min(0, 'must be 0 to 100').max(100, 'must be 0 to 100'),
  { error: 'must be an object of percents by deployment' },
);
const column = z
  .string({ error: 'must be the name of a column' })
  .min(1, 'must be the name of a column')
  .max(250, 'must be at most 250 characters');

const rollout = z.strictObject({
  plan: z
    .array(z.number({ error: 'must be a number of percent' }).gt(0, 'must be above 0').max(100), {
      error: 'must be a list of percents',
    })
    .min(1, 'must have a step')
    .max(20, 'must have at most 20 steps')
    .refine((plan) => plan.at(-1) === 100, 'must end with 100')
    .refine((plan) => plan.every((each, at) => at === 0 || each > (plan[at - 1] ?? 0)), 'must grow')
    .optional(),
  hold_seconds: whole(0, 604_800).optional(),
  guards: z
    .strictObject({
      requests_min: whole(1, 1_000_000_000).optional(),
      alpha: z.number().gt(0, 'must be above 0').lt(1, 'must be below 1').optional(),
      error_ratio_max: z.number().min(1, 'must be at least 1').optional(),
      latency_ratio_max: z.number().min(1, 'must be at least 1').optional(),
      score_distance_max: z
        .number({ error: 'must be a number, or null' })
        .gt(0, 'must be above 0')
        .max(1, 'must be at most 1')
        .nullable()
        .optional(),
    })
    .optional(),
});

const labelsMax = 100;
const columnsMax = 1000;

const fields = {
  model: model.optional(),
  alias: alias.optional(),
  version: version.optional(),
  deployments: z.array(deployment, { error: 'must be a list of deployments' }).optional(),
  traffic: shares.optional(),
  mirror: shares.optional(),
  sticky: z
    .strictObject({
      header: z
        .string()
        .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'must be the name of a header')
        .optional(),
      input: column.optional(),
    })
    .refine((by) => (by.header === undefined) !== (by.input === undefined), "must be 'header' or 'input'")
    .nullable()
    .optional(),
  limits: z
    .strictObject({
      rows_max: whole(1, 1_000_000).optional(),
      timeout_seconds: z
        .number({ error: 'must be a number of seconds' })
        .gt(0, 'must be above 0')
        .max(230, 'must be at most 230')
        .optional(),
      body_bytes_max: whole(1024, 100 * 1024 * 1024).optional(),
    })
    .optional(),
  logging: z
    .strictObject({
      sample_rate: z
        .number({ error: 'must be 0 to 1' })
        .min(0, 'must be 0 to 1')
        .max(1, 'must be 0 to 1')
        .optional(),
      durability: z.enum(['buffer', 'queue']).optional(),
      masked_columns: z
        .array(column, { error: 'must be a list of columns' })
        .max(columnsMax, `must name at most ${columnsMax} columns`)
        .optional(),
      retention_days: whole(1, 36_500).optional(),
    })
    .optional(),
  non_finite: z.enum(['refuse', 'null', 'text']).nullable().optional(),
  rollout: rollout.optional(),
  labels: z
    .record(
      z.string().max(250, 'must be at most 250 characters'),
      z.string({ error: 'must be text' }).max(5000, 'must be at most 5000 characters'),
      { error: 'must be an object of texts' },
    )
    .refine((labels) => Object.keys(labels).length <= labelsMax, `must be at most ${labelsMax}`)
    .optional(),
};

/** An endpoint as callers write it: with deployments, or with the model and the alias or version of its only one. */
export const newEndpoint = z
  .strictObject({ name: endpointName, ...fields })
  .superRefine((given, check) => {
    if (given.deployments === undefined) followsOne(given, check, 'deployments');
    else refuseBoth(given, check);
  })
  .transform(({ name, ...given }): NewEndpoint => {
    const change = changeOf(given);
    return { ...change, name, deployments: change.deployments ?? [] };
  });

/** What of an endpoint is to be another; `name` is that of the path. */
export const endpointChange = z
  .strictObject({ name: z.string(), ...fields })
  .superRefine((given, check) => {
    const isOne = given.model !== undefined || given.alias !== undefined || given.version !== undefined;
    if (given.deployments !== undefined) refuseBoth(given, check);
    else if (isOne) followsOne(given, check, 'deployments');
  })
  .transform(({ name, ...given }) => ({ name, change: changeOf(given) }));

function refuseBoth(given: Named, check: Refinement): void {
  for (const field of ['model', 'alias', 'version'] as const)
    if (given[field] !== undefined)
      refuse(check, field, `cannot be given with 'deployments'; say it of one of them`);
}

type Given = z.output<z.ZodObject<typeof fields>>;

function changeOf(given: Given): EndpointChange {
  const { sticky, limits, logging, rollout: policy, non_finite } = given;
  return {
    ...defined({
      deployments: deploymentsOf(given),
      traffic: given.traffic,
      mirror: given.mirror,
      labels: given.labels,
      nonFinite: non_finite,
      sticky: sticky && stickyOf(sticky),
    }),
    ...(limits && {
      limits: defined({
        rowsMax: limits.rows_max,
        timeoutSeconds: limits.timeout_seconds,
        bodyBytesMax: limits.body_bytes_max,
      }),
    }),
    ...(logging && {
      logging: defined({
        sampleRate: logging.sample_rate,
        durability: logging.durability,
        maskedColumns: logging.masked_columns,
        retentionDays: logging.retention_days,
      }),
    }),
    ...(policy && {
      rollout: {
        ...defined({ plan: policy.plan, holdSeconds: policy.hold_seconds }),
        guards: defined({
          requestsMin: policy.guards?.requests_min,
          alpha: policy.guards?.alpha,
          errorRatioMax: policy.guards?.error_ratio_max,
          latencyRatioMax: policy.guards?.latency_ratio_max,
          scoreDistanceMax: policy.guards?.score_distance_max,
        }),
      },
    }),
  };
}

function stickyOf({ header, input }: { header?: string | undefined; input?: string | undefined }) {
  return header === undefined
    ? ({ by: 'input', name: input ?? '' } as const)
    : ({ by: 'header', name: header } as const);
}

function deploymentsOf(given: Given): NewDeployment[] | undefined {
  if (given.deployments) return given.deployments.map(deploymentOf);
  if (given.model === undefined) return undefined;
  if (given.alias !== undefined) return [following(given.model, given.alias)];
  return [
    { name: onlyDeployment, model: given.model, follows: { version: given.version ?? 0 }, unlisted: true },
  ];
}
