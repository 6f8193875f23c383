import * as z from 'zod';
import type { DatasetRef } from '../../../shared/datasets/index.ts';
import { fields } from '../../../shared/http/index.ts';
import {
  comparedMetrics,
  type FreezeWindow,
  type GateSpec,
  weekdays,
} from '../../../shared/promotion/index.ts';

const textCharsMax = 2000;
const gatesMax = 30;
const listMax = 50;
/** MLflow's own bound of the names of metrics and tags. */
const nameCharsMax = 250;

/** A sentence that a person gives. */
export const reason = fields.requiredText.max(textCharsMax, `must have at most ${textCharsMax} characters`);
export const comment = fields.text
  .max(textCharsMax, `must have at most ${textCharsMax} characters`)
  .default('');

const shortName = fields.requiredText.max(nameCharsMax, `must have at most ${nameCharsMax} characters`);

export const stage = z.enum(['Staging', 'Production', 'Archived'], 'must be Staging, Production or Archived');

const number = z.number({ error: 'must be a number' });
const between = (min: number, max: number) => {
  const bounds = `must be ${min} to ${max}`;
  return number.min(min, bounds).max(max, bounds);
};
const whole = (min: number, max: number) => between(min, max).int('must be a whole number');

const instant = z
  .union(
    [
      fields.int64,
      z.iso.datetime({ offset: true, error: 'must be ISO 8601' }).transform((text) => Date.parse(text)),
    ],
    { error: 'must be milliseconds since 1970, or ISO 8601 with a time zone' },
  )
  .refine((at) => at >= 0 && at < Date.UTC(10_000, 0), 'must lie in the years 1970 to 9999');

const clockTime = z
  .string({ error: 'must be text' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day as HH:MM, 00:00 to 23:59');

const weekly = z.strictObject({
  weekdays: z
    .array(z.enum(weekdays, `must be one of ${weekdays.join(', ')}`), { error: 'must be a list' })
    .min(1, 'must name a day')
    .max(7, 'must name at most 7 days'),
  from: clockTime,
  to: clockTime,
  timezone: fields.requiredText.refine(isTimezone, 'must be a name of the IANA time zone database'),
  reason,
});
const once = z
  .strictObject({ from: instant, to: instant, reason })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must lie after from' });

/** Which of the two a window is tells its `weekdays`, so that what is wrong in it is named and not the whole of it. */
const freezeWindow = z.unknown().transform((value, context): FreezeWindow => {
  const isWeekly = typeof value === 'object' && value !== null && 'weekdays' in value;
  const parsed = (isWeekly ? weekly : once).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ ...issue, code: 'custom' } as never);
  return z.NEVER;
});

const evaluation = z.strictObject({
  kind: z.enum(['artifact', 'blob'], 'must be artifact or blob').default('artifact'),
  uri: fields.requiredText.max(textCharsMax, `must have at most ${textCharsMax} characters`),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256:<64 hex digits>')
    .optional(),
  label_column: fields.requiredText.optional(),
});

const gate = z.discriminatedUnion(
  'gate',
  [
    z.strictObject({
      gate: z.literal('required-tags'),
      tags: z.array(shortName).min(1, 'must name a tag').max(listMax, `must name at most ${listMax}`),
    }),
    z
      .strictObject({
        gate: z.literal('metric'),
        key: shortName,
        at_least: number.optional(),
        at_most: number.optional(),
      })
      .refine((one) => one.at_least !== undefined || one.at_most !== undefined, {
        path: ['at_least'],
        error: 'must be given, or at_most',
      }),
    z.strictObject({
      gate: z.literal('no-regression'),
      metric: z.enum(comparedMetrics, `must be one of ${comparedMetrics.join(', ')}`),
      margin: between(0, 1e9).default(0),
      rows_min: whole(20, 10_000_000).default(200),
      confidence: between(0.5, 0.999).default(0.95),
      evaluation: evaluation.optional(),
    }),
    z.strictObject({ gate: z.literal('schema') }),
    z.strictObject({ gate: z.literal('inspection') }),
    z.strictObject({ gate: z.literal('signature') }),
    z.strictObject({ gate: z.literal('evaluation-drift'), threshold: between(0.001, 100).default(0.25) }),
    z.strictObject({ gate: z.literal('approvals'), count: whole(1, 20) }),
    z.strictObject({
      gate: z.literal('freeze'),
      windows: z
        .array(freezeWindow)
        .min(1, 'must name a window')
        .max(listMax, `must name at most ${listMax}`),
    }),
  ],
  {
    error:
      'must be one of required-tags, metric, no-regression, schema, inspection, signature, evaluation-drift, approvals, freeze',
  },
);

/** The terms of a policy as an author writes them. */
export const policyFields = {
  aliases: z.array(fields.requiredText).max(listMax, `must name at most ${listMax}`).default([]),
  stages: z.array(stage).default([]),
  gates: z
    .array(gate, { error: 'must be a list of gates' })
    .max(gatesMax, `must have at most ${gatesMax} gates`),
};

/** A gate in the words of the code. */
export function gateOf(one: z.output<typeof gate>): GateSpec {
  switch (one.gate) {
    case 'metric':
      return {
        gate: one.gate,
        key: one.key,
        ...(one.at_least === undefined ? {} : { atLeast: one.at_least }),
        ...(one.at_most === undefined ? {} : { atMost: one.at_most }),
      };
    case 'no-regression': {
      const { rows_min: rowsMin, evaluation: named, ...terms } = one;
      return { ...terms, rowsMin, ...(named && { evaluation: setOf(named) }) };
    }
    default:
      return one;
  }
}

function setOf({ label_column: labelColumn, ...ref }: z.output<typeof evaluation>): DatasetRef {
  return { ...ref, ...(labelColumn && { labelColumn }) };
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
