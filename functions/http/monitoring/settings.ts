import * as z from 'zod';
import { fields } from '../../../shared/http/index.ts';
import {
  detectorNames,
  driftedShareOf,
  type Monitor,
  type MonitorChange,
  severities,
  signalDefaults,
  type SignalName,
  signalNames,
  type ThresholdSetting,
} from '../../../shared/monitoring/index.ts';
import { driftPresets } from '../../../shared/stats/index.ts';
import { snakeCase } from '../snake-case.ts';

const yearsEnd = Date.UTC(10_000, 0);
/** Milliseconds since 1970, or ISO 8601 with a time zone. */
export const instant = z
  .union([fields.int64, z.iso.datetime({ offset: true }).transform((t) => Date.parse(t))], {
    error:
      'must be a time: milliseconds since 1970, or ISO 8601 with a time zone, such as 2026-03-02T09:30:00Z',
  })
  .refine((t) => t >= 0 && t < yearsEnd, 'must lie in the years 1970 to 9999');

const between = (min: number, max: number, why = '') => {
  const bounds = `must be ${min} to ${max}${why}`;
  return z.number({ error: 'must be a number' }).min(min, bounds).max(max, bounds);
};
const whole = (min: number, max: number, why = '') => between(min, max, why).int('must be a whole number');
const daySeconds = 86_400;
const yearSeconds = 366 * daySeconds;
/** Windows are of whole minutes; those of whole hours are read from what was counted of these. */
const minutes = (min: number, max: number, why = '') =>
  whole(min, max, why).multipleOf(60, 'must be a multiple of 60: whole minutes');

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'must be lower-case letters, digits and hyphens, at most 63, a letter first',
  );
