import * as z from 'zod';
import { receiveAlerts } from '../../../shared/alerts/index.ts';
import { fields, route } from '../../../shared/http/index.ts';

const bytesMax = 4 * 1024 * 1024;
const alertsMax = 1000;
const pairsMax = 100;

/** RFC 3339, as Go writes it: nanoseconds, and the year 1 for a time that nobody knows. */
const time = z.iso
  .datetime({ offset: true, error: 'must be a time of RFC 3339' })
  .transform((text) => Date.parse(text))
  .refine((t) => !Number.isNaN(t), 'must be a time of RFC 3339');
const pairs = (charsMax: number) =>
  z
    .record(
      z.string().max(1024, 'names must have at most 1024 characters'),
      z.string().max(charsMax, `must have at most ${charsMax} characters`),
    )
    .refine((all) => Object.keys(all).length <= pairsMax, `must be at most ${pairsMax}`);

const alert = z.object({
  status: z.enum(['firing', 'resolved'], "must be 'firing' or 'resolved'"),
  labels: pairs(4096),
  annotations: pairs(65_536).default({}),
  startsAt: time,
  endsAt: time.default(0),
});

/**
 * What the webhook of an Alertmanager sends, version 4 (`webhook_config`). What it has besides is left: an
 * Alertmanager of another release may say more.
 */
export const alertmanagerRoute = route('POST', '/api/v1/alertmanager', {
  operation: 'receiveAlerts',
  role: 'operator',
  scope: 'workspace',
  bodyBytesMax: bytesMax,
  input: z.object({
    version: z.literal('4', "must be '4', that of Alertmanager's webhook"),
    groupKey: fields.requiredText.max(16_384, 'must have at most 16384 characters'),
    alerts: z
      .array(alert)
      .min(1, 'must name an alert at least')
      .max(
        alertsMax,
        `must be at most ${alertsMax}: set max_alerts of the webhook_config, or group by more labels`,
      ),
  }),
  handle: (ctx, { groupKey, alerts }) => receiveAlerts(ctx, { groupKey, alerts }),
});
