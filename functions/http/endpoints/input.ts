import * as z from 'zod';
import {
  endpointName,
  following,
  type NewDeployment,
  type NewEndpoint,
  onlyDeployment,
  rolloutPolicyDefault,
} from '../../../shared/endpoints/index.ts';

const deploymentName = z
  .string({ error: 'must be text' })
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and hyphens, and start with a letter');
const model = z.string({ error: 'must be the name of a registered model' }).min(1);
const alias = z.string({ error: 'must be an alias of the model' }).min(1);
const version = z.coerce.number({ error: 'must be the number of a version' }).int().min(1);
const share = z
  .number({ error: 'must be a number of percent' })
  .min(0, 'must be 0 to 100')
  .max(100, 'must be 0 to 100');
const shares = z.record(deploymentName, share);

const settings = z.strictObject({
  execution: z.enum(['auto', 'inline', 'worker', 'process']).optional(),
  micro_batch_rows: z.number().int().min(1).max(1024).optional(),
});

const deployment = z.union([
  z.strictObject({ name: deploymentName, model, alias, settings: settings.optional() }),
  z.strictObject({ name: deploymentName, model, version, settings: settings.optional() }),
  z.strictObject({ name: deploymentName, url: z.url(), secret: z.string().min(1).optional() }),
]);

const rollout = z.strictObject({
  plan: z
    .array(z.number().gt(0).max(100))
    .min(1)
    .max(20)
    .refine((plan) => plan.at(-1) === 100, 'must end with 100')
    .refine((plan) => plan.every((each, at) => at === 0 || each > (plan[at - 1] ?? 0)), 'must grow')
    .optional(),
  hold_seconds: z.number().int().min(0).max(604_800).optional(),
  guards: z
    .strictObject({
      requests_min: z.number().int().min(1).optional(),
      alpha: z.number().gt(0).lt(1).optional(),
      error_ratio_max: z.number().min(1).optional(),
      latency_ratio_max: z.number().min(1).optional(),
      score_distance_max: z.number().gt(0).max(1).nullable().optional(),
    })
    .optional(),
});

const common = {
  name: endpointName,
  traffic: shares.optional(),
  mirror: shares.optional(),
  sticky: z
    .union([z.strictObject({ header: z.string().min(1) }), z.strictObject({ input: z.string().min(1) })])
    .optional(),
  limits: z
    .strictObject({
      rows_max: z.number().int().min(1).max(1_000_000).optional(),
      timeout_seconds: z.number().gt(0).max(230).optional(),
      body_bytes_max: z
        .number()
        .int()
        .min(1024)
        .max(100 * 1024 * 1024)
        .optional(),
    })
    .optional(),
  logging: z
    .strictObject({
      sample_rate: z.number().min(0).max(1).optional(),
      durability: z.enum(['buffer', 'queue']).optional(),
    })
    .optional(),
  non_finite: z.enum(['refuse', 'null', 'text']).optional(),
  rollout: rollout.optional(),
  labels: z.record(z.string().max(250), z.string().max(5000)).optional(),
};

/** An endpoint as callers write it: with deployments, or with the model and the alias of its only one. */
export const newEndpoint = z
  .union([
    z.strictObject({ ...common, model, alias }),
    z.strictObject({ ...common, model, version }),
    z.strictObject({ ...common, deployments: z.array(deployment).min(1).max(20) }),
  ])
  .transform(endpointOf);

type Given = z.output<
  z.ZodUnion<
    [
      z.ZodObject<typeof common & { model: typeof model; alias: typeof alias }>,
      z.ZodObject<typeof common & { model: typeof model; version: typeof version }>,
      z.ZodObject<typeof common & { deployments: z.ZodArray<typeof deployment> }>,
    ]
  >
>;

function endpointOf(given: Given): NewEndpoint {
  const { name, traffic, mirror, sticky, limits, logging, non_finite, rollout: policy, labels } = given;
  return {
    name,
    deployments: deploymentsOf(given),
    ...(traffic && { traffic }),
    ...(mirror && { mirror }),
    ...(sticky && {
      sticky:
        'header' in sticky ? { by: 'header', name: sticky.header } : { by: 'input', name: sticky.input },
    }),
    ...(limits && {
      limits: defined({
        rowsMax: limits.rows_max,
        timeoutSeconds: limits.timeout_seconds,
        bodyBytesMax: limits.body_bytes_max,
      }),
    }),
    ...(logging && { logging: defined({ sampleRate: logging.sample_rate, durability: logging.durability }) }),
    ...(non_finite && { nonFinite: non_finite }),
    ...(policy && {
      rollout: {
        ...rolloutPolicyDefault,
        ...defined({ plan: policy.plan, holdSeconds: policy.hold_seconds }),
        guards: {
          ...rolloutPolicyDefault.guards,
          ...defined({
            requestsMin: policy.guards?.requests_min,
            alpha: policy.guards?.alpha,
            errorRatioMax: policy.guards?.error_ratio_max,
            latencyRatioMax: policy.guards?.latency_ratio_max,
            scoreDistanceMax: policy.guards?.score_distance_max,
          }),
        },
      },
    }),
    ...(labels && { labels }),
  };
}

function deploymentsOf(given: Given): NewDeployment[] {
  if ('deployments' in given) return given.deployments.map(deploymentOf);
  if ('alias' in given) return [following(given.model, given.alias)];
  return [{ name: onlyDeployment, model: given.model, follows: { version: given.version } }];
}

function deploymentOf(given: z.output<typeof deployment>): NewDeployment {
  if ('url' in given) return { name: given.name, url: given.url, ...defined({ secret: given.secret }) };
  const { name, settings: of } = given;
  return {
    name,
    model: given.model,
    follows: 'alias' in given ? { alias: given.alias } : { version: given.version },
    ...(of && { settings: defined({ execution: of.execution, microBatchRows: of.micro_batch_rows }) }),
  };
}

/** Without what is undefined. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