const text = z.string().min(1, 'must not be empty').max(200, 'must have at most 200 characters');
const number = z.number({ error: 'must be a number' });
const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`);

const reference = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('version') }),
    z
      .strictObject({ kind: z.literal('fixed'), from: instant, to: instant })
      .refine(({ from, to }) => from < to, { path: ['from'], error: "must lie before 'to'" }),
    z
      .strictObject({
        kind: z.literal('rolling'),
        length_seconds: minutes(60, yearSeconds),
        offset_seconds: minutes(
          0,
          yearSeconds,
          ': the reference ends so long before the window begins, and must not overlap it',
        ).default(0),
      })
      .transform(({ kind, length_seconds: lengthSeconds, offset_seconds: offsetSeconds }) => ({
        kind,
        lengthSeconds,
        offsetSeconds,
      })),
  ],
  { error: "must have a kind: 'version', 'fixed' (with from, to) or 'rolling' (with length_seconds)" },
);

const threshold = z
  .strictObject({
    lower: number.optional(),
    upper: number.optional(),
    learnt: z
      .strictObject({ sigmas: between(0.1, 20).default(3), windows: whole(1, 90).default(10) })
      .optional(),
  })
  .refine((each) => each.learnt === undefined || (each.lower === undefined && each.upper === undefined), {
    path: ['learnt'],
    error: 'bounds are either given (lower, upper) or learnt',
  })
  .transform(
    ({ lower, upper, learnt }): ThresholdSetting =>
      learnt
        ? { kind: 'learnt', ...learnt }
        : {
            kind: 'given',
            bounds: {
              ...(lower === undefined ? {} : { lower }),
              ...(upper === undefined ? {} : { upper }),
            },
          },
  );

const signal = z.strictObject({
  enabled: z.boolean('must be true or false').optional(),
  severity: oneOf(severities).optional(),
  thresholds: z.record(text, threshold.nullable()).nullable().optional(),
  detectors: z
    .array(oneOf(detectorNames))
    .min(1, 'must name a detector at least; disable the signal to have none')
    .nullable()
    .optional(),
});

const moved = (where: string) => z.undefined(`is now set by ${where}`).optional();

/** What PUT takes: absent stays, `null` removes, objects are merged. */
export const monitorChange = z
  .strictObject({
    name,
    endpoint: fields.requiredText.optional(),
    window_seconds: minutes(60, 31 * daySeconds)
      .nullable()
      .optional(),
    every_seconds: minutes(60, 31 * daySeconds)
      .nullable()
      .optional(),
    offset_seconds: minutes(0, 31 * daySeconds)
      .nullable()
      .optional(),
    reference: reference.nullable().optional(),
    preset: oneOf(driftPresets).nullable().optional(),
    min_rows: whole(20, 1_000_000).nullable().optional(),
    min_labelled: whole(20, 1_000_000).nullable().optional(),
    max_label_delay_seconds: minutes(0, 90 * daySeconds)
      .nullable()
      .optional(),
    segments: z
      .strictObject({
        column: text,
        values: z
          .array(z.string().max(128, 'must have at most 128 characters'))
          .min(1, 'must name 1 to 20 values')
          .max(20, 'must name 1 to 20 values'),
      })
      .nullable()
      .optional(),
    feature_weights: z.record(text, between(0, 1_000_000).nullable()).nullable().optional(),
    signals: z.record(z.string(), signal.nullable()).nullable().optional(),
    alerting: z
      .strictObject({
        breaches: whole(1, 100).nullable().optional(),
        of: whole(1, 100).nullable().optional(),
        clear: whole(1, 100).nullable().optional(),
        hysteresis: between(0, 1).nullable().optional(),
        cooldown_seconds: whole(60, yearSeconds).nullable().optional(),
        channels: z.array(text).max(20, 'must name at most 20 webhooks').nullable().optional(),
      })
      .nullable()
      .optional(),
    retraining: z
      .strictObject({
        executor: fields.requiredText,
        on: z
          .array(oneOf(signalNames), `must be a list of signals: ${signalNames.join(', ')}`)
          .min(1, 'must name a signal at least')
          .optional(),
        alias: fields.requiredText.optional(),
        margin: between(0, 1).optional(),
        max_per_day: whole(1, 100).optional(),
      })
      .nullable()
      .optional(),
    thresholds: moved(
      'signals.<signal>.thresholds: {"signals": {"feature-drift": {"thresholds": {"psi": {"upper": 0.2}}}}}',
    ),
    performance: moved("signals.performance.thresholds and 'min_labelled'"),
  })
  .transform(
    ({ name: monitorId, alerting, retraining, ...change }): MonitorChange & { readonly name: string } => ({
      name: monitorId,
      endpoint: change.endpoint,
      windowSeconds: change.window_seconds,
      everySeconds: change.every_seconds,
      offsetSeconds: change.offset_seconds,
      reference: change.reference,
      preset: change.preset,
      minRows: change.min_rows,
      minLabelled: change.min_labelled,
      maxLabelDelaySeconds: change.max_label_delay_seconds,
      segments: change.segments,
      featureWeights: change.feature_weights,
      signals: change.signals,
      alerting: alerting && {
        breaches: alerting.breaches,
        of: alerting.of,
        clear: alerting.clear,
        hysteresis: alerting.hysteresis,
        cooldownSeconds: alerting.cooldown_seconds,
        channels: alerting.channels,
      },
      retraining: retraining && {
        executor: retraining.executor,
        on: retraining.on,
        alias: retraining.alias,
        margin: retraining.margin,
        maxPerDay: retraining.max_per_day,
      },
    }),
  );

/** A monitor without the envelope of its document, with the bounds that hold, set or not. */
export function presentMonitor({
  id,
  type,
  v,
  workspace,
  seq,
  monitorId,
  featureWeights,
  signals,
  preset,
  ...monitor
}: Monitor) {
  return {
    ...(snakeCase({ name: monitorId, ...monitor }) as object),
    preset,
    feature_weights: featureWeights,
    signals: Object.fromEntries(
      signalNames.map((each) => [
        each,
        { ...signals[each], thresholds: presentThresholds(each, signals[each].thresholds, preset) },
      ]),
    ),
  };
}

function presentThresholds(
  of: SignalName,
  thresholds: Readonly<Record<string, ThresholdSetting>>,
  preset: Monitor['preset'],
) {
  const usual = Object.entries(signalDefaults[of].metrics).flatMap(([metric, { bounds }]) => {
    const held = metric === 'drifted-share' ? { upper: driftedShareOf[preset].upper } : bounds;
    return held ? [[metric, held] as const] : [];
  });
  const set = Object.entries(thresholds).map(
    ([metric, each]) =>
      [
        metric,
        each.kind === 'given' ? each.bounds : { learnt: { sigmas: each.sigmas, windows: each.windows } },
      ] as const,
  );
  return Object.fromEntries([...usual, ...set]);
}
