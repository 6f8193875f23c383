import * as z from 'zod';
import type { NewDeployment } from '../../../shared/endpoints/index.ts';

export const deploymentName = z
  .string({ error: 'must be text' })
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and hyphens, and start with a letter');
export const model = z
  .string({ error: 'must be the name of a registered model' })
  .min(1, 'must not be empty');
export const alias = z.string({ error: 'must be an alias of the model' }).min(1, 'must not be empty');
export const version = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,9}$/)
        .transform(Number),
    ],
    {
      error: 'must be the number of a version',
    },
  )
  .refine((number) => Number.isInteger(number) && number >= 1, 'must be the number of a version');

/** A whole number from `least` to `most`. */
export const whole = (least: number, most: number) =>
  z
    .number({ error: 'must be a number' })
    .int('must be a whole number')
    .min(least, `must be ${least} to ${most}`)
    .max(most, `must be ${least} to ${most}`);

const settings = z.strictObject({
  execution: z.enum(['auto', 'inline', 'worker', 'process']).optional(),
  micro_batch_rows: whole(1, 1024).optional(),
});

/** What says by which model, or where, a deployment answers: a model with an alias or a version, or a URL. */
export const deployment = z
  .strictObject({
    name: deploymentName,
    model: model.optional(),
    alias: alias.optional(),
    version: version.optional(),
    settings: settings.optional(),
    url: z.string({ error: 'must be a URL' }).optional(),
    // What it is made of is looked at where nothing quotes it.
    secret: z.unknown().optional(),
  })
  .superRefine((given, check) => {
    if (given.url === undefined) return followsOne(given, check, 'url');
    for (const field of ['model', 'alias', 'version', 'settings'] as const)
      if (given[field] !== undefined)
        refuse(check, field, `is for a registered model; leave out either it or 'url'`);
  });

export type Refinement = z.core.$RefinementCtx;

export function refuse(check: Refinement, field: string, message: string): void {
  check.addIssue({ code: 'custom', path: [field], message });
}

export type Named = { model?: unknown; alias?: unknown; version?: unknown; secret?: unknown };

/** Refuses a model without an alias or a version, or with both; `or` is what may stand in the model's place. */
export function followsOne(given: Named, check: Refinement, or: 'url' | 'deployments'): void {
  if (given.model === undefined) return refuse(check, 'model', `must be given, or '${or}'`);
  if (given.alias === undefined && given.version === undefined)
    return refuse(check, 'alias', "must be given, or 'version'");
  if (given.alias !== undefined && given.version !== undefined)
    return refuse(check, 'version', "cannot be given with 'alias'; leave out one of them");
  // Not at the secret: what is refused is quoted.
  if (given.secret !== undefined) refuse(check, 'url', "must be given with 'secret'");
}

/** A deployment as the capability takes it. */
export function deploymentOf(given: z.output<typeof deployment>): NewDeployment {
  const { name, url, settings: of } = given;
  if (url !== undefined) return { name, url, secret: given.secret };
  return {
    name,
    model: given.model ?? '',
    follows: given.alias === undefined ? { version: given.version ?? 0 } : { alias: given.alias },
    ...(of && { settings: defined({ execution: of.execution, microBatchRows: of.micro_batch_rows }) }),
  };
}

/** Without what is undefined. */
export function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
